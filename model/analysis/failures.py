"""The ways in which simple models fail in the ears, each counted over a set of pieces; real music is the control."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.analysis.metrics import pitch_line, pitched, sounding_spans
from model.piece import Piece

LARGEST_PITCH_SHARE = 0.5
LONGEST_LOOP_NOTES, MOST_REPEATS = 4, 8
LONGEST_SILENCE_S = 4.0
FEWEST_PITCHES = 12


def has_one_pitch(piece: Piece) -> bool:
    """More than half of the pitched notes are the same one."""
    pitches = pitched(piece)["pitch"]
    return bool(len(pitches) and np.bincount(pitches).max() > LARGEST_PITCH_SHARE * len(pitches))


def has_loop(piece: Piece) -> bool:
    """The same 1 to 4 notes, in the order they are struck, come more than 8 times in a row."""
    line = pitch_line(piece)
    return any(longest_row(line[loop:] == line[:-loop]) >= loop * MOST_REPEATS for loop in _loops(line))


def has_silence(piece: Piece) -> bool:
    """Nothing sounds for more than four seconds, before the first note or between two."""
    spans = sounding_spans(piece.onsets_s, piece.offsets_s)
    ends = [0.0, *(end for _, end in spans)]
    return any(start - end > LONGEST_SILENCE_S for (start, _), end in zip(spans, ends, strict=False))


def has_few_pitches(piece: Piece) -> bool:
    """Fewer than 12 different pitches are struck (all that belong to drums left out)."""
    return len(np.unique(pitched(piece)["pitch"])) < FEWEST_PITCHES


FAILURES: dict[str, Callable[[Piece], bool]] = {
    "one_pitch": has_one_pitch,
    "loop": has_loop,
    "silence": has_silence,
    "few_pitches": has_few_pitches,
}
MEANINGS = {
    "one_pitch": "more than half of the notes have one pitch",
    "loop": "the same 1 to 4 notes come more than 8 times in a row",
    "silence": "nothing sounds for more than 4 seconds",
    "few_pitches": "fewer than 12 different pitches",
}


def failures(piece: Piece) -> list[str]:
    """The names of the ways in which `piece` fails."""
    return [name for name, fails in FAILURES.items() if fails(piece)]


def counted(pieces: Sequence[Piece]) -> dict[str, int]:
    """How many of `pieces` fail in each way, and in `any`."""
    found = [failures(piece) for piece in pieces]
    return {name: sum(name in one for one in found) for name in FAILURES} | {"any": sum(map(bool, found))}


def longest_row(flags: np.ndarray) -> int:
    """The length of the longest row of True in `flags`, bool (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _loops(line: np.ndarray) -> range:
    return range(1, min(LONGEST_LOOP_NOTES, len(line) - 1) + 1)
