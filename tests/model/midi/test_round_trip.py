"""Property: any piece, written and read, is the same piece."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.midi import read_midi, write_midi
from model.midi.repairs import cut_overlaps, joined_pedals
from model.midi.writing import PITCHED_CHANNELS, assign_channels
from model.piece import BEND, CONTROL, KEY_SIGNATURE, METER, NOTE, PEDAL, TEMPO, Instrument, Piece, table

TICKS = st.integers(0, 5_000)
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=20)
INSTRUMENTS = st.builds(Instrument, st.integers(0, 127), st.just(False), WORDS)
KITS = st.builds(Instrument, st.integers(0, 127), st.just(True), WORDS)


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """Pieces as `read_midi` makes them: every instrument plays, keys and pedals do not overlap themselves."""
    instruments = (*draw(st.lists(INSTRUMENTS, min_size=1, max_size=15)), *draw(st.lists(KITS, max_size=1)))
    voices = st.integers(0, len(instruments) - 1)
    row = st.tuples(TICKS, st.integers(1, 3_000), st.integers(0, 127), st.integers(1, 127), voices)
    rows = draw(st.lists(row, max_size=40)) + [(7 * n, 100, 60, 64, n) for n in range(len(instruments))]
    notes = cut_overlaps(table(NOTE, rows))[0]
    end = int((notes["onset"] + notes["duration"]).max())
    ends = [int((notes["onset"] + notes["duration"])[notes["instrument"] == n].max()) for n in range(len(instruments))]
    return Piece(
        notes=notes,
        instruments=instruments,
        ticks_per_quarter=draw(st.integers(24, 32_767)),
        tempos=_changes(draw, TEMPO, end, st.tuples(st.integers(20_000, 3_000_000))),
        meters=_changes(draw, METER, end, st.tuples(st.integers(1, 255), st.sampled_from([1, 2, 4, 8, 16, 32, 64]))),
        pedals=joined_pedals(
            table(PEDAL, draw(st.lists(st.tuples(TICKS, st.integers(1, 3_000), voices), max_size=12)))
        ),
        title=draw(WORDS),
        key_signatures=_changes(draw, KEY_SIGNATURE, end, st.tuples(st.integers(-7, 7), st.booleans())),
        controls=_moves(draw, CONTROL, ends, st.tuples(st.sampled_from([7, 10]), st.integers(0, 127))),
        bends=_moves(draw, BEND, ends, st.tuples(st.integers(-8192, 8191), st.just(2))),
    )


def _changes(draw: st.DrawFn, dtype: np.dtype, end: int, values: st.SearchStrategy) -> np.ndarray:
    """A map from tick 0 up to `end` in which every entry changes something."""
    later = draw(st.dictionaries(st.integers(1, end), values, max_size=4))
    rows: list[tuple] = [(0, *draw(values))]
    for tick, value in sorted(later.items()):
        if value != rows[-1][1:]:
            rows.append((tick, *value))
    return table(dtype, rows)


def _moves(draw: st.DrawFn, dtype: np.dtype, ends: list[int], values: st.SearchStrategy) -> np.ndarray:
    """At most one row for each of some instruments, before its end, that changes something."""
    voices = st.integers(0, len(ends) - 1)
    moved = draw(st.dictionaries(voices, st.tuples(TICKS, values), max_size=3))
    rows = [(min(tick, ends[voice] - 1), *value, voice) for voice, (tick, value) in moved.items() if value != (0, 2)]
    return table(dtype, sorted(rows, key=lambda row: (row[0], row[-1])))


def assert_same(one: Piece, other: Piece) -> None:
    for name in ("notes", "tempos", "meters", "pedals", "key_signatures", "controls", "bends"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert one.instruments == other.instruments
    assert one.ticks_per_quarter == other.ticks_per_quarter
    assert one.title == other.title


@given(pieces(), WORDS)
@settings(max_examples=80, deadline=None)
def test_a_piece_written_and_read_is_the_same_piece(piece: Piece, comment: str) -> None:
    read = read_midi(write_midi(piece, comment))

    assert_same(read.piece, piece)
    assert read.comment == comment
    assert read.repairs == ()


@given(pieces())
@settings(max_examples=30, deadline=None)
def test_the_same_piece_gives_the_same_bytes(piece: Piece) -> None:
    shuffled = np.random.default_rng(1).permutation(piece.notes)

    assert write_midi(piece) == write_midi(piece.with_notes(shuffled))


def orchestra(programs: list[int]) -> Piece:
    notes = [(240 * index, 200, 60, 80, index) for index in range(len(programs))]
    return Piece(notes=table(NOTE, notes), instruments=tuple(Instrument(program) for program in programs))


def test_fifteen_instruments_have_a_channel_each_and_none_is_that_of_the_drums() -> None:
    channels, switching = assign_channels((*orchestra([5] * 15).instruments, Instrument(0, True)))

    assert sorted(channels[:15]) == sorted(PITCHED_CHANNELS)
    assert channels[15] == 9
    assert not switching


def test_more_instruments_than_channels_share_them_by_program_first() -> None:
    channels, switching = assign_channels(orchestra([1, 2] * 10).instruments)

    assert len(set(channels)) == 2
    assert not switching


def test_as_many_instruments_as_are_read_may_be_written_and_keep_their_programs() -> None:
    piece = orchestra(list(range(32)))

    read = read_midi(write_midi(piece)).piece

    assert [read.instruments[index].program for index in read.notes["instrument"]] == list(range(32))


def test_a_default_piece_of_thirty_seconds_keeps_its_milliseconds() -> None:
    onsets = np.arange(0, 30_000, 137)
    piece = Piece(notes=table(NOTE, [(onset, 130, 60, 64, 0) for onset in onsets]))

    np.testing.assert_allclose(read_midi(write_midi(piece)).piece.onsets_s, onsets / 1000, atol=1e-9)
