"""Pieces made up for tests: hypothesis strategies for odd ones, and seeded random ones to learn from."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from model.midi.repairs import cut_overlaps
from model.piece import NOTE, PEDAL, TEMPO, Instrument, Piece, table
from model.representation import Performance

ONSETS = st.one_of(st.integers(0, 400), st.integers(0, 5_000), st.integers(0, 2_000_000))
DURATIONS = st.one_of(st.integers(1, 300), st.integers(1, 60_000), st.integers(1, 2_000_000))
INSTRUMENTS = (Instrument(), Instrument(40), Instrument(is_drum=True))


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """Odd pieces: chords, keys struck while they sound, pedals, tempo changes, gaps of hours, drums; empty ones too."""
    row = st.tuples(ONSETS, DURATIONS, st.integers(0, 127), st.integers(1, 127), st.integers(0, 2))
    few_keys = st.tuples(st.integers(0, 40), st.integers(1, 40), st.integers(60, 63), st.integers(1, 127), st.just(0))
    notes = table(NOTE, draw(st.lists(st.one_of(row, few_keys), max_size=40)))
    pedal = st.tuples(ONSETS, DURATIONS, st.integers(0, 2))
    tempos = draw(st.dictionaries(st.integers(1, 5_000), st.integers(20_000, 3_000_000), max_size=3))
    return Piece(
        notes=cut_overlaps(notes)[0] if len(notes) and draw(st.booleans()) else notes,
        instruments=INSTRUMENTS,
        ticks_per_quarter=draw(st.sampled_from([24, 96, 480, 500, 960])),
        tempos=table(TEMPO, [(0, 500_000), *sorted(tempos.items())]),
        pedals=table(PEDAL, draw(st.lists(pedal, max_size=6))),
    )


def steps_of(rng: np.random.Generator, notes: int) -> np.ndarray:
    """Raw performance steps, int32 (about `notes`, 4): a random walk with chords, repeated keys and ends that meet."""
    onsets = np.cumsum(rng.choice([0, 0, 10, 25, 26, 50, 300], notes, p=[0.1, 0.1, 0.2, 0.2, 0.2, 0.15, 0.05])) * 10
    durations = rng.choice([100, 250, 500, 2_000], notes)
    pitches, velocities = rng.integers(48, 84, notes), rng.integers(20, 110, notes)
    rows = zip(onsets, durations, pitches, velocities, [0] * notes, strict=True)
    return Performance().encode(Piece(notes=table(NOTE, list(rows))))


def scales(count: int, notes: int, seed: int = 0) -> list[np.ndarray]:
    """Music that is easy to learn: `count` pieces of rising scales with even notes, raw steps each."""
    rng = np.random.default_rng(seed)
    pieces = []
    for _ in range(count):
        steps = np.zeros((notes, 4), dtype=np.int32)
        steps[:, 0] = 25
        steps[0, 0] = 0
        steps[:, 1] = 48 + (rng.integers(12) + np.arange(notes)) % 24
        steps[:, 2] = 16
        steps[:, 3] = 20
        pieces.append(steps)
    return pieces
