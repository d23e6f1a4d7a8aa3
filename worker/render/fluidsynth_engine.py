"""FluidSynth through pyfluidsynth: the fuller sound, where the system has its library.

Importing this module raises `EngineMissingError` where it has not.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.piece import PAN, VOLUME, Instrument
from worker.render.renderer import EngineMissingError, RenderError
from worker.render.schedule import SAMPLE_RATE_HZ, Event, Kind, Schedule

try:
    import fluidsynth
except ImportError as error:
    raise EngineMissingError from error

GAIN = 0.2  # FluidSynth's own default; the level is set afterwards
SUSTAIN, FULL = 64, 127  # controller number, and value of a pressed pedal or of full volume
DRUM_BANK = 128
_SILENT_LOG_LEVELS = range(1, 5)  # error..debug; what matters comes back as a result code

_write_float = fluidsynth.cfunc(
    "fluid_synth_write_float",
    ctypes.c_int,
    ("synth", ctypes.c_void_p, 1),
    ("len", ctypes.c_int, 1),
    ("lout", ctypes.c_void_p, 1),
    ("loff", ctypes.c_int, 1),
    ("lincr", ctypes.c_int, 1),
    ("rout", ctypes.c_void_p, 1),
    ("roff", ctypes.c_int, 1),
    ("rincr", ctypes.c_int, 1),
)
_set_log_function = fluidsynth.cfunc(
    "fluid_set_log_function",
    ctypes.c_void_p,
    ("level", ctypes.c_int, 1),
    ("function", ctypes.c_void_p, 1),
    ("data", ctypes.c_void_p, 1),
)


class FluidSynthEngine:
    """Plays with FluidSynth; see `Synthesizer`."""

    name = "fluidsynth"
    knows_pedal = True

    def __init__(self, path: Path) -> None:
        """Load the SoundFont at `path`.

        Raises:
            RenderError: the file is no SoundFont.
        """
        for level in _SILENT_LOG_LEVELS:
            _set_log_function(level, None, None)
        self._synth = fluidsynth.Synth(gain=GAIN, samplerate=float(SAMPLE_RATE_HZ))
        # Its chorus turns the sides out of phase: on a phone's one speaker half of the sound would be gone.
        fluidsynth.fluid_settings_setint(self._synth.settings, b"synth.chorus.active", 0)
        fluidsynth.fluid_settings_setint(self._synth.settings, b"synth.reverb.active", 0)  # `room` has one for all
        self._font_id = self._synth.sfload(str(path))
        if self._font_id == fluidsynth.FLUID_FAILED:
            raise RenderError(f"{path.name} is no SoundFont that FluidSynth reads")

    def play(self, schedule: Schedule) -> NDArray:
        """The sound, float32 (samples, 2)."""
        self._synth.system_reset()
        for channel, instrument in enumerate(schedule.instruments):
            self._select(channel, instrument)
            seat = schedule.seat(channel)
            self._synth.cc(channel, VOLUME, round(FULL * 10 ** (seat.gain_db / 40)))  # acts squared
            self._synth.cc(channel, PAN, seat.pan)
        sound = np.zeros((schedule.samples, 2), np.float32)
        address = sound.ctypes.data
        for start, end, events in schedule.blocks():
            for event in events:
                self._send(event)
            _write_float(self._synth.synth, end - start, address, 2 * start, 2, address, 2 * start + 1, 2)
        return sound

    def _select(self, channel: int, instrument: Instrument) -> None:
        """The instrument's program, or the first one where the SoundFont lacks it."""
        bank = DRUM_BANK if instrument.is_drum else 0
        for program in (instrument.program, 0):
            if self._synth.program_select(channel, self._font_id, bank, program) == fluidsynth.FLUID_OK:
                return
        raise RenderError(f"the SoundFont has no {'drum kit' if instrument.is_drum else 'instruments'}")

    def _send(self, event: Event) -> None:
        if event.kind == Kind.KEY_DOWN:
            self._synth.noteon(event.channel, event.key, event.velocity)
        elif event.kind == Kind.KEY_UP:
            self._synth.noteoff(event.channel, event.key)
        elif event.kind == Kind.CONTROL:
            self._synth.cc(event.channel, event.key, event.velocity)
        else:
            self._synth.cc(event.channel, SUSTAIN, FULL if event.kind == Kind.PEDAL_DOWN else 0)
