"""New music carries the signature of its key; a seed's stays with it."""

from __future__ import annotations

import pytest

from model.generation import seeds
from model.generation.finishing import in_key, signature_of
from model.keys import KEYS
from model.midi import read_midi, write_midi
from model.piece import BEND, CONTROL, KEY_SIGNATURE, NOTE, Instrument, Piece, table

SIGNATURES = {
    "C major": (0, False), "G major": (1, False), "F major": (-1, False), "Eb major": (-3, False),
    "Db major": (-5, False), "F# major": (6, False), "A minor": (0, True), "E minor": (1, True), "C minor": (-3, True),
    "C# minor": (4, True), "G# minor": (5, True), "F# minor": (3, True), "Eb minor": (-6, True),
}  # fmt: skip
PIECE = Piece(table(NOTE, [(480 * n, 480, 60 + n, 80, 0) for n in range(8)]), (Instrument(),), 480)


@pytest.mark.parametrize("key", SIGNATURES)
def test_a_key_is_written_with_its_usual_signs(key):
    assert signature_of(key) == SIGNATURES[key]


def test_every_key_has_a_signature_that_midi_can_hold():
    assert all(abs(signature_of(key)[0]) <= 7 for key in KEYS)


def test_a_file_in_a_known_key_says_so():
    again = read_midi(write_midi(in_key(PIECE, "E minor"))).piece
    assert again.key_signatures.tolist() == [(0, 1, True)]
    assert in_key(PIECE, None).key_signatures.tolist() == []


def test_a_signature_that_is_in_force_is_not_said_again():
    once = in_key(PIECE, "E minor")
    assert in_key(once, "E minor", 960).key_signatures.tolist() == [(0, 1, True)]
    assert in_key(once, "C major", 960).key_signatures.tolist() == [(0, 1, True), (960, 0, False)]


def test_signature_volume_and_bend_of_a_seed_move_with_its_notes():
    seed = Piece(
        table(NOTE, [(960, 480, 60, 80, 0)]), (Instrument(),), 480,
        key_signatures=table(KEY_SIGNATURE, [(0, -3, False)]), controls=table(CONTROL, [(0, 7, 100, 0)]),
        bends=table(BEND, [(1200, 4096, 2, 0)]),
    )  # fmt: skip
    moved = seeds.divided(seeds.from_tick(seed, 960), 2)
    assert moved.key_signatures.tolist() == [(0, -3, False)]
    assert moved.controls.tolist() == [(0, 7, 100, 0)]
    assert moved.bends.tolist() == [(480, 4096, 2, 0)]
