"""A real worker process with a model that needs no TensorFlow; what it does is chosen by the random seed.

Run as a script by the tests, with the environment of `python -m worker` and PLAY_FOLDER for its notes.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path

from jobs.contract import ModelInfo
from jobs.settings import JobSettings
from model.analysis.originality import Originality
from model.controls import FAMILIES, METERS, Controls
from model.errors import BundleError, EngineError, RequestError
from model.generation import ComposeOptions
from model.generation.control_checks import Missed
from model.keys import KEYS
from model.piece import NOTE, Piece, table
from worker import heartbeat
from worker.__main__ import EXIT_HUNG
from worker.process import run
from worker.render import RenderedFile, Rendering
from worker.settings import WorkerSettings

BREAK_ALWAYS, BREAK_ONCE, DIE_ALWAYS, DIE_ONCE, REFUSE, DEAF, SILENT, HUNG, STALL_ONCE = range(901, 910)
CHUNK_S = 0.05
BROKEN = "broken"  # a version that does not load
HOLD = "hold"  # while a file of this name lies in PLAY_FOLDER, no piece gets beyond its first notes
HOLD_RENDERING = "hold-rendering"  # the same for the audio and the picture
ORIGINALITY = Originality(share_8=0.1, share_16=0.03, longest_run=17, human_share_16=0.02)
BAND = {
    "modes": ("continue", "vary", "accompany"),
    "controls": ("style", "key", "meter", "instruments"),
    "styles": ("waltz",),
    "keys": KEYS,
    "meters": METERS,
    "instruments": FAMILIES,
    "has_beat": True,
}


@dataclass
class Composition:
    piece: Piece
    seed_s: float
    remarks: tuple[str, ...] = ()
    stopped: bool = False
    timings: dict[str, float] = field(default_factory=lambda: {"sample": 0.1})
    controls: Controls = field(default_factory=Controls)
    missed: tuple[Missed, ...] = ()
    originality: Originality | None = ORIGINALITY
    ended: bool | None = True


class PlayRenderer:
    def render(
        self,
        midi_bytes: bytes,
        seed_s: float,
        title: str,
        timeout_s: float,
        owner: str = "",
        should_stop: Callable[[], bool] = lambda: False,
        wanted: Collection[str] | None = None,
    ) -> Rendering:
        while (Path(os.environ["PLAY_FOLDER"]) / HOLD_RENDERING).exists() and not should_stop():
            time.sleep(CHUNK_S)
        if should_stop():
            return Rendering(remarks=("The audio could not be made: you pressed Stop before it was ready.",))
        files = {
            "audio": RenderedFile(b"audio of " + midi_bytes[:4], "audio/mpeg", ".mp3"),
            "picture": RenderedFile(b"picture of " + midi_bytes[:4], "image/png", ".png"),
        }
        chosen = {name: file for name, file in files.items() if wanted is None or name in wanted}
        return Rendering(chosen, timings={"render": 0.01})


class PlayModel:
    """Takes `length_s` / 100 real seconds and writes ten notes a second of them; follows all but the tempo."""

    memory_bytes = 1 << 20

    def compose(
        self,
        seed: Piece | None,
        options: ComposeOptions,
        on_progress: Callable[[str, float], None],
        should_stop: Callable[[], bool],
    ) -> Composition:
        _note_options(options)
        on_progress("priming", 1.0)
        random_seed = options.random_seed
        self._behave(random_seed)
        chunks = int((options.length_s or 30.0) / 100 / CHUNK_S)
        written, stopped = 0, False
        for chunk in range(chunks):
            if not self._may_go_on(written, random_seed != DEAF, should_stop):
                stopped = True
                break
            time.sleep(CHUNK_S)
            written += 1
            on_progress("composing", (chunk + 1) / chunks)
        rows = [
            (500 * i, 400, 60 + (i + random_seed) % 12, 80, 0) for i in range(0 if random_seed == SILENT else written)
        ]
        return Composition(
            piece=Piece(notes=table(NOTE, rows)),
            seed_s=seed.end_s if seed is not None and options.include_seed else 0.0,
            stopped=stopped,
            controls=options.controls.model_copy(update={"tempo_bpm": None}),
        )

    def originality(self, piece: Piece) -> Originality | None:
        return ORIGINALITY

    def close(self) -> None:
        """Nothing is held."""

    def _may_go_on(self, written: int, listens: bool, should_stop: Callable[[], bool]) -> bool:
        """False when it is told to stop; waits while the test holds the pieces that have begun."""
        while not (listens and should_stop()):
            if not written or not (Path(os.environ["PLAY_FOLDER"]) / HOLD).exists():
                return True
            time.sleep(CHUNK_S)
        return False

    def _behave(self, random_seed: int) -> None:
        attempt = _count_attempt(random_seed)
        if random_seed == HUNG:
            threading.Event().wait()
        if random_seed == STALL_ONCE and attempt == 1:
            raise EngineError("Drawing the notes failed. Try again.")
        if random_seed == REFUSE:
            raise RequestError("The seed leaves no room. Ask for a longer piece.")
        if random_seed == BREAK_ALWAYS or (random_seed == BREAK_ONCE and attempt == 1):
            raise RuntimeError("a fault of ours")
        if random_seed == DIE_ALWAYS or (random_seed == DIE_ONCE and attempt == 1):
            os.kill(os.getpid(), signal.SIGKILL)


def _note_options(options: ComposeOptions) -> None:
    notes = Path(os.environ["PLAY_FOLDER"]) / f"options-{options.random_seed}"
    notes.write_text(repr(options))


def _count_attempt(random_seed: int) -> int:
    notes = Path(os.environ["PLAY_FOLDER"]) / f"attempts-{random_seed}"
    with notes.open("a") as file:
        file.write("x")
    return notes.stat().st_size


class PlayLoader:
    """Two models; each is the version that a file in PLAY_FOLDER says, where there is one."""

    models = (
        ModelInfo(name="piano", version="1", title="Play piano", default=True),
        ModelInfo(name="duo", version="2", title="Play duo", **BAND),
    )

    def versions(self) -> dict[str, str]:
        return {model.name: _said(f"version-{model.name}") or model.version for model in self.models}

    def info(self, name: str, version: str) -> ModelInfo:
        return next(model for model in self.models if model.name == name).model_copy(update={"version": version})

    def load(self, info: ModelInfo) -> PlayModel:
        if info.version == BROKEN:
            raise BundleError(f"The weights of bundle '{info.name}' do not fit its configuration.")
        return PlayModel()

    def device(self) -> str:
        return "cpu"

    def remarks(self) -> tuple[str, ...]:
        return ()


def _said(name: str) -> str | None:
    path = Path(os.environ["PLAY_FOLDER"]) / name
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    heartbeat.HUNG_S = float(os.environ.get("PLAY_HUNG_S", heartbeat.HUNG_S))
    was_asked = run(WorkerSettings(), JobSettings(), PlayLoader(), PlayRenderer())  # type: ignore[call-arg]
    sys.exit(0 if was_asked else EXIT_HUNG)
