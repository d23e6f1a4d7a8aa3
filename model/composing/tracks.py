"""Names for the tracks of new music."""

from __future__ import annotations

from dataclasses import replace

from model.instruments import DRUMS_PROGRAM, name_of
from model.piece import Piece


def named(piece: Piece, first: int = 0) -> Piece:
    """`piece` whose instruments from index `first` on, where they have no name, are called what they are."""
    instruments = tuple(
        replace(one, name=name_of(DRUMS_PROGRAM if one.is_drum else one.program).capitalize())
        if index >= first and not one.name
        else one
        for index, one in enumerate(piece.instruments)
    )
    return piece if instruments == piece.instruments else replace(piece, instruments=instruments)
