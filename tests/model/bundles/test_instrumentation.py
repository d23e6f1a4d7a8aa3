"""Whoever is asked for plays: as the network knows such an instrument, and written as what was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from model import instruments as ranges
from model.bundles.instrumentation import cast, playable, substitutes
from model.bundles.priors import Ensemble, Player, Priors
from model.controls import Controls
from model.errors import RequestError
from model.generation import ComposeOptions
from model.generation.conditions import resolve_controls
from model.generation.finishing import limited
from model.generation.seed_encoding import (
    SeedNormalization,
    is_one_line,
    level_velocity,
    normalization_of,
    with_asked,
    within_range,
)
from model.instruments import family_of, programs_of
from model.piece import NOTE, Instrument, Piece, table
from model.representation import Performance, Score

PIANO, STRINGS, BRASS, SAX, FLUTE, CELLO = 0, 48, 61, 65, 73, 42


def ensemble(style: str, share: float, **players: float) -> Ensemble:
    programs = {"piano": PIANO, "strings": STRINGS, "brass": BRASS, "sax": SAX, "flute": FLUTE, "cello": CELLO}
    found = tuple(Player(program=programs[name], share=part) for name, part in players.items())
    return Ensemble(style=style, players=found, share=share, voices=3.0, together=0.5)


PRIORS = Priors(
    ensembles=(
        ensemble("tune", 0.4, flute=1.0),
        ensemble("pop", 0.3, piano=0.8, strings=0.2),
        ensemble("pop", 0.1, piano=0.7, brass=0.1, sax=0.2),
        ensemble("pop", 0.1, piano=0.7, flute=0.3),
        ensemble("quartet", 0.1, cello=1.0),
    )
)


@pytest.mark.parametrize(
    ("asked", "written", "drawn"),
    [
        (("piano", "flute"), [0, 73], [0, 73]),
        (("piano", "strings"), [0, 48], [0, 48]),
        (("trumpet",), [56], [61]),  # the brass section is its nearest kin
        (("piano", "saxophone", "trombone"), [0, 65, 57], [0, 65, 61]),
        (("piano", "bass"), [0, 33], [0, 42]),  # low strings in the range of a bass
        (("violin",), [40], [73]),  # as high as a violin
        (("guitar",), [24], [0]),
    ],
)
def test_each_instrument_is_drawn_as_its_nearest_kin_that_was_learnt(asked, written, drawn):
    found = cast(asked, PRIORS)
    assert [part.name for part in found.parts] == list(asked)
    assert [part.written for part in found.parts] == written
    assert [part.drawn for part in found.parts] == drawn
    assert found.missing == ()


def test_no_two_are_drawn_as_one_and_each_has_its_share():
    found = cast(("trumpet", "trombone", "violin", "bass"), PRIORS)
    assert len({part.drawn for part in found.parts}) == 4
    assert min(part.share for part in found.parts) >= 0.1
    assert sum(part.share for part in found.parts) == pytest.approx(1, abs=0.01)


def test_drums_that_were_not_learnt_are_missing_and_never_another_instrument():
    found = cast(("piano", "drums"), PRIORS)
    assert found.missing == ("drums",)
    assert [part.written for part in found.parts] == [0]
    assert "drums" not in playable(PRIORS)


def test_drums_that_were_learnt_play():
    band = Priors(ensembles=(*PRIORS.ensembles, Ensemble(
        style="rock", share=0.2, voices=3.0, together=0.5,
        players=(Player(program=0, share=0.5), Player(program=128, share=0.5)),
    )))  # fmt: skip
    assert [part.drawn for part in cast(("piano", "drums"), band).parts] == [0, 128]
    assert "drums" in playable(band)


def test_asked_for_nothing_that_was_learnt_it_refuses_with_a_sentence():
    options = ComposeOptions(controls=Controls(instruments=("drum kit",)))
    with pytest.raises(RequestError, match="hasn't learnt drums"):
        resolve_controls(options, PRIORS)


def test_any_combination_has_players_and_the_network_is_told_their_families():
    found = resolve_controls(ComposeOptions(controls=Controls(instruments=("trumpet", "trombone"))), PRIORS)
    assert found.playing is not None
    assert len(found.playing.players) == 2
    assert set(found.programs) <= {56, 57}
    assert all(family_of(name) == name for name in found.controls.instruments)


def test_of_a_seed_only_what_was_not_learnt_is_heard_as_something_else():
    assert substitutes([0, 73], PRIORS) == {}
    assert substitutes([33], PRIORS) == {33: 42}
    assert substitutes([42, 33], PRIORS)[33] not in (42, None)


def tune(velocities: list[int], program: int = 73) -> Piece:
    rows = [(480 * number, 400, 60 + number % 12, velocity, 0) for number, velocity in enumerate(velocities)]
    return Piece(table(NOTE, rows), (Instrument(program),), 480)


@pytest.mark.parametrize("velocity", [20, 64, 90, 127])
def test_a_seed_of_one_velocity_is_heard_at_the_usual_one_and_its_continuation_written_at_its_own(velocity):
    seed = tune([velocity] * 16)
    recast = normalization_of(seed, Score(), PRIORS, 82)
    assert set(recast.heard(seed).notes["velocity"].tolist()) == {82}
    assert set(recast.written(recast.heard(seed)).notes["velocity"].tolist()) == {velocity}


def test_a_seed_that_is_played_with_expression_is_heard_as_it_is():
    seed = tune([60, 80] * 8)
    assert normalization_of(seed, Score(), PRIORS, 82) == SeedNormalization()
    np.testing.assert_array_equal(SeedNormalization().heard(seed).notes, seed.notes)


def test_an_instrument_that_is_not_known_is_heard_as_one_that_is_and_comes_back_as_it_was():
    seed = tune([70, 80] * 8, program=33)
    recast = normalization_of(seed, Score(), PRIORS, None)
    heard = recast.heard(seed)
    assert [one.program for one in heard.instruments] == [42]
    back = recast.written(heard)
    assert [one.program for one in back.instruments] == [33]
    assert back.notes["pitch"].tolist() == seed.notes["pitch"].tolist()


def test_an_instrument_that_was_asked_for_is_written_in_its_range():
    drawn = Piece(tune([80] * 16).notes, (Instrument(42),), 480)
    written = with_asked(SeedNormalization(), {33: 42}).written(drawn)
    assert [one.program for one in written.instruments] == [33]
    assert ranges.LOWEST_PITCH[33] <= written.notes["pitch"].min()
    assert written.notes["pitch"].max() <= ranges.HIGHEST_PITCH[33]


SOLOS = Priors(
    ensembles=tuple(
        Ensemble(style="air", players=(Player(program=program, share=1.0),), share=share, voices=1.0, together=0.0)
        for program, share in ((73, 0.6), (40, 0.3))
    )
)


@pytest.mark.parametrize(
    ("program", "lowest", "heard"),
    [(0, 60, 73), (21, 60, 73), (0, 56, 40), (73, 60, 73), (40, 60, 40)],
    ids=["piano", "accordion", "too low for a flute", "a flute", "a violin"],
)
def test_a_single_line_is_heard_as_a_solo_that_the_network_knows_and_comes_back_as_it_was(program, lowest, heard):
    seed = tune([90] * 16, program)
    seed = seed.with_notes(seed.notes) if lowest == 60 else lowered(seed, 60 - lowest)
    recast = normalization_of(seed, Score(), SOLOS, 82)
    assert [one.program for one in recast.heard(seed).instruments] == [heard]
    assert [one.program for one in recast.written(recast.heard(seed)).instruments] == [program]


def lowered(piece: Piece, semitones: int) -> Piece:
    notes = piece.notes.copy()
    notes["pitch"] -= semitones
    return piece.with_notes(notes)


def test_chords_are_no_single_line():
    rows = [(480 * step, 470, 60 + third, 80, 0) for step in range(8) for third in (0, 4, 7)]
    assert not is_one_line(Piece(table(NOTE, rows), (Instrument(0),), 480))


def test_the_usual_velocity_is_that_of_music_with_one_where_there_is_such():
    level = Score().encode(tune([80] * 40))
    lively = Score().encode(tune([30, 90, 110] * 13))
    assert level_velocity(Score(), [level, level, lively]) == 82  # the middle of 80's bin
    assert level_velocity(Performance(), []) is None


def test_pitches_move_by_octaves_only():
    moved = within_range(np.array([60, 64, 67, 72]), 33)
    assert ((moved - np.array([60, 64, 67, 72])) % 12 == 0).all()
    assert moved.max() <= ranges.HIGHEST_PITCH[33]
    assert np.median(moved) < 48  # where a bass plays


@pytest.mark.parametrize(("program", "most"), [(0, 20), (73, 2), (32, 2), (24, 6)])
def test_no_more_notes_sound_at_once_than_an_instrument_can_hold(program, most):
    # Given thirty notes that never end, each struck after the one before
    low = int(ranges.LOWEST_PITCH[program])
    rows = [(100 * n, 100_000, low + n, 80, 0) for n in range(30)]
    piece = limited(Piece(table(NOTE, rows), (Instrument(program),), 480))
    # Then the oldest are released, and every note is struck
    onsets, ends = piece.notes["onset"], piece.notes["onset"] + piece.notes["duration"]
    assert len(piece) == 30
    assert max(int(((onsets <= tick) & (ends > tick)).sum()) for tick in onsets) == most


def test_every_program_has_a_range_and_the_usual_ones_are_those_of_the_books():
    assert (ranges.LOWEST_PITCH < ranges.HIGHEST_PITCH).all()
    assert (ranges.MOST_SOUNDING > 0).all()
    expected = {0: (21, 108), 40: (55, 105), 42: (36, 81), 56: (52, 86), 73: (59, 98), 33: (28, 67)}
    for program, (low, high) in expected.items():
        assert (ranges.LOWEST_PITCH[program], ranges.HIGHEST_PITCH[program]) == (low, high)


def test_a_name_stands_for_its_programs():
    assert programs_of("Flute") == (73,)
    assert set(programs_of("strings")) >= {40, 42, 48}
    assert programs_of("percussion") == (128,)
    assert programs_of("kazoo") == ()
