"""What the child that reads members' files does with one: MIDI in, facts and the music written again out.

What goes back is the music as `write_midi` writes it: the bytes that were sent go no further than the child.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from model.controls import DRUMS, FAMILIES, KEYS, keys_of
from model.corpora.near_duplicates import sketch
from model.errors import MidiError
from model.midi import MidiLimits, read_midi, write_midi
from model.pictures.roll_layout import drum_mask
from model.piece import Piece

FEWEST_NOTES = 16  # a piece shorter than this teaches nothing: training leaves it out


def facts_of(head: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bytes]:
    """Facts of the piece in `data` as JSON, and its MIDI written again; or why it is refused, and no bytes."""
    try:
        read = read_midi(data, MidiLimits(**head["limits"]))
        piece = read.piece
        written = write_midi(piece)
    except MidiError as error:
        return {"refused": error.sentence, "code": error.code}, b""
    if len(piece) < FEWEST_NOTES:
        sentence = f"It has fewer than {FEWEST_NOTES} notes, too few to learn from; send a longer piece."
        return {"refused": sentence, "code": "too_few_notes"}, b""
    facts = {
        "notes": len(piece),
        "seconds": round(piece.end_s, 2),
        "instruments": _families(piece),
        "key": _key(piece),
        "title": piece.title[:200],
        "repairs": list(read.repairs),
    }
    return {"facts": facts, "sketch": sketch(piece).tobytes().hex()}, written


def _families(piece: Piece) -> dict[str, int]:
    families = [DRUMS if one.is_drum else one.program // 8 for one in piece.instruments]
    counts = Counter(families[number] for number in piece.notes["instrument"].tolist())
    return {FAMILIES[family]: count for family, count in counts.most_common()}


def _key(piece: Piece) -> str:
    notes = piece.notes[~drum_mask(piece)]
    index = int(keys_of(np.bincount(notes["pitch"] % 12, weights=notes["duration"], minlength=12)))
    return KEYS[index] if index >= 0 else ""
