"""From the form of the page to a job in the queue, and from a job to what the page shows."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from jobs import JobClient
from jobs.admission import validated
from jobs.contract import BlobRef, ComposeRequest, ComposeResult, Delivery, ModelInfo, Record, Update

PREFIX = "web-"  # of our jobs' ids, so that nobody asks here for a piece of Discord
JOB_ID = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{22}}")
NOWHERE = 0  # in the place of Discord's application, channel and server
MIDI_TYPE = "audio/midi"
FILES = ("midi", "audio", "picture")
TEXTS = ("model", "mode", "key", "style", "meter")
NUMBERS = ("length_s", "tempo_bpm", "temperature", "density")
MAX_RANDOM_SEED = 2**32


def request_of(form: Mapping[str, str], seed: BlobRef | None, requester_id: int) -> ComposeRequest:
    """The request that a form makes; what it leaves empty is the model's to decide.

    Raises:
        InvalidRequest: a field has a value that the contract does not allow.
    """
    given: dict[str, Any] = {name: form[name].strip() for name in (*TEXTS, *NUMBERS) if form.get(name, "").strip()}
    if seed is None:
        given.pop("mode", None)
    return validated(
        ComposeRequest,
        {
            **given,
            "job_id": PREFIX + secrets.token_urlsafe(16),
            "requester_id": requester_id,
            "channel_id": NOWHERE,
            "private": True,
            "seed": seed,
            "random_seed": secrets.randbelow(MAX_RANDOM_SEED),
        },
    )


async def submit(client: JobClient, request: ComposeRequest) -> Record:
    """Put `request` into the queue. No bot follows it: who asked follows it on the page.

    Raises:
        JobsError: the queue is full, no worker is there, …; its sentence says what to do.
    """
    delivery = Delivery(application_id=NOWHERE, channel_id=NOWHERE, user_id=request.requester_id, private=True)
    record = await client.submit(request, delivery)
    await client.mark_delivered(request.job_id)
    return record


def model_figures(model: ModelInfo) -> dict[str, Any]:
    """A model as the form offers it."""
    return {
        "name": model.name,
        "title": model.title,
        "default": model.default,
        "modes": [str(mode) for mode in model.modes],
        "controls": list(model.controls),
        "styles": list(model.styles),
        "keys": list(model.keys),
        "meters": list(model.meters),
        "licence": model.licence,
    }


def update_figures(update: Update) -> dict[str, Any]:
    """A job's state as the page shows it; files are named, not contained."""
    figures: dict[str, Any] = {
        "stage": str(update.stage),
        "fraction": update.fraction,
        "position": update.position,
        "is_final": update.stage.is_final,
    }
    if update.failure is not None:
        figures["sentence"] = update.failure.sentence
    if isinstance(update.result, ComposeResult):
        result = update.result
        figures |= {
            "files": [name for name in FILES if getattr(result, name) is not None],
            "model": result.model,
            "notes": result.notes,
            "duration_s": round(result.duration_s, 1),
            "random_seed": result.random_seed,
            "remarks": [*([result.model_choice] if result.model_choice else []), *result.remarks],
            "missed": [missed.reason for missed in result.missed],
        }
    return figures


def file_of(record: Record, name: str) -> BlobRef | None:
    """The file `name` of a finished piece."""
    if name not in FILES or not isinstance(record.result, ComposeResult):
        return None
    found: BlobRef | None = getattr(record.result, name)
    return found
