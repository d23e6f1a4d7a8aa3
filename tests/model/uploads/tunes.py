"""Tunes for data sets: as many as are asked for, none like another, as the bytes of MIDI files."""

from __future__ import annotations

import numpy as np

from model.midi import write_midi
from model.piece import NOTE, Instrument, Piece, table


def piece(
    seed: int, notes: int = 60, transposed: int = 0, instruments: tuple[Instrument, ...] = (Instrument(),)
) -> Piece:
    """A walk up and down the keys that no other seed gives."""
    rng = np.random.default_rng(seed)
    onsets = np.cumsum(rng.integers(60, 400, notes))
    pitches = rng.integers(45, 80, notes) + transposed
    rows = [
        (int(onset), 50, int(pitch), 64, index % len(instruments))
        for index, (onset, pitch) in enumerate(zip(onsets, pitches, strict=True))
    ]
    return Piece(notes=table(NOTE, rows), instruments=instruments)


def tune(seed: int, notes: int = 60, transposed: int = 0) -> bytes:
    """The file of `piece`."""
    return write_midi(piece(seed, notes, transposed))
