"""The two synthesizers, and which of them plays: FluidSynth where its library is installed, else tinysoundfont."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Protocol

from numpy.typing import NDArray

from worker.render.renderer import RenderError
from worker.render.schedule import Schedule
from worker.render.settings import RenderSettings

logger = logging.getLogger(__name__)


class Synthesizer(Protocol):
    """Plays schedules with one SoundFont; stays loaded, and starts each schedule from silence."""

    name: str
    knows_pedal: bool
    """Whether it takes pedal events; if not, it is given notes that are as long as the pedal makes them."""

    def play(self, schedule: Schedule) -> NDArray:
        """The sound, float32 (samples, 2), not normalised: it may exceed 1."""
        ...


class EngineMissingError(Exception):
    """Raised when FluidSynth's shared library is not on this machine."""


def open_synthesizer(settings: RenderSettings) -> Synthesizer:
    """The synthesizer that `settings` ask for, with its SoundFont loaded.

    Raises:
        RenderError: there is no such SoundFont, or FluidSynth was asked for and is not installed.
    """
    path = settings.soundfont_path
    if not path.is_file():
        raise RenderError(f"there is no SoundFont at {path}")
    if settings.audio_engine == "tinysoundfont":
        return _tinysoundfont(path)
    try:
        return _fluidsynth(path)
    except EngineMissingError as error:
        if settings.audio_engine == "fluidsynth":
            raise RenderError("FluidSynth is asked for but its library is not installed") from error
        logger.info("FluidSynth's library is not installed: tinysoundfont plays")
        return _tinysoundfont(path)


def _fluidsynth(path: Path) -> Synthesizer:
    # Imported late: the import itself fails where the shared library is missing.
    from worker.render.fluidsynth_engine import FluidSynthEngine

    return FluidSynthEngine(path)


def _tinysoundfont(path: Path) -> Synthesizer:
    from worker.render.tinysoundfont_engine import TinySoundFontEngine

    return TinySoundFontEngine(path)
