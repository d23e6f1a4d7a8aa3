"""One render process: `Child` is the pool's side of it, `load` and `render` run in the process.

The process reads pieces as MIDI and writes audio and pictures. It imports neither TensorFlow nor Redis.
"""

from __future__ import annotations

import logging
import os
import time
from typing import Any

from jobs import logs
from model.isolated import ChildDied, ChildFailed, ChildTimedOut, IsolatedProcess, Limits, Task
from model.midi import MidiLimits, read_midi
from model.piece import NOTE, Piece, table
from worker.render.renderer import Rendered, Renderer, RenderError, RenderOptions, RenderSettings, load_renderers

log = logging.getLogger(__name__)
_LIMITS = MidiLimits.for_data()  # our own files: a seed at its limit plus what was composed
_renderers: dict[str, Renderer] = {}


def load(settings: dict[str, Any]) -> None:
    """Configure logging as in the worker, load every renderer, and render a note, so that fonts are loaded early."""
    logs.configure("INFO")
    _renderers.update(load_renderers(RenderSettings.model_validate(settings)))
    note = Piece(notes=table(NOTE, [(0, 100, 60, 80, 0)]))
    for renderer in _renderers.values():
        try:
            renderer.render(note, RenderOptions())
        except RenderError as error:
            log.warning("the %s will be missing: %s", renderer.name, error.reason)


def render(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    """A file of the piece in `body`, or the reason why there is none."""
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


class ChildLostError(Exception):
    """Raised when the process has ended. `timed_out`: it was killed because its time was over."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__("timed out" if timed_out else "ended")
        self.timed_out = timed_out


class Child:
    """A render process, for one thread at a time. Starting it returns at once; the first request waits for it."""

    def __init__(self, settings: RenderSettings) -> None:
        task = Task(
            "worker.render.process:render",
            Limits(may_write=True),  # libraries keep caches of fonts
            warm_up="worker.render.process:load",
            settings=settings.model_dump(mode="json"),
            environment={logs.VARIABLE: os.environ.get(logs.VARIABLE, "")},
        )
        self._process = IsolatedProcess(task)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.is_alive

    def ask(self, head: dict[str, Any], body: bytes, deadline: float) -> tuple[dict[str, Any], bytes]:
        """Send one request and wait for its answer, until `deadline` (`time.monotonic` seconds).

        Raises:
            ChildLostError: the process ended or its time was over; it is dead now.
        """
        try:
            return self._process.call(head, body, timeout_s=deadline - time.monotonic(), is_start_included=True)
        except ChildFailed:
            return {"reason": "something unexpected went wrong"}, b""
        except (ChildDied, ChildTimedOut) as error:
            raise ChildLostError(timed_out=isinstance(error, ChildTimedOut)) from error

    def kill(self) -> None:
        """End the process; harmless when it has ended. Safe from any thread."""
        self._process.kill()
