"""The failures a worker reports; each sentence is shown to the member as it is."""

from __future__ import annotations

import errno
import re

from jobs.contract import Failure, Kind
from jobs.errors import is_storage_full
from model.errors import ModelError


def model_failure(error: ModelError) -> Failure:
    """What `model` refused, in its own words."""
    code = getattr(error, "code", None) or _snake(type(error).__name__.removesuffix("Error"))
    return Failure(code=str(code), sentence=error.sentence)


def internal_failure(incident: str, attempts: int, kind: Kind = "compose") -> Failure:
    """A fault of ours that came back in every attempt; `incident` finds the log entry."""
    tries = "twice" if attempts == 2 else f"{attempts} times"
    work = {
        "compose": "while composing this piece",
        "describe": "while describing this file",
        "library": "while doing this",
        "train": "while training",
    }[kind]
    sentence = f"Something broke {work}; it was tried {tries}. "
    return Failure(
        code="internal",
        sentence=f"{sentence}If it happens again, tell whoever runs this bot the number {incident}.",
        incident=incident,
    )


def timed_out(limit_s: int, kind: Kind = "compose") -> Failure:
    """The attempt ran longer than a job may."""
    sentences = {
        "compose": f"This piece took longer than the {limit_s} seconds a piece may take. Ask for a shorter one.",
        "describe": f"Describing this file took longer than the {limit_s} seconds it may take. Try a shorter one.",
        "library": f"This took longer than the {limit_s} seconds it may take. Look what is there, and add fewer files.",
        "train": f"This training took longer than the {limit_s / 3600:.0f} hours it may take. "
        "`/train resume` goes on from its last checkpoint.",
    }
    return Failure(code="timed_out", sentence=sentences[kind])


def is_no_room(error: BaseException) -> bool:
    """Whether a job failed because a disk, or the memory of Redis, is full."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return is_storage_full(error) or (error.__cause__ is not None and is_no_room(error.__cause__))


def no_room(kind: Kind) -> Failure:
    """There was no room left for what the job made; another attempt would fail alike."""
    work = {
        "compose": "this piece",
        "describe": "this description",
        "library": "what this made",
        "train": "this training",
    }[kind]
    return Failure(
        code="no_room",
        sentence=f"There is no room left to keep {work}. Tell whoever runs this bot, and try again later.",
    )


SILENT = Failure(
    code="silent",
    sentence="The model stayed silent this time. Try again, or ask for more `creativity`.",
)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
