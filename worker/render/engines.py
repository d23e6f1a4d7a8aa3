"""The interface of a synthesizer, and the choice of the one that plays.

FluidSynth sounds best and needs a system library. tinysoundfont is a wheel, but not for every platform. midirenderer
has wheels for every platform and is the slowest.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from numpy.typing import NDArray

from worker.render.renderer import EngineMissingError, RenderError, RenderSettings
from worker.render.schedule import Schedule

logger = logging.getLogger(__name__)


class Synthesizer(Protocol):
    """Plays schedules with one SoundFont. Keeps it loaded; each schedule starts from silence."""

    name: str
    knows_pedal: bool
    """Whether it takes pedal events. If not, notes in its schedules are as long as the pedal makes them."""

    def play(self, schedule: Schedule) -> NDArray:
        """The sound, float32 (samples, 2), not normalised: it may exceed 1."""
        ...


def open_synthesizer(settings: RenderSettings) -> Synthesizer:
    """The synthesizer that `settings` name, with its SoundFont loaded; `auto`: the first one installed.

    Raises:
        RenderError: the SoundFont does not exist, or the synthesizer is not installed.
    """
    path = settings.soundfont_path
    if not path.is_file():
        raise RenderError(f"there is no SoundFont at {path}")
    wanted = settings.audio_engine
    for name in ENGINES if wanted == "auto" else (wanted,):
        try:
            return ENGINES[name](path)
        except EngineMissingError:
            logger.info("the synthesizer %s is not installed", name)
    if wanted == "auto":
        raise RenderError("no synthesizer is installed: install FluidSynth, or the Python package midirenderer")
    raise RenderError(f"the synthesizer {wanted} is asked for but not installed")


# Imported late: each import fails where its library is missing.


def _fluidsynth(path: Path) -> Synthesizer:
    from worker.render.fluidsynth_engine import FluidSynthEngine

    return FluidSynthEngine(path)


def _tinysoundfont(path: Path) -> Synthesizer:
    try:
        from worker.render.tinysoundfont_engine import TinySoundFontEngine
    except ImportError as error:
        raise EngineMissingError from error
    return TinySoundFontEngine(path)


def _midirenderer(path: Path) -> Synthesizer:
    try:
        from worker.render.midirenderer_engine import MidiRendererEngine
    except ImportError as error:
        raise EngineMissingError from error
    return MidiRendererEngine(path)


ENGINES: dict[str, Callable[[Path], Synthesizer]] = {
    "fluidsynth": _fluidsynth,
    "tinysoundfont": _tinysoundfont,
    "midirenderer": _midirenderer,
}
"""By name, best first."""
