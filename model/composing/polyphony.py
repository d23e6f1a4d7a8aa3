"""No more notes at once than an instrument can hold: the oldest are released, as a player would.

A network that draws long notes keeps adding to them: a piano of a hundred sounding strings is no piano.
"""

from __future__ import annotations

import heapq

import numpy as np

from model.instrument_ranges import MOST_SOUNDING
from model.piece import Piece


def limited(piece: Piece) -> Piece:
    """`piece` in which no pitched instrument has more notes sounding than `MOST_SOUNDING` of its program.

    A note too many ends the one that was struck first; of a chord with too many notes the lowest are left out.
    """
    notes, kept = piece.notes.copy(), np.ones(len(piece), dtype=bool)
    for index, one in enumerate(piece.instruments):
        if not one.is_drum:
            mine = np.flatnonzero(notes["instrument"] == index)
            _limit(notes, kept, mine, int(MOST_SOUNDING[one.program]))
    return piece.with_notes(notes[kept])


def _limit(notes: np.ndarray, kept: np.ndarray, mine: np.ndarray, most: int) -> None:
    """Shorten or leave out notes at the rows `mine`, which are in order of onset, then pitch."""
    sounding: list[tuple[int, int]] = []  # onset and row; the oldest first
    for row in mine.tolist():
        onset = int(notes["onset"][row])
        sounding = [(at, other) for at, other in sounding if at + int(notes["duration"][other]) > onset]
        heapq.heapify(sounding)
        while len(sounding) >= most:
            at, other = heapq.heappop(sounding)
            if at == onset:
                kept[other] = False
            else:
                notes["duration"][other] = onset - at
        heapq.heappush(sounding, (onset, row))
