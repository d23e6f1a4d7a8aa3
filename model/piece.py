"""The one in-memory form of music: everything reads into a `Piece` and writes from it.

Time is kept in ticks beside a tempo map, so that a beat grid and seconds are both exact views of the same notes.
Used by every other module of `model`; knows nothing of files, tokens or networks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOTE = np.dtype(
    [
        ("onset", np.int64),  # ticks from the start of the piece
        ("duration", np.int64),  # ticks, at least 1
        ("pitch", np.int16),  # MIDI number, 60 = middle C; for drums the General MIDI key
        ("velocity", np.int16),  # 1..127
        ("instrument", np.int16),  # index into Piece.instruments
    ]
)
TEMPO = np.dtype([("tick", np.int64), ("quarter_us", np.int64)])  # microseconds per quarter note
METER = np.dtype([("tick", np.int64), ("numerator", np.int16), ("denominator", np.int16)])
PEDAL = np.dtype([("onset", np.int64), ("duration", np.int64), ("instrument", np.int16)])  # sustain held
KEY_SIGNATURE = np.dtype(
    [("tick", np.int64), ("sharps", np.int16), ("is_minor", np.bool_)]
)  # sharps -7..7, negative: flats
CONTROL = np.dtype([("tick", np.int64), ("number", np.int16), ("value", np.int16), ("instrument", np.int16)])
BEND = np.dtype(
    [
        ("tick", np.int64),
        ("value", np.int16),  # -8192..8191, 0 is no bend
        ("semitones", np.int16),  # how far a full bend reaches, 2 unless the file says otherwise
        ("instrument", np.int16),
    ]
)

VOLUME, PAN, EXPRESSION = 7, 10, 11  # the MIDI controllers that a Piece keeps in `controls`

DEFAULT_QUARTER_US = 500_000  # 120 bpm, what a MIDI file without a tempo means
MILLISECOND_TICKS_PER_QUARTER = 500  # with the default tempo one tick is one millisecond


@dataclass(frozen=True)
class Instrument:
    """A voice of a piece: General MIDI `program` 0..127 (ignored for drums)."""

    program: int = 0
    is_drum: bool = False
    name: str = ""


def table(dtype: np.dtype, rows: Iterable[Iterable[float]] = ()) -> NDArray:
    """Rows (values in the order of the fields) as a structured array of `dtype`, shape (rows,)."""
    return np.array([tuple(row) for row in rows], dtype=dtype)


def _default_tempos() -> NDArray:
    return table(TEMPO, [(0, DEFAULT_QUARTER_US)])


def _default_meters() -> NDArray:
    return table(METER, [(0, 4, 4)])


@dataclass(frozen=True, eq=False)
class Piece:
    """Notes (sorted by onset, then pitch) with the maps that give their ticks a meaning.

    `tempos` and `meters` are sorted by tick and start at tick 0. `pedals` are spans in which an instrument's sustain
    pedal is down. `key_signatures` are sorted by tick; there may be none. `controls` (volume, pan and
    expression, 0..127) and `bends` (pitch bends) are sorted by tick. Do not write to the arrays: every change makes a
    new Piece.
    """

    notes: NDArray = field(default_factory=lambda: table(NOTE))
    instruments: tuple[Instrument, ...] = (Instrument(),)
    ticks_per_quarter: int = MILLISECOND_TICKS_PER_QUARTER
    tempos: NDArray = field(default_factory=_default_tempos)
    meters: NDArray = field(default_factory=_default_meters)
    pedals: NDArray = field(default_factory=lambda: table(PEDAL))
    title: str = ""
    key_signatures: NDArray = field(default_factory=lambda: table(KEY_SIGNATURE))
    controls: NDArray = field(default_factory=lambda: table(CONTROL))
    bends: NDArray = field(default_factory=lambda: table(BEND))
    _seconds_per_tick: NDArray = field(init=False, repr=False)  # of each span of the tempo map
    _tempo_starts_s: NDArray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        order = np.lexsort((self.notes["instrument"], self.notes["pitch"], self.notes["onset"]))
        object.__setattr__(self, "notes", self.notes.take(order))  # numpy indexes such rows twenty times as slowly
        seconds_per_tick = self.tempos["quarter_us"] / 1e6 / self.ticks_per_quarter
        starts = np.concatenate([[0.0], np.cumsum(np.diff(self.tempos["tick"]) * seconds_per_tick[:-1])])
        object.__setattr__(self, "_seconds_per_tick", seconds_per_tick)
        object.__setattr__(self, "_tempo_starts_s", starts)

    def __len__(self) -> int:
        return len(self.notes)

    def seconds_at(self, ticks: ArrayLike) -> NDArray:
        """Seconds from the start at `ticks`; float64 of the shape of `ticks`."""
        ticks = np.asarray(ticks)
        span = np.searchsorted(self.tempos["tick"], ticks, side="right") - 1
        span = np.maximum(span, 0)
        return self._tempo_starts_s[span] + (ticks - self.tempos["tick"][span]) * self._seconds_per_tick[span]

    def ticks_at(self, seconds: ArrayLike) -> NDArray:
        """The nearest tick at `seconds` from the start; int64 of the shape of `seconds`."""
        seconds = np.asarray(seconds, dtype=float)
        span = np.maximum(np.searchsorted(self._tempo_starts_s, seconds, side="right") - 1, 0)
        ticks = self.tempos["tick"][span] + (seconds - self._tempo_starts_s[span]) / self._seconds_per_tick[span]
        return np.rint(ticks).astype(np.int64)

    @property
    def onsets_s(self) -> NDArray:
        """Onset of each note in seconds, float64 (notes,)."""
        return self.seconds_at(self.notes["onset"])

    @property
    def offsets_s(self) -> NDArray:
        """End of each note in seconds, float64 (notes,)."""
        return self.seconds_at(self.notes["onset"] + self.notes["duration"])

    @property
    def end_s(self) -> float:
        """End of the last note in seconds; 0 for a piece without notes."""
        return float(self.offsets_s.max()) if len(self.notes) else 0.0

    @property
    def is_drum_note(self) -> NDArray:
        """Whether each note is a drum's, bool (notes,)."""
        return np.array([instrument.is_drum for instrument in self.instruments], dtype=bool)[self.notes["instrument"]]

    def with_notes(self, notes: NDArray) -> Piece:
        """This piece with another note table (its instruments must exist here)."""
        return replace(self, notes=notes)
