"""Representations of one field: events are performances and back, texts and notes say what they are made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import DataError, RequestError
from model.piece import NOTE, Piece, table
from model.representation import Characters, Events, Notes, Performance
from model.representation.base import UNKNOWN
from model.representation.characters import ALPHABET, piece_of, text_of
from model.representation.events import events_of, performance_of
from tests.model.made_pieces import pieces, steps_of
from tests.model.moments import Moment

SEEDS = st.integers(0, 10_000)
FEW = settings(max_examples=40, deadline=None)


@FEW
@given(pieces())
def test_a_performance_is_its_events_and_back(piece):
    steps = Performance().encode(piece)
    assert np.array_equal(performance_of(events_of(steps)), steps)


@FEW
@given(pieces())
def test_events_are_a_performance_and_back(piece):
    events = Events()
    steps = events.encode(piece)
    assert np.array_equal(events.encode(events.decode(steps)), steps)
    assert np.array_equal(events_of(performance_of(steps[:, 0])), steps[:, 0])


@FEW
@given(st.lists(st.integers(0, 387), max_size=60))
def test_events_that_no_performance_gives_do_no_harm(raw):
    steps = performance_of(np.array(raw, dtype=np.int32))
    assert (steps[:, 3] >= 1).all()
    assert np.array_equal(
        performance_of(events_of(Performance().stretched(steps, 1.0))), Performance().stretched(steps, 1)
    )


@FEW
@given(pieces())
def test_a_text_says_the_piece_it_was_made_of(piece):
    characters = Characters()
    steps = characters.encode(piece)
    assert np.array_equal(characters.encode(characters.decode(steps)), steps)
    assert set(text_of(piece)) <= set(ALPHABET)


def test_a_text_reads_as_its_page_says():
    piece = Piece(
        notes=table(NOTE, [(0, 480, 60, 80, 0), (0, 480, 64, 80, 0), (480, 960, 67, 80, 0)]), ticks_per_quarter=480
    )
    assert text_of(piece) == "C4:12 E4:12 >12 G4:24 "


def test_what_is_no_word_is_passed_over():
    piece = piece_of("C4:12 H4:3 >x C4 >12 A9:3 G4:24")
    assert piece.notes["pitch"].tolist() == [60, 67]
    assert piece.notes["onset"].tolist() == [0, 480]


@pytest.mark.parametrize("kind", [Events, Characters])
@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, cut=st.tuples(st.integers(1, 250), st.integers(1, 250)), says_length=st.booleans())
def test_the_grammar_lets_through_whatever_music_gives(kind, seed, cut, says_length):
    # Given music, and a piece made of its beginning and its end
    representation = kind()
    whole = representation.encode(Performance().decode(steps_of(np.random.default_rng(seed), 60)))
    for steps in (whole, representation.spliced(whole[: cut[0]], whole[-cut[1] :])):
        # When it is followed step by step, towards its end or without knowing one
        has_end = says_length and len(steps) > 0
        moment = Moment(representation, int(representation.onsets(steps)[-1]) if has_end else UNKNOWN)
        # Then every step may follow, and may be drawn, and at the end so may END
        field = representation.fields[0].name
        for step in steps:
            assert moment.allowed(field)[step[0]]
            assert moment.drawable(field)[step[0]]
            moment.after(step)
        assert moment.allowed(field)[representation.end_class]
        assert moment.drawable(field)[representation.end_class] == has_end
        assert moment["left"] == (0 if has_end else UNKNOWN)


@pytest.mark.parametrize("kind", [Events, Characters])
def test_drawing_at_random_within_the_grammar_never_gets_stuck(kind):
    representation, rng = kind(), np.random.default_rng(3)
    moment, field, drawn = Moment(representation, 300), representation.fields[0].name, []
    while not drawn or drawn[-1] != representation.end_class:
        assert len(drawn) < 20_000
        can = moment.allowed(field) & moment.drawable(field)
        drawn.append(int(rng.choice(np.flatnonzero(can))))
        if drawn[-1] != representation.end_class:
            moment.after(np.array(drawn[-1:]))
    steps = representation.steps_of_tokens(drawn[:-1])
    assert representation.onsets(steps)[-1] == 300
    assert len(representation.decode(steps))


NAMES = st.lists(st.sampled_from(["C4", "E-5", "F#2", "0.4.7", "11.2.5", "4", "B3"]), min_size=1, max_size=40)


@FEW
@given(NAMES)
def test_notes_are_read_back_as_they_were_written(names):
    notes = Notes(vocabulary=sorted(set(names)))
    steps = notes.indices(names)
    assert notes.names(notes.encode(notes.decode(steps))) == names


def test_a_vocabulary_decides_what_can_be_moved():
    notes = Notes(vocabulary=("C4", "C#4", "0.4.7", "1.5.8"))
    assert notes.names(notes.transposed(notes.indices(["C4", "0.4.7"]), 1)) == ["C#4", "1.5.8"]
    assert notes.names(notes.transposed(notes.indices(["C4", "0.4.7"]), 2)) == ["C4", "0.4.7"]


def test_an_unknown_chord_becomes_the_nearest_known_one_and_that_is_said():
    notes = Notes(vocabulary=("C4", "D4", "0.4.7", "2.5.9", "11.2.5"))
    assert notes.unknown(["C4", "0.3.7", "2.6.9", "C#7"]) == {"0.3.7": "0.4.7", "2.6.9": "2.5.9", "C#7": "D4"}


def test_notes_without_a_vocabulary_are_refused_in_a_sentence():
    with pytest.raises(DataError, match="vocabulary comes from the data"):
        Notes().encode(piece_of("C4:12 "))


def test_tokens_can_be_neither_varied_nor_accompanied():
    with pytest.raises(RequestError, match="accompany"):
        Events().accompaniment(np.zeros((1, 1), dtype=np.int32))
