"""The one in-memory form of music: everything reads into a `Piece` and writes from it.

Time is kept in ticks beside a tempo map, so that a beat grid and seconds are both exact views of the same notes. Also
here: the sustain pedal as duration, for representations without a pedal and for evaluation, and excerpts of a piece.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.errors import DataError

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
FEWEST_NOTES = 8  # of an excerpt: the silence between two movements is no music


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


def sustained(piece: Piece) -> Piece:
    """`piece` with every note held until its pedal rises or its key is struck again, and no pedal left.

    A note is held when its key is released while its instrument's pedal is down (Oore et al. 2018, section 3).
    """
    if not len(piece.pedals):
        return piece
    notes = piece.notes.copy()
    ends = notes["onset"] + notes["duration"]
    for instrument in np.unique(piece.pedals["instrument"]):
        mine = notes["instrument"] == instrument
        spans = piece.pedals[piece.pedals["instrument"] == instrument]
        ends[mine] = _held_ends(ends[mine], spans)
    ends = np.minimum(ends, np.maximum(_next_strikes(notes), notes["onset"] + notes["duration"]))
    notes["duration"] = ends - notes["onset"]
    return replace(piece, notes=notes, pedals=table(PEDAL))


def _held_ends(ends: NDArray, spans: NDArray) -> NDArray:
    """Each end moved to the end of the pedal span it falls into."""
    spans = np.sort(spans, order="onset")
    rises = np.maximum.accumulate(spans["onset"] + spans["duration"])
    index = np.searchsorted(spans["onset"], ends, side="right") - 1
    return np.where(index >= 0, np.maximum(ends, rises[np.maximum(index, 0)]), ends)


def _next_strikes(notes: NDArray) -> NDArray:
    """The onset of the next note on the same key of the same instrument; the far future where there is none."""
    never = np.iinfo(np.int64).max
    order = np.lexsort((notes["onset"], notes["pitch"], notes["instrument"]))
    ordered = notes.take(order)
    same_key = (ordered["pitch"][1:] == ordered["pitch"][:-1]) & (
        ordered["instrument"][1:] == ordered["instrument"][:-1]
    )
    strikes = np.full(len(notes), never)
    strikes[order[:-1]] = np.where(same_key, ordered["onset"][1:], never)
    return strikes


@dataclass(frozen=True)
class Excerpt:
    """A part of a real piece, from 0 on; `source` is the index of the piece, `start_s` where it was cut out."""

    piece: Piece
    source: int
    start_s: float


def cut(piece: Piece, start_s: float, length_s: float) -> Piece:
    """The notes struck in `length_s` seconds from `start_s` on, ended where it ends; its maps move with the notes."""
    start, end = (int(tick) for tick in piece.ticks_at([start_s, start_s + length_s]))
    notes = piece.notes[(piece.notes["onset"] >= start) & (piece.notes["onset"] < end)].copy()
    notes["duration"] = np.maximum(np.minimum(notes["duration"], end - notes["onset"]), 1)
    notes["onset"] -= start
    return replace(
        piece,
        notes=notes,
        pedals=table(PEDAL),
        tempos=_map_from(piece.tempos, start),
        meters=_map_from(piece.meters, start),
    )


def excerpts(pieces: list[Piece], length_s: float, most: int) -> list[Excerpt]:
    """Parts of `length_s` seconds that do not overlap, each from a bar line on; at most `most`, evenly chosen.

    Args:
        pieces: real music, sustain pedal applied.
        length_s: seconds of each part.
        most: how many are enough; the parts of all pieces in order are thinned out evenly.

    Raises:
        DataError: when no piece is that long.
    """
    found = []
    for source, piece in enumerate(pieces):
        bars_s = piece.seconds_at(bar_starts(piece))
        next_s = 0.0
        for start_s in bars_s:
            if start_s >= next_s and start_s + length_s <= piece.end_s:
                next_s = start_s + length_s
                found.append((source, float(start_s)))
    chosen = (found[round(index)] for index in np.linspace(0, len(found) - 1, min(most, len(found)))) if found else ()
    parts = [Excerpt(cut(pieces[source], start_s, length_s), source, start_s) for source, start_s in chosen]
    parts = [part for part in parts if len(part.piece) >= FEWEST_NOTES]
    if not parts:
        raise DataError(f"No piece of the reference lasts {length_s:g} seconds: name longer ones, or ask for less.")
    return parts


def bar_starts(piece: Piece) -> NDArray[np.int64]:
    """The tick of each bar line up to the last note's end, the first at 0."""
    end = int((piece.notes["onset"] + piece.notes["duration"]).max()) if len(piece) else 0
    changes = [*piece.meters["tick"].tolist(), max(end, 1)]
    starts = []
    for row, upto in zip(piece.meters, changes[1:], strict=True):
        ticks = 4 * piece.ticks_per_quarter * int(row["numerator"]) // int(row["denominator"])
        starts.append(np.arange(int(row["tick"]), max(upto, int(row["tick"]) + 1), max(ticks, 1)))
    return np.unique(np.concatenate(starts))


def _map_from(changes: NDArray, start: int) -> NDArray:
    """The part of a tempo or meter map from `start` on, which becomes tick 0."""
    moved = changes[max(0, int(np.searchsorted(changes["tick"], start, side="right")) - 1) :].copy()
    moved["tick"] = np.maximum(moved["tick"] - start, 0)
    return moved
