"""A score that music21 parsed, as a `Piece`: ties joined, repeats played, upbeats before the bar line.

music21 is imported inside the functions because that takes seconds. It parses, and our own writer writes: music21's
MIDI export is a hundred times slower and writes one velocity for all notes. It also unfolds repeats, but copies every
note and bar several times, which takes seconds a piece. So it is asked about emptied bars, and notes are moved here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.piece import METER, NOTE, TEMPO, Instrument, Piece, table

if TYPE_CHECKING:
    from music21.stream import Part, Score

LONGEST_ORDER = 20_000  # bars; more is a repeat that never ends
TICKS_PER_QUARTER = 480
PLAIN_VELOCITY = 80  # where the score asks for no dynamics
SINGS = re.compile(
    r"(soprano?|altus|alto|contraten\w*|tenor\w*|bass|basso|bassus|cant\w+|quint\w+|sext\w+|super\w+|triplum|motet\w*"
    r"|voice|voce|canto)\.?( ?[ivx\d]+)?"
)
CHOIR = 52  # General MIDI 'Choir Aahs'
MOST_MARKS = 10_000  # of one kind; more is no music
Row = tuple[int, int, int, int, int]  # onset, duration (ticks), pitch, velocity, instrument


def played_order(part: Part) -> list[int] | None:
    """Indices of the part's bars in the order played; None without repeats, or with invalid ones.

    It empties the part's bars, so take the notes out before.
    """
    from music21.exceptions21 import Music21Exception
    from music21.repeat import Expander

    bars = list(part.getElementsByClass("Measure"))
    if not part.recurse().getElementsByClass(["RepeatMark", "RepeatBracket"]).first():
        return None
    for index, bar in enumerate(bars):
        bar.id = str(index)  # which copies keep; of their numbers, a da capo makes new ones
        bar.remove([element for element in bar if {"RepeatMark", "Barline"}.isdisjoint(element.classes)])
    try:
        order = [int(bar.id) for bar in Expander(part).process(deepcopy=False).getElementsByClass("Measure")]
    except Music21Exception:
        return None
    return order if len(order) <= LONGEST_ORDER else None


def played_notes(notes: NDArray, starts: NDArray[np.int64], order: list[int]) -> NDArray:
    """The notes of the bars in `order`, one after another.

    Args:
        notes: table with a column `onset` in ticks.
        starts: tick at which each bar begins, and at which the last one ends, int64 (bars + 1,).
        order: indices of bars.
    """
    inside = np.searchsorted(starts, notes["onset"], side="right") - 1
    parts = []
    for bar, start in zip(order, _new_starts(starts, order), strict=True):
        part = notes[inside == bar].copy()
        part["onset"] += start - starts[bar]
        parts.append(part)
    return np.concatenate(parts) if parts else notes[:0]


def played_map(changes: NDArray, starts: NDArray[np.int64], order: list[int]) -> NDArray:
    """A tempo or meter map (a table with a column `tick`, the first 0) for bars played in `order`."""
    rows: list[tuple[int, ...]] = []
    for bar, start in zip(order, _new_starts(starts, order), strict=True):
        first = max(int(np.searchsorted(changes["tick"], starts[bar], side="right")) - 1, 0)
        for tick, *values in changes[first : np.searchsorted(changes["tick"], starts[bar + 1])].tolist():
            if not rows or tuple(values) != rows[-1][1:]:
                rows.append((int(max(tick - starts[bar], 0) + start) if rows else 0, *values))
    return np.array(rows, dtype=changes.dtype) if rows else changes


def _new_starts(starts: NDArray[np.int64], order: list[int]) -> NDArray[np.int64]:
    lengths = np.diff(starts)[order]
    return np.cumsum(np.concatenate([[starts[order[0]] if order else 0], lengths[:-1]]))


def parse_pieces(source: Path | str, program: int = 0, quarter_bpm: float = 120.0) -> list[Piece]:
    """Every piece that music21 reads from `source`; an ABC book holds many.

    Args:
        source: a file of MusicXML (plain or .mxl), Humdrum **kern or ABC; or the text of ABC itself.
        program: General MIDI 0..127 for parts that name no instrument.
        quarter_bpm: quarter notes per minute where the score names no tempo.
    """
    from music21 import converter
    from music21.stream import Opus

    if isinstance(source, Path):
        parsed = converter.parse(source, forceSource=True, storePickle=False)
    else:
        parsed = converter.parse(source, format="abc")
    scores: list[Any] = list(parsed.scores) if isinstance(parsed, Opus) else [parsed]
    return [piece_of(score, program, quarter_bpm) for score in scores]


def piece_of(score: Score, program: int = 0, quarter_bpm: float = 120.0) -> Piece:
    """One score as a piece, at sounding pitch; chord symbols, grace notes and unpitched percussion are left out.

    It empties the bars of the score.
    """
    score = _sounding(score)
    parts: list[Any] = list(score.parts) or [score]
    upbeat = _missing_upbeat(parts[0])
    instruments: list[Instrument] = []
    rows: list[Row] = []
    for part in parts:
        voice = _instrument(part, program)
        if voice not in instruments or "PartStaff" not in part.classes:  # the staves of one piano are one instrument
            instruments.append(voice)
        rows += _rows(part, len(instruments) - 1 - instruments[::-1].index(voice), upbeat)
    notes, tempos = table(NOTE, rows), table(TEMPO, _tempos(score, quarter_bpm, upbeat))
    meters, starts = table(METER, _meters(parts[0], upbeat)), _bar_starts(parts[0], upbeat)
    title = score.metadata.bestTitle if score.metadata is not None else None
    order = played_order(parts[0])
    if order:
        notes = played_notes(notes, starts, order)
        tempos, meters = played_map(tempos, starts, order), played_map(meters, starts, order)
    return Piece(notes, tuple(instruments), TICKS_PER_QUARTER, tempos, meters, title=str(title or ""))


def _bar_starts(part: Part, upbeat: Fraction) -> NDArray[np.int64]:
    """Tick at which each bar begins, and at which the last one ends, int64 (bars + 1,)."""
    bars = list(part.getElementsByClass("Measure"))
    places = [ticks(Fraction(bar.offset) + upbeat) for bar in bars]
    last = ticks(Fraction(bars[-1].duration.quarterLength)) if bars else 0
    return np.array([*places, (places[-1] if places else 0) + last], dtype=np.int64)


def _sounding(score: Score) -> Score:
    transposes = any(one.transposition is not None for one in score.recurse().getElementsByClass("Instrument"))
    return score.toSoundingPitch() if transposes else score


def _instrument(part: Part, program: int) -> Instrument:
    """The part's General MIDI program: by its name, else as the file says, else `program`."""
    from music21 import instrument

    named = part.recurse().getElementsByClass("Instrument").first()
    name = str(part.partName or (named.partName if named is not None else "") or "")
    if SINGS.fullmatch(name.strip().lower()):
        return Instrument(CHOIR, name=name)
    try:
        guessed = instrument.fromString(name).midiProgram if name else None
    except instrument.InstrumentException:
        guessed = None
    if guessed is None and named is not None and type(named) is not instrument.Instrument:
        guessed = named.midiProgram
    return Instrument(program if guessed is None else guessed, name=name)


def _missing_upbeat(part: Part) -> Fraction:
    """Quarters by which the first bar is short, so that the second bar begins on a bar line."""
    bars = part.getElementsByClass("Measure")
    first = bars.first()
    if first is None or len(bars) < 2 or first.duration.quarterLength >= first.barDuration.quarterLength:
        return Fraction(0)
    return Fraction(first.barDuration.quarterLength) - Fraction(first.duration.quarterLength)


def _rows(part: Part, instrument: int, upbeat: Fraction) -> list[Row]:
    """The part's notes with tied ones joined."""
    rows: list[list[int]] = []
    tied: dict[int, list[int]] = {}  # pitch: the row that a tie goes on from
    for element, velocity in _heard(part):
        onset = ticks(Fraction(element.offset) + upbeat)
        end = ticks(Fraction(element.offset) + Fraction(element.duration.quarterLength) + upbeat)
        for note in element.notes if element.isChord else (element,):
            pitch = note.pitch.midi
            tie = note.tie.type if note.tie is not None else None
            row = tied.pop(pitch, None)
            if tie in ("stop", "continue") and row is not None and row[0] + row[1] == onset:
                row[1] = end - row[0]
            else:
                row = [onset, end - onset, pitch, velocity, instrument]
                rows.append(row)
            if tie in ("start", "continue"):
                tied[pitch] = row
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows if row[1] > 0 and 0 <= row[2] <= 127]


def _heard(part: Part) -> Iterator[tuple[Any, int]]:
    """Notes and chords in order, each with the velocity (1..127) of the dynamics before it."""
    velocity = PLAIN_VELOCITY
    for element in part.flatten():
        if "Dynamic" in element.classes:
            velocity = min(max(round(element.volumeScalar * 127), 1), 127)
        elif not {"Note", "Chord"}.isdisjoint(element.classes) and "Harmony" not in element.classes:
            yield element, velocity


def _tempos(score: Score, quarter_bpm: float, upbeat: Fraction) -> list[tuple[int, int]]:
    found = {0: round(60e6 / quarter_bpm)}
    for mark in list(score.flatten().getElementsByClass("MetronomeMark"))[:MOST_MARKS]:
        speed = mark.getQuarterBPM()
        if speed:
            found[ticks(Fraction(mark.offset) + upbeat) if mark.offset else 0] = round(60e6 / speed)
    return sorted(found.items())


def _meters(part: Part, upbeat: Fraction) -> list[tuple[int, int, int]]:
    found = {0: (4, 4)}
    for meter in list(part.flatten().getElementsByClass("TimeSignature"))[:MOST_MARKS]:
        if meter.numerator and meter.denominator:
            place = ticks(Fraction(meter.offset) + upbeat) if meter.offset else 0
            found[place] = (meter.numerator, meter.denominator)
    return [(tick, *meter) for tick, meter in sorted(found.items())]


def ticks(quarters: Fraction) -> int:
    """The nearest tick, TICKS_PER_QUARTER to the quarter."""
    return round(quarters * TICKS_PER_QUARTER)
