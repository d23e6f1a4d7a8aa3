"""Augmentation of `score` pieces in training: other instruments, loudness, bass, drums, fewer parts.

A corpus often plays all its tunes on one instrument at one loudness, and a network would take both as marks of the
style; music with bass and drums is rare. So parts move to other instruments of their range, the lowest line of a piano
moves to a bass, drums join music in their meter, and some parts are left out. Style, key and length stay; the
instrument controls are measured afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from model.representation import grid
from model.representation.engraving import (
    DRUMS,
    DURATION,
    FIELDS,
    FIRST_PROGRAM,
    INSTRUMENT,
    METER,
    PITCH,
    SHIFT,
    TEMPO,
    VELOCITY,
)

Steps = NDArray[np.int32]  # raw steps of one piece, (steps, 5)
Rows = NDArray[np.int64]  # the same with the onset in place of the shift
# lowest and highest key that a player would call comfortable, by General MIDI program
LINE_RANGES = {
    0: (28, 100), 4: (36, 96), 11: (53, 89), 12: (45, 96), 19: (36, 96), 21: (53, 89), 22: (60, 84), 24: (40, 79),
    25: (40, 79), 26: (40, 81), 27: (40, 84), 40: (55, 96), 41: (48, 84), 42: (36, 72), 43: (28, 55), 46: (31, 98),
    48: (36, 96), 52: (41, 81), 53: (43, 81), 56: (55, 82), 57: (40, 70), 58: (28, 57), 60: (43, 75), 61: (41, 79),
    64: (56, 86), 65: (50, 80), 66: (45, 75), 67: (37, 68), 68: (58, 87), 69: (52, 79), 70: (34, 69), 71: (50, 86),
    72: (74, 103), 73: (60, 94), 74: (60, 90), 75: (60, 90), 79: (60, 88), 105: (48, 84), 110: (55, 92),
}  # fmt: skip
CONSORTS = (  # who plays lines together, besides any mixture
    (40, 41, 42, 43), (72, 73, 68, 69, 71, 70), (56, 60, 57, 58), (64, 65, 66, 67), (74, 53, 42), (73, 71, 70, 60),
    (73, 71), (56, 57), (40, 42), (68, 70), (65, 66), (40, 73, 42), (24, 73), (71, 42), (56, 65, 57),
)  # fmt: skip
CONSORT_CHANCE = 0.7  # of a consort rather than of a mixture
KINDS = (  # instruments of chords: one of a kind may take another's place
    (0, 1, 2, 3, 4, 5, 6, 7), (16, 17, 18, 19, 20, 21), (24, 25, 26, 27, 28), (29, 30), (48, 49, 50, 51),
    (52, 53, 54), (61, 62, 63), tuple(range(80, 88)), tuple(range(88, 96)), (8, 9, 10, 11, 12, 13, 14, 15),
)  # fmt: skip
BASSES = (32, 33, 34, 35, 36, 38, 39)
BASS_CHANCES = (0.25, 0.35, 0.15, 0.1, 0.05, 0.05, 0.05)
CHORD_PLAYERS = (*range(8), 16, 17, 18, 19, *range(24, 29), 46)  # whose lowest notes a bass may take
HIGHEST_BASS = 52  # key; a lowest note above it is no bass note
MOST_LINES = 4  # voices that the notes of one instrument are divided into
FEWEST_NOTES = 32  # of what is left of a piece
LONGEST_PAUSE_BARS = 4  # of what is left, which also begins in the first bar; else all go on playing
WITHOUT_DRUMS = {"art-song", "bach-chorale", "madrigal", "renaissance-mass", "string-quartet", "trecento"}  # styles
SHORTEST_LOOP_BARS = 4  # of a drummer's performance that others are to play to
VELOCITIES = 32


@dataclass(frozen=True)
class InstrumentChanges:
    """The probability of each change to a piece, 0 to 1."""

    velocity: float = 0.0  # all its notes louder or softer, and its contrasts larger or smaller
    programs: float = 0.0  # its lines on other instruments of their range, its chords on others of their kind
    bass: float = 0.0  # the lowest notes of a keyboard or guitar played by a bass, where none plays
    drums: float = 0.0  # a drummer of the corpus joins, where none plays
    parts: float = 0.0  # some of its players left out

    @property
    def is_any(self) -> bool:
        """Whether there is anything to do."""
        return max(self.velocity, self.programs, self.bass, self.drums, self.parts) > 0


class InstrumentAugmentation:
    """Changes the pieces of one corpus; drum loops for other pieces are taken from `pieces`."""

    def __init__(self, pieces: Sequence[Steps], changes: InstrumentChanges) -> None:
        self.changes = changes
        self.loops: dict[int, list[Rows]] = {}  # by meter: what a drummer plays in whole bars
        for steps in pieces if changes.drums else ():
            if (loop := _drum_loop(steps)) is not None:
                self.loops.setdefault(loop[0], []).append(loop[1])

    def changed(self, steps: Steps, style: str, rng: np.random.Generator) -> Steps:
        """`steps` with the changes; unchanged if there is nothing to change."""
        how, rows = self.changes, _rows(steps)
        if rng.random() < how.bass:
            rows = with_bass(rows, rng)
        if rng.random() < how.programs:
            rows = with_other_programs(rows, rng)
        if rng.random() < how.drums and style not in WITHOUT_DRUMS:
            rows = self._with_drums(rows, rng)
        if rng.random() < how.parts:
            rows = with_fewer_parts(rows, rng)
        if rng.random() < how.velocity:
            rows = with_other_velocities(rows, rng)
        return _steps(rows)

    def _with_drums(self, rows: Rows, rng: np.random.Generator) -> Rows:
        """`rows` with a drum loop of the same meter, as loud as the rest."""
        meters = rows[rows[:, INSTRUMENT] == METER]
        loops = self.loops.get(int(meters[0, PITCH]) if len(meters) == 1 else -1, [])
        if not loops or (rows[:, INSTRUMENT] == DRUMS).any():
            return rows
        loop = loops[int(rng.integers(len(loops)))]
        length = int(loop[-1, 0])  # the last row says how long it is
        notes = rows[_is_note(rows)]
        first, last = int(notes[:, 0].min()), int(notes[:, 0].max())
        bar = int(grid.BAR_TICKS[meters[0, PITCH]])
        enters = (first + bar - 1) // bar * bar if rng.random() < 0.7 else bar * int(rng.choice([2, 4, 8]))
        repeats = max((last - enters) // length + 1, 0)
        if not repeats:
            return rows
        strokes = np.concatenate([loop[:-1] + np.array([enters + length * i, 0, 0, 0, 0]) for i in range(repeats)])
        strokes = strokes[strokes[:, 0] <= last]
        louder = float(notes[:, VELOCITY].mean()) - float(strokes[:, VELOCITY].mean()) if len(strokes) else 0.0
        strokes[:, VELOCITY] = np.clip(np.rint(strokes[:, VELOCITY] + louder), 1, VELOCITIES - 1)
        return np.concatenate([rows, strokes])


def with_other_velocities(rows: Rows, rng: np.random.Generator) -> Rows:
    """All notes louder or softer by up to 6 of 32 steps, and their deviations from the mean scaled by 0.6 to 1.3."""
    changed, is_note = rows.copy(), _is_note(rows)
    velocities = rows[is_note, VELOCITY]
    mean = velocities.mean()
    moved = (velocities - mean) * rng.uniform(0.6, 1.3) + mean + rng.uniform(-6, 6)
    changed[is_note, VELOCITY] = np.clip(np.rint(moved), 1, VELOCITIES - 1)
    return changed


def with_other_programs(rows: Rows, rng: np.random.Generator) -> Rows:
    """Lines on other instruments of their range, each on its own; chords on another instrument of their kind."""
    changed = rows.copy()
    lines: list[NDArray[np.int64]] = []  # places of the notes of each line
    taken: set[int] = set()
    for instrument in np.unique(rows[_is_pitched(rows), INSTRUMENT]).tolist():
        mine = np.flatnonzero(rows[:, INSTRUMENT] == instrument)
        voices = _voices(rows[mine])
        if voices is not None:
            lines += [mine[voices == voice] for voice in np.unique(voices)]
            continue
        kind = next((kind for kind in KINDS if instrument - FIRST_PROGRAM in kind), (instrument - FIRST_PROGRAM,))
        free = [program for program in kind if program not in taken] or [instrument - FIRST_PROGRAM]
        program = int(rng.choice(free))
        taken.add(program)
        changed[mine, INSTRUMENT] = FIRST_PROGRAM + program
    consort = CONSORTS[int(rng.integers(len(CONSORTS)))] if rng.random() < CONSORT_CHANCE else tuple(LINE_RANGES)
    lines.sort(key=lambda line: -float(np.median(rows[line, PITCH])))
    for line in lines:
        program = _player_for(rows[line], consort, taken, rng)
        taken.add(program)
        changed[line, INSTRUMENT] = FIRST_PROGRAM + program
    return changed


def _player_for(line: Rows, consort: Sequence[int], taken: set[int], rng: np.random.Generator) -> int:
    """A free program whose range has nearly all notes of `line`: of the consort, else any, else its own."""
    low, high = np.quantile(line[:, PITCH], (0.05, 0.95))
    for among in (consort, tuple(LINE_RANGES)):
        fits = [one for one in among if LINE_RANGES[one][0] <= low and high <= LINE_RANGES[one][1] and one not in taken]
        if fits:
            return int(rng.choice(fits))
    return int(line[0, INSTRUMENT]) - FIRST_PROGRAM


def _voices(notes: Rows) -> NDArray[np.int64] | None:
    """The line of each note of one instrument, from the highest, (notes,); None if it plays chords.

    Notes are assigned to free lines in the order of pitch, to the line whose last note is nearest.
    """
    sounding = notes[:, DURATION].sum() / max(int((notes[:, 0] + notes[:, DURATION]).max() - notes[0, 0]), 1)
    onsets, counts = np.unique(notes[:, 0], return_counts=True)
    count = int(np.quantile(counts, 0.98)) if len(counts) else 1
    if count > MOST_LINES or sounding > MOST_LINES or (sounding < 0.6 * count and count > 2):
        return None
    count = max(count, min(round(sounding + 0.2), MOST_LINES))
    ends, last = [0] * count, [84 - 12 * voice for voice in range(count)]
    voices = np.zeros(len(notes), dtype=np.int64)
    for start, size in zip(np.searchsorted(notes[:, 0], onsets).tolist(), counts.tolist(), strict=True):
        group = sorted(range(start, start + size), key=lambda index: -notes[index, PITCH])
        free = [voice for voice in range(count) if ends[voice] <= notes[start, 0]]
        if len(free) < len(group):
            free = list(range(count))
        pitches = [int(notes[index, PITCH]) for index in group[: len(free)]]
        chosen = min(
            combinations(free, len(pitches)),
            key=lambda voices: sum(abs(last[v] - p) for v, p in zip(voices, pitches, strict=True)),
        )
        for index, voice in zip(group, [*chosen, *[count - 1] * (len(group) - len(chosen))], strict=True):
            voices[index] = voice
            ends[voice] = int(notes[index, 0] + notes[index, DURATION])
            last[voice] = int(notes[index, PITCH])
    return voices


def with_bass(rows: Rows, rng: np.random.Generator) -> Rows:
    """The lowest notes of a keyboard or guitar moved to a bass; unchanged if a bass plays already."""
    programs = rows[:, INSTRUMENT] - FIRST_PROGRAM
    if np.isin(programs, (*range(32, 40), 43, 58)).any():
        return rows
    players = [one for one in np.unique(programs[_is_pitched(rows)]).tolist() if one in CHORD_PLAYERS]
    if not players:
        return rows
    player = max(players, key=lambda one: int((programs == one).sum()))
    mine = np.flatnonzero(programs == player)  # in order of onset, then pitch
    is_lowest = np.append(True, np.diff(rows[mine, 0]) > 0)
    bass = mine[is_lowest & (rows[mine, PITCH] <= HIGHEST_BASS)]
    if not FEWEST_NOTES // 2 <= len(bass) <= 0.6 * len(mine):
        return rows
    changed = rows.copy()
    changed[bass, INSTRUMENT] = FIRST_PROGRAM + int(rng.choice(BASSES, p=BASS_CHANCES))
    following = np.append(rows[bass[1:], 0] - rows[bass[:-1], 0], grid.LARGEST)
    changed[bass, DURATION] = np.minimum(rows[bass, DURATION], following)  # one note at a time
    too_high = rows[bass, PITCH] > 48
    changed[bass[too_high], PITCH] -= 12 if rng.random() < 0.5 else 0
    return changed


def with_fewer_parts(rows: Rows, rng: np.random.Generator) -> Rows:
    """Some of the parts, at least one; all if the others leave few notes or long pauses."""
    players, counts = np.unique(rows[_is_note(rows), INSTRUMENT], return_counts=True)
    if len(players) < 2:
        return rows
    size = int(rng.integers(1, min(len(players), 5)))
    weights = np.sqrt(counts) * np.where(players == DRUMS, 0.7, 1.0)
    kept = rng.choice(players, size=size, replace=False, p=weights / weights.sum())
    fewer = rows[~_is_note(rows) | np.isin(rows[:, INSTRUMENT], kept)]
    onsets = fewer[_is_note(fewer), 0]
    if len(onsets) < FEWEST_NOTES:
        return rows
    bar = int(grid.BAR_TICKS[rows[rows[:, INSTRUMENT] == METER][0, PITCH]])
    has_pauses = onsets[0] >= bar or np.diff(onsets).max(initial=0) > LONGEST_PAUSE_BARS * bar
    return rows if has_pauses else fewer[fewer[:, 0] <= onsets[-1]]


def _drum_loop(steps: Steps) -> tuple[int, Rows] | None:
    """The meter of a drum solo, its strokes in whole bars, and a last row with their length in ticks.

    None for other music, for too few bars, and if the meter changes.
    """
    rows = _rows(steps)
    meters, is_note = rows[rows[:, INSTRUMENT] == METER], _is_note(rows)
    if len(meters) != 1 or (rows[is_note, INSTRUMENT] != DRUMS).any():
        return None
    bar = int(grid.BAR_TICKS[meters[0, PITCH]])
    strokes = rows[is_note]
    start = int(strokes[0, 0]) // bar * bar
    bars = (int(strokes[-1, 0]) - start) // bar
    bars = min(bars, 32)
    if bars < SHORTEST_LOOP_BARS:
        return None
    strokes = strokes[strokes[:, 0] < start + bars * bar] - np.array([start, 0, 0, 0, 0])
    return int(meters[0, PITCH]), np.concatenate([strokes, [[bars * bar, DRUMS, 0, 0, 0]]])


def _is_note(rows: NDArray) -> NDArray[np.bool_]:
    return rows[:, INSTRUMENT] >= FIRST_PROGRAM


def _is_pitched(rows: NDArray) -> NDArray[np.bool_]:
    return _is_note(rows) & (rows[:, INSTRUMENT] != DRUMS)


def _rows(steps: Steps) -> Rows:
    rows = steps.astype(np.int64)
    rows[:, SHIFT] = np.cumsum(steps[:, SHIFT], dtype=np.int64)
    return rows


def _steps(rows: Rows) -> Steps:
    """`rows` in their canonical order: one note for each instrument, key and tick, no key struck while it is held."""
    order = np.lexsort((-rows[:, DURATION], rows[:, PITCH], rows[:, INSTRUMENT], rows[:, 0]))
    rows = rows[order]
    is_change = np.isin(rows[:, INSTRUMENT], (METER, TEMPO))
    key = rows[:, INSTRUMENT] * 128 + np.where(is_change, 0, rows[:, PITCH])
    by_key = np.lexsort((rows[:, 0], key))
    same = (key[by_key][1:] == key[by_key][:-1]) & ~is_change[by_key][1:]
    distance = rows[by_key[1:], 0] - rows[by_key[:-1], 0]
    is_kept = np.ones(len(rows), dtype=bool)
    is_kept[by_key[1:][same & (distance == 0)]] = False
    held = by_key[:-1][same & (distance > 0)]
    rows[held, DURATION] = np.minimum(rows[held, DURATION], distance[same & (distance > 0)])
    rows = rows[is_kept]
    steps = rows.astype(np.int32).reshape(-1, FIELDS)
    steps[:, SHIFT] = np.minimum(np.diff(rows[:, 0], prepend=0), grid.LARGEST)
    return steps
