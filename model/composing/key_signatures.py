"""The key signature of new music whose key is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.controls import KEYS
from model.piece import KEY_SIGNATURE, Piece, table

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
