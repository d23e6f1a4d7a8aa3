"""The score representation: several instruments on a beat grid, in one canonical order, with nothing out of range."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.midi import read_midi, write_midi
from model.piece import METER, NOTE, PEDAL, TEMPO, Instrument, Piece, table
from model.representation import Score, grid
from model.representation.engraving import DRUMS, DURATION, FIELDS, FIRST_PROGRAM, INSTRUMENT, PITCH, SHIFT
from model.representation.engraving import METER as METERS
from model.representation.engraving import TEMPO as TEMPI
from tests.model.made_pieces import pieces

SCORE = Score()
FLUTE, VIOLIN = FIRST_PROGRAM + 73, FIRST_PROGRAM + 40
relaxed = settings(deadline=None, max_examples=150)
BAND = (Instrument(73), Instrument(40), Instrument(is_drum=True), Instrument(73, name="second flute"))


@st.composite
def scores(draw: st.DrawFn) -> Piece:
    """Pieces for a band of four on some grid, with changes of meter and tempo anywhere."""
    per_quarter = draw(st.sampled_from([24, 96, 120, 480, 960, 1000]))
    step = draw(st.sampled_from([1, per_quarter // 12, per_quarter // 8, per_quarter // 3, per_quarter]))
    place = st.integers(0, 400).map(lambda count: count * step)
    row = st.tuples(place, place.map(lambda ticks: ticks + 1), st.integers(0, 127), st.integers(1, 127))
    rows = draw(st.lists(st.tuples(row, st.integers(0, 3)), min_size=1, max_size=60))
    meter = st.tuples(st.integers(1, 40), st.sampled_from([1, 2, 4, 8, 16, 32, 64]))
    meters = draw(st.dictionaries(place, meter, max_size=4))
    tempos = draw(st.dictionaries(place, st.integers(30_000, 5_000_000), max_size=4))
    return Piece(
        notes=table(NOTE, [(*values, who) for values, who in rows]),
        instruments=BAND,
        ticks_per_quarter=per_quarter,
        tempos=table(TEMPO, sorted({0: 500_000, **tempos}.items())),
        meters=table(METER, [(tick, *of) for tick, of in sorted({0: (4, 4), **meters}.items())]),
    )


def piece_of(*rows: tuple[int, int, int, int, int], meter: tuple[int, int] = (4, 4), bpm: float = 120) -> Piece:
    """Rows of onset, duration (ticks, 480 to the quarter), pitch, velocity and place in BAND."""
    return Piece(
        notes=table(NOTE, rows),
        instruments=BAND,
        ticks_per_quarter=480,
        tempos=table(TEMPO, [(0, round(60e6 / bpm))]),
        meters=table(METER, [(0, *meter)]),
    )


def heard(piece: Piece) -> set[tuple[int, int, int, int]]:
    """Seconds (in thousandths of a beat grid's tick) do not matter here: grid onset, end, instrument and key of all."""
    at = grid.on_grid(piece.notes["onset"], piece.ticks_per_quarter)
    until = grid.on_grid(piece.notes["onset"] + piece.notes["duration"], piece.ticks_per_quarter)
    found = set()
    for row, onset, end in zip(piece.notes, at.tolist(), until.tolist(), strict=True):
        of = piece.instruments[row["instrument"]]
        found.add((onset, 0 if of.is_drum else end, -1 if of.is_drum else of.program, int(row["pitch"])))
    return found


def test_a_piece_begins_with_its_meter_and_tempo_and_then_says_who_plays_what():
    steps = SCORE.encode(piece_of((0, 480, 60, 64, 1), (480, 240, 72, 127, 0), meter=(3, 4)))
    assert steps.dtype == np.int32
    assert steps.tolist() == [
        [0, METERS, grid.meter_class(3, 4), 0, 0],
        [0, TEMPI, int(grid.tempo_class(500_000)), 0, 0],
        [0, VIOLIN, 60, 24, 16],
        [24, FLUTE, 72, 12, 31],
    ]


@pytest.mark.parametrize("ticks", [480 // parts for parts in (4, 6, 8, 12, 3)] + [320])
def test_thirty_seconds_and_triplets_survive_exactly(ticks: int):
    piece = piece_of(*((ticks * place, ticks, 60 + place % 12, 64, 0) for place in range(24)))
    decoded = SCORE.decode(SCORE.encode(piece))
    assert decoded.ticks_per_quarter == 480
    assert decoded.notes["onset"].tolist() == piece.notes["onset"].tolist()
    assert decoded.notes["duration"].tolist() == piece.notes["duration"].tolist()


def test_notes_of_one_onset_stand_in_one_order_whatever_order_the_tracks_had():
    rows = [(0, 480, 67, 64, 0), (0, 480, 60, 64, 1), (0, 10, 36, 64, 2), (0, 480, 60, 64, 3)]
    steps = SCORE.encode(piece_of(*rows))
    assert steps[2:, [INSTRUMENT, PITCH]].tolist() == [[VIOLIN, 60], [FLUTE, 60], [FLUTE, 67], [DRUMS, 36]]
    assert SCORE.encode(piece_of(*reversed(rows))).tolist() == steps.tolist()


def test_an_upbeat_keeps_its_place_in_the_bar_and_empty_bars_before_it_are_left_out():
    steps = SCORE.encode(piece_of((3 * 1920 + 1440, 480, 60, 64, 0), (4 * 1920, 480, 62, 64, 0)))
    assert steps[:, SHIFT].tolist() == [0, 0, 72, 24]


def test_changes_of_meter_and_tempo_survive_where_they_happen():
    piece = Piece(
        notes=table(NOTE, [(0, 480, 60, 64, 0), (1920, 480, 62, 64, 0), (1920 + 1440, 480, 64, 64, 0)]),
        ticks_per_quarter=480,
        tempos=table(TEMPO, [(0, 500_000), (960, 750_000), (1920, 400_000)]),
        meters=table(METER, [(0, 4, 4), (1920, 3, 4), (3360, 6, 8)]),
    )
    decoded = SCORE.decode(SCORE.encode(piece))
    assert decoded.meters.tolist() == piece.meters.tolist()
    assert decoded.tempos["tick"].tolist() == [0, 960, 1920]
    np.testing.assert_allclose(decoded.tempos["quarter_us"], piece.tempos["quarter_us"], rtol=0.015)


def test_a_meter_that_is_not_known_becomes_one_with_a_bar_of_nearly_its_length():
    assert grid.METERS[grid.meter_class(24, 16)] == (12, 8)
    assert grid.METERS[grid.meter_class(4, 1)] == (8, 2)
    assert grid.METERS[grid.meter_class(3, 32)] in {(1, 16), (2, 16)}
    assert all(grid.METERS[grid.meter_class(*meter)] == meter for meter in grid.METERS)


def test_every_tempo_class_is_the_nearest_to_itself_and_extreme_tempi_are_held_to_the_ends():
    assert grid.tempo_class(grid.QUARTER_S * 1e6).tolist() == list(range(grid.TEMPI))
    assert grid.tempo_class([1, 100_000_000]).tolist() == [grid.TEMPI - 1, 0]


@given(st.integers(0, grid.LARGEST + 1000))
def test_a_wait_lies_in_its_class_and_waits_below_two_bars_are_exact(ticks: int):
    bucket = int(np.searchsorted(grid.LOWEST, ticks, side="right") - 1)
    least = int(grid.LOWEST[bucket])
    assert least <= min(ticks, grid.LARGEST) < least + int(grid.WIDTHS[bucket])
    assert ticks >= grid.EXACT or least == ticks
    assert least < grid.EXACT or least % 12 == 0


@given(st.one_of(scores(), pieces()))
@relaxed
def test_what_was_decoded_encodes_to_the_same_steps(piece: Piece):
    steps = SCORE.encode(piece)
    assert SCORE.encode(SCORE.decode(steps)).tolist() == steps.tolist()


@given(st.one_of(scores(), pieces()))
@relaxed
def test_every_value_lies_in_its_field_whatever_was_uploaded(piece: Piece):
    steps = SCORE.encode(piece)
    assert (steps >= 0).all()
    for index, field in enumerate(SCORE.fields):
        is_bucketed = index in (SHIFT, DURATION)
        values = np.searchsorted(grid.LOWEST, steps[:, index], side="right") - 1 if is_bucketed else steps[:, index]
        assert (values < field.size).all()
    order = np.lexsort((steps[:, PITCH], steps[:, INSTRUMENT], SCORE.onsets(steps)))
    assert order.tolist() == list(range(len(steps)))


@given(scores())
@relaxed
def test_a_piece_comes_back_as_it_was_up_to_the_grid(piece: Piece):
    decoded = SCORE.decode(SCORE.encode(piece))
    first = min(onset for onset, *_ in heard(piece))
    start = first - min(onset for onset, *_ in heard(decoded))  # whole bars that were left out
    onsets_and_keys = {(onset - start, who, key) for onset, _, who, key in heard(piece)}
    assert {(onset, who, key) for onset, _, who, key in heard(decoded)} == onsets_and_keys


@given(scores())
@settings(deadline=None, max_examples=40)
def test_notes_that_went_through_a_midi_file_are_the_same(piece: Piece):
    steps = SCORE.encode(piece)
    again = SCORE.encode(read_midi(write_midi(SCORE.decode(steps))).piece)
    before, after = (
        [(int(at), *row) for at, row in zip(SCORE.onsets(one), one[:, [INSTRUMENT, PITCH]].tolist(), strict=True)]
        for one in (steps, again)
    )
    notes = [row for row in before if row[1] >= FIRST_PROGRAM]
    same = [row for row in after if row[1] >= FIRST_PROGRAM]
    start = same[0][0] - notes[0][0]  # reading drops a meter that says nothing new, and with it where its bars begin
    assert [(at - start, *row) for at, *row in same] == notes


def test_a_free_performance_is_on_no_grid_and_encodes_all_the_same():
    rng = np.random.default_rng(0)
    onsets = np.cumsum(rng.integers(0, 300, 400))
    rows = [(int(onset), int(rng.integers(1, 900)), int(rng.integers(21, 109)), 80, 0) for onset in onsets]
    piece = Piece(notes=table(NOTE, rows))
    steps = SCORE.encode(piece)
    decoded = SCORE.decode(steps)
    apart_s = np.abs(np.sort(np.unique(decoded.onsets_s)) - 0)  # a tick of the grid is 21 ms at 120 quarters a minute
    assert apart_s.max() == pytest.approx(piece.onsets_s.max(), abs=0.011)


def test_the_pedal_becomes_duration_of_two_bars_at_most():
    notes = table(NOTE, [(0, 100, 60, 64, 0), (960, 9600, 62, 64, 0), (1000, 100, 64, 64, 0)])
    pedals = table(PEDAL, [(50, 910, 0), (1050, 96_000, 0)])
    steps = SCORE.encode(Piece(notes, ticks_per_quarter=480, pedals=pedals))
    assert steps[2:, DURATION].tolist() == [48, 480, 192]


def test_a_piece_without_notes_has_no_steps():
    assert SCORE.encode(Piece()).shape == (0, FIELDS)
    assert len(SCORE.decode(np.zeros((0, FIELDS), dtype=np.int32))) == 0


def test_transposition_moves_everything_but_drums_and_changes():
    steps = SCORE.encode(piece_of((0, 480, 60, 64, 0), (0, 480, 38, 64, 2)))
    moved = SCORE.transposed(steps, 5)
    assert (moved - steps)[:, PITCH].tolist() == [0, 0, 5, 0]
    assert SCORE.transposed(steps, 60) is steps


def test_stretching_moves_the_tempo_alone():
    steps = SCORE.encode(piece_of((0, 480, 60, 64, 0)))
    slower = SCORE.stretched(steps, 1.5)
    assert np.flatnonzero((slower != steps).any(axis=1)).tolist() == [1]
    assert SCORE.clock(slower[:2])[0] == pytest.approx(80, rel=0.015)


def test_a_short_piece_out_of_a_long_one_keeps_its_place_in_the_bar():
    rows = [(240 * place, 240, 48 + place % 36, 64, 0) for place in range(400)]
    steps = SCORE.encode(piece_of(*rows, meter=(3, 4)))
    short = SCORE.excerpt(steps, 31, 54)
    assert len(short) == 85
    assert short[:31].tolist() == steps[:31].tolist()
    assert short[32:].tolist() == steps[-53:].tolist()
    places = (SCORE.onsets(steps)[-1] - SCORE.onsets(short)[-1]) % 72
    assert places == 0
