"""The two renderers: audio is mixed, played, put into a room, levelled and encoded as MP3; the picture is a PNG.

Render processes import this module, the worker does not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.pictures.piano_roll import piano_roll
from model.piece import Instrument, Piece
from worker.render.engines import Synthesizer, open_synthesizer
from worker.render.loudness import integrated_lufs, levelled
from worker.render.mixing import as_played, calibration_notes, seats_of
from worker.render.mp3 import encode_mp3
from worker.render.renderer import Rendered, RenderError, RenderOptions, RenderSettings
from worker.render.room import in_room
from worker.render.schedule import SAMPLE_RATE_HZ, Seat, schedule

TAIL_S = 2.0  # after the last key is released: the strings ring on
FADE_S = 1.25  # of the tail
_INAUDIBLE = 1e-7  # far below a note of velocity 1


class AudioRenderer:
    """Makes the MP3. Opens the synthesizer on first use and keeps it."""

    name = "audio"
    content_type = "audio/mpeg"
    suffix = ".mp3"

    def __init__(self, settings: RenderSettings) -> None:
        self._settings = settings
        self._synthesizer: Synthesizer | None = None
        self._loudness: dict[tuple[int, bool], float] = {}  # LUFS of the test notes, by program and whether it's drums

    def render(self, piece: Piece, options: RenderOptions) -> Rendered:
        """The piece as MP3, `TAIL_S` seconds longer than its last note. Of a very long piece only the end.

        Raises:
            RenderError: there is no SoundFont or no sound.
        """
        sound, remarks = self.play(piece)
        return Rendered(encode_mp3(sound, options.title, self._settings.mp3_kbps), remarks)

    def play(self, piece: Piece) -> tuple[NDArray, tuple[str, ...]]:
        """The levelled sound, float32 (samples, 2) within -1..1, and remarks for the member."""
        piece = as_played(piece)
        seats = seats_of(piece, self._loudness_of)
        start_s = max(0.0, piece.end_s - self._settings.max_audio_s)
        sound = self._sound_of(piece, start_s, piece.end_s + TAIL_S, seats)
        if np.abs(sound).max(initial=0.0) < _INAUDIBLE:
            raise RenderError("the instruments have no sound for these notes")
        sound = in_room(sound)
        _fade_out(sound)
        return levelled(sound), (_start_remark(start_s),) if start_s else ()

    def _sound_of(self, piece: Piece, start_s: float, end_s: float, seats: tuple[Seat, ...] = ()) -> NDArray:
        """The dry sound of a part of `piece`, float32 (samples, 2)."""
        synthesizer = self._opened()
        plan = schedule(piece, start_s=start_s, end_s=end_s, pedal=synthesizer.knows_pedal, seats=seats)
        return synthesizer.play(plan)

    def _opened(self) -> Synthesizer:
        if self._synthesizer is None:
            self._synthesizer = open_synthesizer(self._settings)
        return self._synthesizer

    def _loudness_of(self, instrument: Instrument) -> float:
        """LUFS of an instrument's test notes with this synthesizer; each is played once."""
        key = (0 if instrument.is_drum else instrument.program, instrument.is_drum)
        if key not in self._loudness:
            notes = calibration_notes(instrument)
            self._loudness[key] = integrated_lufs(self._sound_of(notes, 0.0, notes.end_s))
        return self._loudness[key]


def _fade_out(sound: NDArray) -> None:
    """Fade the end out, in place, along half a cosine, which has no step at either end."""
    samples = min(len(sound), round(FADE_S * SAMPLE_RATE_HZ))
    fade = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, samples, dtype=np.float32))
    sound[len(sound) - samples :] *= fade[:, np.newaxis]


def _start_remark(start_s: float) -> str:
    minutes, seconds = divmod(round(start_s), 60)
    return f"The piece is long: the audio starts at {minutes}:{seconds:02d}."


class PictureRenderer:
    """Makes the PNG, 2000 x 840 pixels."""

    name = "picture"
    content_type = "image/png"
    suffix = ".png"

    def __init__(self, settings: RenderSettings) -> None:
        """`settings` are not used: none is about the picture."""

    def render(self, piece: Piece, options: RenderOptions) -> Rendered:
        """The piano roll.

        Raises:
            RenderError: there are no notes.
        """
        if not len(piece):
            raise RenderError("the piece has no notes")
        return Rendered(piano_roll(piece, options.seed_s, options.title))
