"""What a render process does: pieces in as MIDI, audio and pictures out. Run in child processes by the pool.

Never imports TensorFlow, knows no Redis.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from jobs import logs
from model.midi import MidiLimits, read_midi
from model.piece import NOTE, Piece, table
from worker.render.renderer import Rendered, Renderer, RenderError, RenderOptions, load_renderers
from worker.render.settings import RenderSettings

log = logging.getLogger(__name__)
_LIMITS = MidiLimits.for_data()  # our own files: a seed at its limit plus what was composed
_renderers: dict[str, Renderer] = {}


def load(settings: dict[str, Any]) -> None:
    """Log as the worker does, load every renderer, and render one note, so that fonts are loaded before any request."""
    logs.configure("INFO")
    _renderers.update(load_renderers(RenderSettings.model_validate(settings)))
    note = Piece(notes=table(NOTE, [(0, 100, 60, 80, 0)]))
    for renderer in _renderers.values():
        try:
            renderer.render(note, RenderOptions())
        except RenderError as error:
            log.warning("the %s will be missing: %s", renderer.name, error.reason)


def render(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """One file of the piece in `body`, or the reason why there is none."""
    started = time.perf_counter()
    renderer = _renderers[head["renderer"]]
    with logs.about_job(head.get("job_id")):
        try:
            piece = read_midi(body, _LIMITS).piece
            made = renderer.render(piece, RenderOptions(seed_s=head["seed_s"], title=head["title"]))
        except RenderError as error:
            log.warning("the %s cannot be made: %s", renderer.name, error.reason)
            return {"reason": error.reason}, b""
    return _found(renderer, made, time.perf_counter() - started), made.data


def _found(renderer: Renderer, made: Rendered, seconds: float) -> dict[str, Any]:
    return {
        "content_type": renderer.content_type,
        "suffix": renderer.suffix,
        "remarks": made.remarks,
        "seconds": seconds,
    }
