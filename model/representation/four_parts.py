"""Between a `Piece` and a table of four voices on a grid of sixteenths; used by the `voices` representation.

Music that is in four parts already keeps them. Of any other the highest and the lowest note become soprano and bass,
and of the notes between them those nearest to where alto and tenor were.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.piece import METER, NOTE, TEMPO, Instrument, Piece, table

SIXTEENTHS = 4  # in a quarter
VOICES = 4
PARTS = ("Soprano", "Alto", "Tenor", "Bass")
STARTS = (71, 66, 59, 52)  # the middle of each voice's range, which its first leap is measured from
REST = -1  # pitch of a voice that is silent
WIDEST = 36  # semitones a voice may leap
LONGEST = 1 << 16  # sixteenths of a piece that are read: over an hour
TICKS_PER_QUARTER = 480
QUARTER_US = 750_000  # 80 quarters a minute: a chorale walks
CHOIR = 52  # General MIDI program 'Choir Aahs'
LOUDNESS = 80


def grid_of(piece: Piece) -> NDArray[np.int32]:
    """The pitches of `piece`, int32 (sixteenths, 4) from soprano to bass, -1 = silent; from its first note on."""
    pitched = np.array([not instrument.is_drum for instrument in piece.instruments], dtype=bool)
    notes = piece.notes[pitched[piece.notes["instrument"]]]
    if not len(notes):
        return np.zeros((0, VOICES), dtype=np.int32)
    per_step = piece.ticks_per_quarter / SIXTEENTHS
    onset = np.rint(notes["onset"] / per_step).astype(np.int64)
    end = np.rint((notes["onset"] + notes["duration"]) / per_step).astype(np.int64)
    onset, end = onset - onset.min(), np.maximum(end, onset + 1) - onset.min()
    kept = onset < LONGEST
    notes, onset, end = notes[kept], onset[kept], np.minimum(end[kept], LONGEST)
    parts = _parts(notes["instrument"].astype(np.int64), notes["pitch"], onset, end, piece)
    grid = _reduced(notes["pitch"], onset, end) if parts is None else parts
    return within_reach(grid)


def _parts(instrument: NDArray, pitch: NDArray, onset: NDArray, end: NDArray, piece: Piece) -> NDArray[np.int32] | None:
    """The grid of music whose four instruments sing one note at a time; None for any other."""
    names = [part.name for part in piece.instruments]
    used = np.unique(instrument)
    if tuple(names) == PARTS:
        order = list(range(VOICES))
    elif len(used) == VOICES:
        order = sorted(used.tolist(), key=lambda part: -float(pitch[instrument == part].mean()))
    else:
        return None
    grid = np.full((end.max(), VOICES), REST, dtype=np.int32)
    for voice, part in enumerate(order):
        for note in np.flatnonzero(instrument == part):
            column = grid[onset[note] : end[note], voice]
            if (column != REST).any():
                return None
            column[:] = pitch[note]
    return grid


def _reduced(pitch: NDArray, onset: NDArray, end: NDArray) -> NDArray[np.int32]:
    """Four voices out of any notes, step by step."""
    grid = np.full((end.max(), VOICES), REST, dtype=np.int32)
    changes = np.unique(np.concatenate([onset, end]))
    inner = list(STARTS[1:3])
    for start, stop in pairwise(changes.tolist()):
        sounding = np.unique(pitch[(onset <= start) & (end > start)])[::-1].tolist()
        step = _voiced(sounding, inner)
        inner = [now if now != REST else before for now, before in zip(step[1:3], inner, strict=True)]
        grid[start:stop] = step
    return grid


def _voiced(sounding: list[int], inner: list[int]) -> list[int]:
    """The four voices out of the pitches that sound, highest first; `inner` is where alto and tenor were."""
    if len(sounding) < 2:
        return [*(sounding or [REST]), REST, REST, REST]
    middle = sounding[1:-1]
    if len(middle) == 1:
        is_alto = abs(middle[0] - inner[0]) <= abs(middle[0] - inner[1])
        alto, tenor = (middle[0], REST) if is_alto else (REST, middle[0])
    elif middle:
        alto = min(middle[:-1], key=lambda pitch: abs(pitch - inner[0]))
        tenor = min((pitch for pitch in middle if pitch < alto), key=lambda pitch: abs(pitch - inner[1]))
    else:
        alto = tenor = REST
    return [sounding[0], alto, tenor, sounding[-1]]


def within_reach(grid: NDArray[np.int32]) -> NDArray[np.int32]:
    """`grid` with every leap of more than `WIDEST` semitones brought nearer by octaves, int32 (sixteenths, 4)."""
    grid = grid.copy()
    for voice in range(VOICES):
        before = STARTS[voice]
        for start in np.flatnonzero(np.diff(grid[:, voice], prepend=REST)):
            pitch = int(grid[start, voice])
            if pitch == REST:
                continue
            if abs(pitch - before) > WIDEST:
                octaves = -(-(abs(pitch - before) - WIDEST) // 12)
                held = start + np.argmax(np.append(grid[start:, voice] != pitch, True))
                pitch += -12 * octaves if pitch > before else 12 * octaves
                grid[start:held, voice] = pitch
            before = pitch
    return grid


def piece_of(grid: NDArray) -> Piece:
    """A piece for four voices in 4/4 at 80 quarters a minute; a pitch is held until it changes.

    Args:
        grid: int (sixteenths, 4) from soprano to bass, -1 = silent.
    """
    per_step = TICKS_PER_QUARTER // SIXTEENTHS
    rows = []
    for voice in range(VOICES if len(grid) else 0):
        starts = np.flatnonzero(np.diff(grid[:, voice], prepend=np.iinfo(np.int32).min))
        ends = np.append(starts[1:], len(grid))
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            if grid[start, voice] != REST:
                rows.append((start * per_step, (end - start) * per_step, grid[start, voice], LOUDNESS, voice))
    return Piece(
        notes=table(NOTE, rows),
        instruments=tuple(Instrument(program=CHOIR, name=name) for name in PARTS),
        ticks_per_quarter=TICKS_PER_QUARTER,
        tempos=table(TEMPO, [(0, QUARTER_US)]),
        meters=table(METER, [(0, 4, 4)]),
    )
