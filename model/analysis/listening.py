"""What a listener notices in a piece: silence, bursts, walls of notes, whether anything returns, how it ends.

Each function measures one piece whose sustain pedal is already applied to its durations (`model.piece`); drums are
left out. The report sets every figure beside the same figure of real music, because none of them has a right value of
its own: a recording of a slow movement is silent for a while, too.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from model.analysis.key_and_tempo import found_keys
from model.analysis.melody_hashes import CHORD_S
from model.analysis.metrics import pitched, sounding_spans
from model.piece import Piece

GAP_S = 0.5  # a silence that is heard as a gap
BURST_S = 0.3
GRAM = 4  # top-line notes that are compared at once
LOWEST_KEY, HIGHEST_KEY = 21, 108  # of a piano
RECALL_BARS = 4  # a bar that comes back sooner than this belongs to the same phrase
SIXTEENTHS = 4  # of a quarter note: the grid on which bars are compared
FEWEST_MELODY_NOTES = 12


def silence_share(piece: Piece) -> float:
    """Share of the time from the first onset to the last release in which no note sounds, 0..1."""
    spans = _spans(piece)
    total = spans[-1][1] - spans[0][0] if spans else 0.0
    return 1 - sum(end - start for start, end in spans) / total if total > 0 else float("nan")


def gaps_per_minute(piece: Piece) -> float:
    """How often nothing sounds for more than half a second, per minute of onsets."""
    spans, onsets = _spans(piece), _onsets_s(piece)
    if len(spans) == 0 or np.ptp(onsets) <= 0:
        return float("nan")
    gaps = sum(start - end > GAP_S for (_, end), (start, _) in pairwise(spans) if start <= onsets[-1])
    return gaps / (float(np.ptp(onsets)) / 60)


def largest_burst(piece: Piece) -> float:
    """The most notes that start within .3 seconds."""
    onsets = _onsets_s(piece)
    if not len(onsets):
        return float("nan")
    return float((np.searchsorted(onsets, onsets + BURST_S) - np.arange(len(onsets))).max())


def most_sounding(piece: Piece) -> float:
    """The most notes that sound at the same time; a note that ends where another starts does not overlap it."""
    notes = pitched(piece)
    starts, ends = piece.seconds_at(notes["onset"]), piece.seconds_at(notes["onset"] + notes["duration"])
    times = np.concatenate([starts, ends])
    changes = np.concatenate([np.ones(len(starts), dtype=int), -np.ones(len(ends), dtype=int)])
    order = np.lexsort((changes, times))
    return float(np.cumsum(changes[order]).max(initial=0))


def outside_keyboard(piece: Piece) -> float:
    """Share of the notes that a piano does not have (below A0 or above C8), 0..1."""
    pitches = pitched(piece)["pitch"]
    return float(np.mean((pitches < LOWEST_KEY) | (pitches > HIGHEST_KEY))) if len(pitches) else float("nan")


def first_onset_s(piece: Piece) -> float:
    """Seconds before the first note, drums included."""
    return float(piece.onsets_s.min()) if len(piece) else float("nan")


def top_line_returns(piece: Piece) -> float:
    """Share of the top line's 4-grams of pitches that the piece has had before, 0..1."""
    grams = _grams(_top_line(piece))
    return 1 - len(set(grams)) / len(grams) if grams else float("nan")


def ends_on_tonic(piece: Piece) -> float:
    """1 if the lowest note of the last chord is the tonic of the piece's key, else 0."""
    chords = _chords(piece)
    key = int(found_keys([piece])[0])
    return float(min(chords[-1]) % 12 == key % 12) if chords and key >= 0 else float("nan")


def melody_bars_returning(piece: Piece) -> float:
    """Share of the melody's bars that are equal, note for note on a grid of sixteenths, to an earlier bar, 0..1."""
    bars = [bar for bar in _melody_bars(piece) if bar]
    return 1 - len(set(bars)) / len(bars) if bars else float("nan")


def best_recall(piece: Piece) -> float:
    """How alike a melody bar and the most similar one four or more bars earlier are, on average, 0..1.

    Likeness is the share of common notes (Jaccard index of position and pitch).
    """
    bars = _melody_bars(piece)
    found = []
    for index in range(RECALL_BARS, len(bars)):
        earlier = bars[: index - RECALL_BARS + 1]
        if bars[index]:
            found.append(max(len(bars[index] & bar) / len(bars[index] | bar) for bar in earlier))
    return float(np.mean(found)) if found else float("nan")


LISTENING: dict[str, Callable[[Piece], float]] = {
    "silence_share": silence_share,
    "gaps_per_minute": gaps_per_minute,
    "largest_burst": largest_burst,
    "most_sounding": most_sounding,
    "outside_keyboard": outside_keyboard,
    "first_onset": first_onset_s,
    "top_line_returns": top_line_returns,
    "ends_on_tonic": ends_on_tonic,
    "melody_bars_returning": melody_bars_returning,
    "best_recall": best_recall,
}
LISTENING_UNITS = {
    "silence_share": "share of the time", "gaps_per_minute": "gaps over .5 s a minute",
    "largest_burst": "onsets in .3 s", "most_sounding": "notes at once", "outside_keyboard": "share of the notes",
    "first_onset": "seconds", "top_line_returns": "share of 4-grams", "ends_on_tonic": "share of pieces",
    "melody_bars_returning": "share of bars", "best_recall": "likeness, 0 to 1",
}  # fmt: skip


def seed_reuse(seed: Piece, continuation: Piece) -> float:
    """Share of the 4-grams in a continuation's top line that are also in its seed's top line, 0..1."""
    known, grams = set(_grams(_top_line(seed))), _grams(_top_line(continuation))
    return float(np.mean([gram in known for gram in grams])) if grams else float("nan")


def semitone_clashes(melody: Piece, accompaniment: Piece) -> float:
    """Share of the melody's notes that sound together with an accompanying note a semitone off, 0..1.

    Any octave counts: a semitone, a major seventh, a minor ninth.
    """
    notes, others = pitched(melody), pitched(accompaniment)
    starts, ends = melody.seconds_at(notes["onset"]), melody.seconds_at(notes["onset"] + notes["duration"])
    other_starts = accompaniment.seconds_at(others["onset"])
    other_ends = accompaniment.seconds_at(others["onset"] + others["duration"])
    clashes = [
        bool(np.isin(np.abs(others["pitch"][(other_starts < end) & (other_ends > start)] - pitch) % 12, (1, 11)).any())
        for start, end, pitch in zip(starts, ends, notes["pitch"], strict=True)
    ]
    return float(np.mean(clashes)) if clashes else float("nan")


def _onsets_s(piece: Piece) -> NDArray[np.float64]:
    """Onsets of the pitched notes in order, seconds (notes,)."""
    return np.sort(piece.seconds_at(pitched(piece)["onset"]))


def _spans(piece: Piece) -> list[tuple[float, float]]:
    """The spans of seconds in which a pitched note sounds, in order."""
    notes = pitched(piece)
    return sounding_spans(piece.seconds_at(notes["onset"]), piece.seconds_at(notes["onset"] + notes["duration"]))


def _chords(piece: Piece) -> list[list[int]]:
    """The pitches struck together, chord by chord."""
    notes = pitched(piece)
    onsets = piece.seconds_at(notes["onset"])
    order = np.lexsort((notes["pitch"], onsets))
    starts = np.flatnonzero(np.diff(onsets[order]) > CHORD_S) + 1
    return [part.tolist() for part in np.split(notes["pitch"][order], starts)] if len(order) else []


def _top_line(piece: Piece) -> list[int]:
    """The highest pitch of each chord."""
    return [max(chord) for chord in _chords(piece)]


def _grams(line: list[int]) -> list[tuple[int, ...]]:
    return [tuple(line[index : index + GRAM]) for index in range(len(line) - GRAM + 1)]


def _melody_bars(piece: Piece) -> list[frozenset[tuple[int, int]]]:
    """The bars of the highest instrument as sets of (sixteenth in the bar, pitch), from its first note to its last.

    The melody is the instrument with the highest mean pitch among those with at least twelve notes.
    """
    notes = pitched(piece)
    lines = [notes[notes["instrument"] == index] for index in np.unique(notes["instrument"])]
    lines = [line for line in lines if len(line) >= FEWEST_MELODY_NOTES]
    if not lines:
        return []
    melody = max(lines, key=lambda line: float(line["pitch"].mean()))
    meter = piece.meters[0]
    bar = SIXTEENTHS * 4 * int(meter["numerator"]) // int(meter["denominator"])
    places = np.rint(melody["onset"] / piece.ticks_per_quarter * SIXTEENTHS).astype(np.int64)
    first = int(places.min()) // max(bar, 1)
    bars: list[set[tuple[int, int]]] = [set() for _ in range(int(places.max()) // max(bar, 1) - first + 1)]
    for place, pitch in zip(places.tolist(), melody["pitch"].tolist(), strict=True):
        bars[place // max(bar, 1) - first].add((place % max(bar, 1), pitch))
    return [frozenset(one) for one in bars]
