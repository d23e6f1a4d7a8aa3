"""Seeds are read in a child process: the same piece comes back, and a hostile file costs little and itself alone."""

from __future__ import annotations

import os
import signal
import struct
import tracemalloc

import numpy as np
import pytest

from model.errors import MidiError
from model.midi import MidiLimits, read_midi, write_midi
from model.midi.isolated_reading import TABLES, read_isolated, reading_pool
from model.piece import BEND, CONTROL, KEY_SIGNATURE, NOTE, PEDAL, Instrument, Piece, table
from tests.model.midi.midi_bytes import END, file

PIECE = Piece(
    notes=table(NOTE, [(0, 480, 60, 40, 0), (480, 240, 64, 90, 1), (1440, 960, 36, 127, 2)]),
    instruments=(Instrument(3, name="さくら"), Instrument(32), Instrument(0, True, "Kit")),
    ticks_per_quarter=480,
    pedals=table(PEDAL, [(0, 700, 0)]),
    title="Drei",
    key_signatures=table(KEY_SIGNATURE, [(0, -3, False)]),
    controls=table(CONTROL, [(0, 7, 20, 1)]),
    bends=table(BEND, [(0, 100, 2, 0)]),
)


def pedals(tracks: int, moves: int) -> bytes:
    """A file whose every track holds a note on each of the 16 channels, and many pedals."""
    body = b"".join(bytes([0, 0x90 | channel, 60, 64, 96, 0x80 | channel, 60, 0]) for channel in range(16))
    body += bytes([0, 0xB0, 64, 127]) + bytes([1, 64, 0, 1, 64, 127]) * (moves // 2)
    body += END
    return file(*[b"MTrk" + struct.pack(">I", len(body)) + body] * tracks)


def test_a_piece_comes_back_as_it_is_read_in_place() -> None:
    data = write_midi(PIECE, "a comment")
    here, there = read_midi(data), read_isolated(data)

    for name in TABLES:
        np.testing.assert_array_equal(getattr(there.piece, name), getattr(here.piece, name), err_msg=name)
    assert there.piece.instruments == PIECE.instruments
    assert (there.piece.title, there.comment, there.repairs) == ("Drei", "a comment", ())


def test_a_refusal_comes_back_as_one() -> None:
    with pytest.raises(MidiError, match="has no notes") as refused:
        read_isolated(file("00 c0 05"))

    assert refused.value.code == "no_notes"


def test_instruments_are_counted_before_pedals_are_given_to_them() -> None:
    data = pedals(33, 2400)
    tracemalloc.start()
    try:
        with pytest.raises(MidiError, match="more than 32 instruments"):
            read_midi(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert len(data) > 200_000
    assert peak < 30 << 20


def test_a_file_that_takes_too_long_is_refused_and_the_next_one_is_read() -> None:
    with pytest.raises(MidiError) as refused:
        read_isolated(pedals(2, 150_000), MidiLimits(size_bytes=8 << 20), timeout_s=0.01)

    assert refused.value.code == "too_slow"
    assert len(read_isolated(write_midi(PIECE)).piece) == 3


def test_a_child_that_died_while_it_was_idle_costs_no_seed() -> None:
    read_isolated(write_midi(PIECE))
    for pid in reading_pool().pids:
        os.kill(pid, signal.SIGKILL)

    assert len(read_isolated(write_midi(PIECE)).piece) == 3
