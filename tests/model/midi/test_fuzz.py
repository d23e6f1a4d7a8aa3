"""Damaged files, made by chance from a fixed seed: each is read or refused, and the process lives on."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from model.errors import MidiError
from model.midi import MidiLimits, read_midi, write_midi
from model.midi.limits import SENTENCES
from model.piece import NOTE, PEDAL, TEMPO, Instrument, Piece, table

FILES = 1500


def sample(seed: int) -> bytes:
    chance = random.Random(seed)
    notes = [
        (chance.randrange(4000), chance.randrange(1, 900), chance.randrange(128), chance.randrange(1, 128), voice)
        for voice in range(3)
        for _ in range(12)
    ]
    piece = Piece(
        notes=table(NOTE, notes),
        instruments=(Instrument(0, name="piano"), Instrument(40), Instrument(0, True)),
        tempos=table(TEMPO, [(0, 500_000), (1000, 400_000)]),
        pedals=table(PEDAL, [(0, 100, 0), (300, 100, 1)]),
        title="A title",
    )
    return write_midi(piece, "a comment")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """`data` with one to five bytes changed, lost, doubled, added, or with its end cut off."""
    damaged = bytearray(data)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(damaged)) if damaged else 0
        match chance.randrange(6):
            case 0 | 1:
                damaged[at : at + 1] = chance.randbytes(1)
            case 2:
                del damaged[at : at + chance.randrange(1, 20)]
            case 3:
                damaged[at:at] = chance.randbytes(chance.randrange(1, 10))
            case 4:
                damaged[at:at] = damaged[at : at + 40]
            case _:
                damaged = damaged[: max(at, 30)]
    return bytes(damaged)


@pytest.mark.parametrize("limits", [MidiLimits(), MidiLimits.for_data()], ids=["seed", "data"])
def test_damaged_files_are_read_or_refused(limits: MidiLimits) -> None:
    outcomes: Counter[str] = Counter()
    for number in range(FILES):
        data = mutated(sample(number % 5), random.Random(number))
        try:
            read = read_midi(data, limits)
        except MidiError as refused:
            outcomes[refused.code] += 1
        else:
            outcomes["read"] += 1
            assert len(read.piece) > 0
            assert read.piece.notes["duration"].min() > 0
            assert 0 <= read.piece.end_s <= limits.duration_s
            assert len(read_midi(write_midi(read.piece), limits).piece) == len(read.piece)

    assert set(outcomes) <= {*SENTENCES, "read"}
    # Both ends of the scale are really met.
    assert outcomes["read"] > FILES / 20
    assert outcomes["damaged"] > FILES / 20
