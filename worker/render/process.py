"""`python -m worker.render.process`: one render process, started by the pool, ended by the end of its input.

It reads pieces as MIDI from standard input and answers on standard output; never imports TensorFlow, knows no Redis.
"""

from __future__ import annotations

import logging
import os
import queue
import signal
import sys
import threading
import time
from typing import Any, BinaryIO

from model.midi import MidiLimits, read_midi
from model.piece import NOTE, Piece, table
from worker.render.frames import PipeClosedError, receive, send
from worker.render.renderer import Rendered, Renderer, RenderError, RenderOptions, load_renderers
from worker.render.settings import RenderSettings

log = logging.getLogger(__name__)
_LIMITS = MidiLimits.for_data()  # our own files: a seed at its limit plus what was composed


def main() -> None:
    """Answer requests until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches this process too, but its parent decides
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    source, answers = sys.stdin.buffer, _private_output()
    head, _ = receive(source)
    renderers = load_renderers(RenderSettings.model_validate(head))
    _warm(renderers)
    send(answers, {"ready": True})
    requests: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(source, requests), daemon=True).start()
    while True:
        head, body = requests.get()
        send(answers, *_answer(renderers, head, body))


def _private_output() -> BinaryIO:
    """Standard output as a pipe of our own; what a library prints goes to standard error instead."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return pipe


def _listen(source: BinaryIO, requests: queue.SimpleQueue[tuple[dict[str, Any], bytes]]) -> None:
    """Take requests in; when the parent is gone, however it ended, end at once, whatever is being rendered."""
    while True:
        try:
            requests.put(receive(source))
        except PipeClosedError:
            os._exit(0)


def _warm(renderers: dict[str, Renderer]) -> None:
    """Render one note with everything, so that fonts and SoundFonts are loaded before the first request."""
    note = Piece(notes=table(NOTE, [(0, 100, 60, 80, 0)]))
    for renderer in renderers.values():
        try:
            renderer.render(note, RenderOptions())
        except RenderError as error:
            log.warning("the %s will be missing: %s", renderer.name, error.reason)


def _answer(renderers: dict[str, Renderer], head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
    started = time.perf_counter()
    try:
        renderer = renderers[head["renderer"]]
        piece = read_midi(body, _LIMITS).piece
        made = renderer.render(piece, RenderOptions(seed_s=head["seed_s"], title=head["title"]))
    except RenderError as error:
        return {"reason": error.reason}, b""
    except Exception:  # the outermost boundary of this process: one piece must not end it
        log.exception("rendering %s failed", head["renderer"])
        return {"reason": "something unexpected went wrong"}, b""
    return _found(renderer, made, time.perf_counter() - started), made.data


def _found(renderer: Renderer, made: Rendered, seconds: float) -> dict[str, Any]:
    return {
        "content_type": renderer.content_type,
        "suffix": renderer.suffix,
        "remarks": made.remarks,
        "seconds": seconds,
    }


if __name__ == "__main__":
    try:
        main()
    except PipeClosedError:  # the parent ended first
        sys.exit(0)
