"""tinysoundfont: a small synthesizer that comes as a wheel and needs nothing installed.

It knows no sustain pedal, and holds the interpreter's lock while it plays.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tinysoundfont
from numpy.typing import NDArray

from model.piece import Instrument
from worker.render.renderer import RenderError
from worker.render.schedule import SAMPLE_RATE_HZ, Event, Kind, Schedule

GAIN_DB = -12.0  # only keeps floats near 1; the level is set afterwards
MAX_VOICES = 256
_SOFTEST = 1.01 / 127  # the library takes anything below MIDI's velocity 1 for silence


class TinySoundFontEngine:
    """Plays with tinysoundfont; see `Synthesizer`."""

    name = "tinysoundfont"
    knows_pedal = False

    def __init__(self, path: Path) -> None:
        """Load the SoundFont at `path`.

        Raises:
            RenderError: the file is no SoundFont.
        """
        self._synth = tinysoundfont.Synth(gain=GAIN_DB, samplerate=SAMPLE_RATE_HZ)
        try:
            self._font_id = self._synth.sfload(str(path), max_voices=MAX_VOICES)
        except RuntimeError as error:
            raise RenderError(f"{path.name} is no SoundFont that tinysoundfont reads") from error
        self._font = self._synth.soundfonts[self._font_id]

    def play(self, schedule: Schedule) -> NDArray:
        """The sound, float32 (samples, 2)."""
        self._font.reset()
        for channel, instrument in enumerate(schedule.instruments):
            self._select(channel, instrument)
            seat = schedule.seat(channel)
            self._font.channel_set_volume(channel, 10 ** (seat.gain_db / 20))
            self._font.channel_set_pan(channel, seat.pan / 127)
        sound = np.zeros((schedule.samples, 2), np.float32)
        frame, room = sound.strides[0], sound.data.cast("B")
        for start, end, events in schedule.blocks():
            for event in events:
                self._send(event)
            self._font.render(room[frame * start : frame * end], False)
        return sound

    def _select(self, channel: int, instrument: Instrument) -> None:
        """The instrument's program, or the first one where the SoundFont lacks it."""
        for program in (instrument.program, 0):
            try:
                self._synth.program_select(channel, self._font_id, 0, program, instrument.is_drum)
                return
            except RuntimeError:  # the binding's word for 'no such preset'
                continue
        raise RenderError(f"the SoundFont has no {'drum kit' if instrument.is_drum else 'instruments'}")

    def _send(self, event: Event) -> None:
        if event.kind == Kind.KEY_DOWN:
            self._font.channel_note_on(event.channel, event.key, _loudness(event.velocity))
        elif event.kind == Kind.KEY_UP:
            self._font.channel_note_off(event.channel, event.key)
        elif event.kind == Kind.CONTROL:
            self._font.channel_midi_control(event.channel, event.key, event.velocity)


def _loudness(velocity: int) -> float:
    """What the library takes for `velocity` 1..127: linear in it, where the SoundFont standard has the square."""
    return max((velocity / 127) ** 2, _SOFTEST)
