"""Who plays the new notes beside a seed: its own instruments where they fit, else new ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.piece import Instrument, Piece

OWN_INSTRUMENT = Instrument(name="Cadenza")


Players = tuple[NDArray[np.int16], tuple[Instrument, ...]]


def players(composed: Piece, seed: Piece, is_part_of_seed: bool = True) -> Players:
    """For each instrument of `composed` its index among the instruments of both, which are returned with it.

    Music for one plain piano is played by the seed's only pitched instrument, where it has just one; else by a piano of
    its own. Music for several goes to those of the seed with the same program, or as many from high to low.

    Args:
        composed: the new music.
        seed: what it is put together with.
        is_part_of_seed: False where the new notes are to be told from the seed's by their instrument.
    """
    used = _used(seed)
    pitched = [index for index in used if not seed.instruments[index].is_drum]
    if len(composed.instruments) == 1:
        if len(pitched) == 1 and is_part_of_seed:
            return np.array(pitched, dtype=np.int16), seed.instruments
        own = OWN_INSTRUMENT if composed.instruments[0] == Instrument() else composed.instruments[0]
        if own in seed.instruments:  # the seed is a piece of ours, taken up once more
            return np.array([seed.instruments.index(own)], dtype=np.int16), seed.instruments
        return np.array([len(seed.instruments)], dtype=np.int16), (*seed.instruments, own)
    if is_part_of_seed and len(pitched) == len(composed.instruments) == len(_used(composed)):
        return _from_high_to_low(composed, seed, pitched), seed.instruments
    return _by_program(composed, seed, used if is_part_of_seed else [])


def _used(piece: Piece) -> list[int]:
    return [int(index) for index in np.unique(piece.notes["instrument"])]


def _from_high_to_low(composed: Piece, seed: Piece, pitched: list[int]) -> NDArray[np.int16]:
    matched = np.zeros(len(composed.instruments), dtype=np.int16)
    for own, other in zip(_ordered(composed, _used(composed)), _ordered(seed, pitched), strict=True):
        matched[own] = other
    return matched


def _ordered(piece: Piece, instruments: list[int]) -> list[int]:
    """Instruments by the mean of their pitches, the highest first."""
    notes = piece.notes
    return sorted(instruments, key=lambda index: -float(notes["pitch"][notes["instrument"] == index].mean()))


def _by_program(composed: Piece, seed: Piece, used: list[int]) -> Players:
    together, free = list(seed.instruments), list(used)
    matched = np.zeros(len(composed.instruments), dtype=np.int16)
    for own in _used(composed):
        instrument = composed.instruments[own]
        fitting = [index for index in free if _sound(seed.instruments[index]) == _sound(instrument)]
        if fitting:
            matched[own] = fitting[0]
            free.remove(fitting[0])
        else:
            matched[own] = len(together)
            together.append(instrument)
    return matched, tuple(together)


def _sound(instrument: Instrument) -> int:
    return -1 if instrument.is_drum else instrument.program
