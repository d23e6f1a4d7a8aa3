"""Last changes to a composed piece: its limit of sounding notes, the names of its tracks, its key signature."""

from __future__ import annotations

import heapq
from dataclasses import replace

import numpy as np

from model.instruments import DRUMS_PROGRAM, MOST_SOUNDING, name_of
from model.keys import KEYS
from model.piece import KEY_SIGNATURE, Piece, table


def limited(piece: Piece, together: int | None = None) -> Piece:
    """`piece` in which no pitched instrument has more notes sounding than `MOST_SOUNDING` of its program.

    A note too many ends the one that was struck first; of a chord with too many notes the lowest are left out.

    Args:
        piece: as it was drawn.
        together: how many may sound at once of all pitched instruments; None for no limit but theirs.
    """
    notes, kept = piece.notes.copy(), np.ones(len(piece), dtype=bool)
    for index, one in enumerate(piece.instruments):
        if not one.is_drum:
            mine = np.flatnonzero(notes["instrument"] == index)
            _limit(notes, kept, mine, int(MOST_SOUNDING[one.program]))
    if together is not None:
        is_pitched = np.array([not one.is_drum for one in piece.instruments], dtype=bool)
        _limit(notes, kept, np.flatnonzero(kept & is_pitched[notes["instrument"]]), together)
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


def named(piece: Piece, first: int = 0) -> Piece:
    """`piece` whose instruments from index `first` on, where they have no name, are called what they are."""
    instruments = tuple(
        replace(one, name=name_of(DRUMS_PROGRAM if one.is_drum else one.program).capitalize())
        if index >= first and not one.name
        else one
        for index, one in enumerate(piece.instruments)
    )
    return piece if instruments == piece.instruments else replace(piece, instruments=instruments)


# sharps (flats below 0) of the major key on each pitch class from C up: as few signs as there can be
SHARPS = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
MINOR_THIRD, CHROMA = 3, 12
OTHERWISE = {"Eb minor": -6}  # as it is usually written


def signature_of(key: str) -> tuple[int, bool]:
    """Sharps (negative: flats) and whether it is minor, of one of `KEYS`."""
    mode, tonic = divmod(KEYS.index(key), CHROMA)
    if mode == 0:
        return SHARPS[tonic], False
    return OTHERWISE.get(key, SHARPS[(tonic + MINOR_THIRD) % CHROMA]), True


def in_key(piece: Piece, key: str | None, tick: int = 0) -> Piece:
    """`piece` with the signature of `key` from `tick` on, in place of later ones; as it is for None.

    Where it is in force already, nothing is added.
    """
    if key is None:
        return piece
    sharps, is_minor = signature_of(key)
    before = piece.key_signatures[piece.key_signatures["tick"] < tick]
    if len(before) and (int(before["sharps"][-1]), bool(before["is_minor"][-1])) == (sharps, is_minor):
        return replace(piece, key_signatures=before)
    added = table(KEY_SIGNATURE, [(tick, sharps, is_minor)])
    return replace(piece, key_signatures=np.concatenate([before, added]))
