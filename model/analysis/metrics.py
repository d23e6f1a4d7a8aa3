"""Metrics of one piece, and the ways in which simple models fail; each takes a piece with its pedal applied.

The first six are from the literature: pitch-class entropy and groove by Wu and Yang (2020, "The Jazz Transformer on the
front line"), scale consistency by Mogren (2016, "C-RNN-GAN"), the rest as in Dong et al. (2020, "MusPy"). A metric is
NaN for a piece that is too short for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from model.analysis.melody_hashes import CHORD_S
from model.piece import Piece, bar_starts

REPEATED_NOTES = 8
SIXTEENTHS = 4  # to a quarter note: the grid that groove is measured on
MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)  # a natural minor scale has the pitches of its parallel major
UNITS = {
    "pitch_class_entropy": "bits", "scale_consistency": "share", "groove": "share", "note_density": "notes a second",
    "polyphony": "notes at once", "repeated_8_grams": "share", "pitch_range": "semitones",
    "velocity_spread": "MIDI velocity", "note_length": "seconds",
}  # fmt: skip
LARGEST_PITCH_SHARE = 0.5
LONGEST_LOOP_NOTES, MOST_REPEATS = 4, 8
LONGEST_SILENCE_S = 4.0
FEWEST_PITCHES = 12
MEANINGS = {
    "one_pitch": "more than half of the notes have one pitch",
    "loop": "the same 1 to 4 notes come more than 8 times in a row",
    "silence": "nothing sounds for more than 4 seconds",
    "few_pitches": "fewer than 12 different pitches",
}


def pitched(piece: Piece) -> np.ndarray:
    """The notes of `piece` but the drums', structured as its note table."""
    is_drum = np.array([instrument.is_drum for instrument in piece.instruments], dtype=bool)
    return piece.notes[~is_drum[piece.notes["instrument"]]]


def pitch_line(piece: Piece) -> np.ndarray:
    """The pitches of all pitched notes as one line, int64 (notes,): by onset, chords from the lowest note up."""
    notes = pitched(piece)
    if not len(notes):
        return np.zeros(0, dtype=np.int64)
    onsets = piece.seconds_at(notes["onset"])
    chords = np.cumsum(np.diff(onsets, prepend=onsets[0]) > CHORD_S)
    return notes["pitch"][np.lexsort((notes["pitch"], chords))].astype(np.int64)


def pitch_class_entropy(piece: Piece) -> float:
    """Entropy of the pitch-class histogram in bits: 0 for a single pitch class, 3.58 for a uniform histogram."""
    counts = np.bincount(pitched(piece)["pitch"] % 12, minlength=12)
    shares = counts[counts > 0] / max(counts.sum(), 1)
    return float(-(shares * np.log2(shares)).sum()) if counts.any() else float("nan")


def scale_consistency(piece: Piece) -> float:
    """The share of notes in the major scale that holds most of them, 7/12..1 or so."""
    counts = np.bincount(pitched(piece)["pitch"] % 12, minlength=12)
    inside = [counts[(np.array(MAJOR_SCALE) + tonic) % 12].sum() for tonic in range(12)]
    return float(max(inside) / counts.sum()) if counts.any() else float("nan")


def groove(piece: Piece) -> float:
    """Similarity of neighbouring bars: 1 minus the share of sixteenths at which only one of the two has an onset.

    Music played without a click has bars of two seconds here, because its files state 120 quarters a minute; groove
    then measures how even it is.
    """
    bars = bar_starts(piece)
    grid = piece.ticks_per_quarter / SIXTEENTHS
    bar = np.searchsorted(bars, piece.notes["onset"], side="right") - 1
    widest = int(np.ceil(np.diff(bars).max() / grid)) if len(bars) > 1 else 1
    cells = np.floor((piece.notes["onset"] - bars[bar]) / grid).astype(np.int64)
    struck = np.zeros((len(bars), max(widest, int(cells.max(initial=0)) + 1)), dtype=bool)
    struck[bar, cells] = True
    return float(1 - (struck[1:] != struck[:-1]).mean()) if len(bars) > 1 else float("nan")


def note_density(piece: Piece) -> float:
    """Notes per second, from the start of the piece to its last onset."""
    last_s = float(piece.onsets_s.max()) if len(piece) else 0.0
    return len(piece) / last_s if last_s > 0 else float("nan")


def polyphony(piece: Piece) -> float:
    """Pitched notes sounding at once, on average over the time in which any does."""
    notes = pitched(piece)
    starts, ends = piece.seconds_at(notes["onset"]), piece.seconds_at(notes["onset"] + notes["duration"])
    heard_s = sum(end - start for start, end in sounding_spans(starts, ends))
    return float((ends - starts).sum() / heard_s) if heard_s > 0 else float("nan")


def repeated_runs(piece: Piece) -> float:
    """Share of the runs of 8 pitches that occur earlier in the same piece, 0..1."""
    line = pitch_line(piece)
    if len(line) < REPEATED_NOTES:
        return float("nan")
    runs = np.lib.stride_tricks.sliding_window_view(line, REPEATED_NOTES)
    return 1 - len(np.unique(runs, axis=0)) / len(runs)


def pitch_range(piece: Piece) -> float:
    """Semitones from the lowest pitch to the highest."""
    pitches = pitched(piece)["pitch"]
    return float(np.ptp(pitches)) if len(pitches) else float("nan")


def velocity_spread(piece: Piece) -> float:
    """Standard deviation of the velocities of all notes."""
    return float(piece.notes["velocity"].std()) if len(piece) else float("nan")


def note_length(piece: Piece) -> float:
    """Seconds that a pitched note sounds: the median."""
    notes = pitched(piece)
    lengths = piece.seconds_at(notes["onset"] + notes["duration"]) - piece.seconds_at(notes["onset"])
    return float(np.median(lengths)) if len(notes) else float("nan")


def sounding_spans(starts: np.ndarray, ends: np.ndarray) -> list[tuple[float, float]]:
    """The spans in which at least one note sounds, in order; all in the unit of the arguments."""
    if not len(starts):
        return []
    order = np.argsort(starts, kind="stable")
    starts, reach = starts[order], np.maximum.accumulate(ends[order])
    fresh = np.flatnonzero(np.concatenate([[True], starts[1:] > reach[:-1]]))
    last = np.concatenate([fresh[1:] - 1, [len(starts) - 1]])
    return list(zip(starts[fresh].tolist(), reach[last].tolist(), strict=True))


METRICS: dict[str, Callable[[Piece], float]] = {
    "pitch_class_entropy": pitch_class_entropy,
    "scale_consistency": scale_consistency,
    "groove": groove,
    "note_density": note_density,
    "polyphony": polyphony,
    "repeated_8_grams": repeated_runs,
    "pitch_range": pitch_range,
    "velocity_spread": velocity_spread,
    "note_length": note_length,
}


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


def failures(piece: Piece) -> list[str]:
    """The names of the failures of `piece`."""
    return [name for name, fails in FAILURES.items() if fails(piece)]


def counted(pieces: Sequence[Piece]) -> dict[str, int]:
    """The number of `pieces` with each failure, and with `any`."""
    found = [failures(piece) for piece in pieces]
    return {name: sum(name in one for one in found) for name in FAILURES} | {"any": sum(map(bool, found))}


def longest_row(flags: np.ndarray) -> int:
    """The length of the longest row of True in `flags`, bool (n,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _loops(line: np.ndarray) -> range:
    return range(1, min(LONGEST_LOOP_NOTES, len(line) - 1) + 1)
