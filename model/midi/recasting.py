"""Another key or tempo for a piece, without new notes. The worker calls it for *Key and tempo* under a piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.errors import RequestError
from model.piece import Piece

HIGHEST_PITCH = 127
LONGEST_QUARTER_US = 0xFFFFFF  # that a MIDI file can state
FIFTHS = 7  # semitones; a key a fifth higher has one sharp more
FLATTEST = -5  # sharps of the signature that is chosen among twelve


def transposed(piece: Piece, semitones: int) -> Piece:
    """`piece` with all pitched notes `semitones` higher, and its key signatures with them; drums stay.

    Raises:
        RequestError: a note would leave 0..127.
    """
    if not semitones:
        return piece
    notes = piece.notes.copy()
    is_pitched = ~piece.is_drum_note
    notes["pitch"][is_pitched] += semitones
    pitches = notes["pitch"][is_pitched]
    if len(pitches) and not (pitches.min() >= 0 and pitches.max() <= HIGHEST_PITCH):
        which = "highest" if semitones > 0 else "lowest"
        raise RequestError(f"The {which} notes would leave the range of MIDI. Choose fewer semitones.")
    signatures = piece.key_signatures.copy()
    signatures["sharps"] = (signatures["sharps"] + FIFTHS * semitones - FLATTEST) % 12 + FLATTEST
    return replace(piece, notes=notes, key_signatures=signatures)


def at_tempo(piece: Piece, factor: float) -> Piece:
    """`piece` played `factor` times as fast: the same ticks on another tempo map."""
    tempos = piece.tempos.copy()
    tempos["quarter_us"] = np.clip(np.rint(tempos["quarter_us"] / factor), 1, LONGEST_QUARTER_US)
    return replace(piece, tempos=tempos)
