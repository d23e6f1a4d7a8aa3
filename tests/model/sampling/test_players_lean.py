"""The lean towards everyone of an ensemble: who is behind gets likelier, who is not in it never comes."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.representation import representation_of
from model.representation.engraving import DRUMS, FIRST_PROGRAM, METER, TEMPO
from model.sampling.players_lean import BARRED, MEMORY, STRENGTH, Cast, PlayersLean

TRIO = ((40, 2.0), (41, 1.0), (128, 1.0))  # a violin plays half, a viola and drums a quarter each
VIOLIN, VIOLA, FLUTE = FIRST_PROGRAM + 40, FIRST_PROGRAM + 41, FIRST_PROGRAM + 73


@pytest.fixture(scope="module")
def lean() -> PlayersLean:
    return PlayersLean(representation_of("score"))


def after(lean: PlayersLean, cast: Cast, instruments: list[int]) -> Cast:
    """What is remembered after a note of each."""
    for instrument in instruments:
        cast = lean.heard(cast, np.array([[6, instrument, 60, 6, 16]], dtype=np.int32))
    return cast


def towards(lean: PlayersLean, cast: Cast) -> np.ndarray:
    """Logits for each instrument, (131,)."""
    return ops.convert_to_numpy(lean.towards(cast))[0]


def test_where_no_players_are_given_nothing_leans(lean: PlayersLean):
    assert not towards(lean, after(lean, lean.start(1), [VIOLIN] * 20)).any()


def test_those_who_are_not_in_the_ensemble_are_barred_and_changes_of_meter_and_tempo_are_not(lean: PlayersLean):
    logits = towards(lean, lean.start(1, TRIO))
    assert logits[FLUTE] == BARRED
    assert not logits[[METER, TEMPO, VIOLIN, VIOLA, DRUMS]].any()


def test_who_waits_gets_likelier_with_every_note_of_another_but_not_for_ever(lean: PlayersLean):
    pushes = [towards(lean, after(lean, lean.start(1, TRIO), [VIOLIN] * notes)) for notes in (1, 8, 16, 400, 800)]
    of_viola = [float(push[VIOLA] - push[VIOLIN]) for push in pushes]
    assert of_viola[:4] == sorted(of_viola[:4])
    assert of_viola[1] == pytest.approx(8 * STRENGTH * 0.75, rel=0.1)
    assert of_viola[4] == pytest.approx(of_viola[3], rel=0.01)
    assert of_viola[4] < STRENGTH * MEMORY


def test_an_ensemble_in_which_all_play_as_they_should_is_left_alone(lean: PlayersLean):
    cast = after(lean, lean.start(1, TRIO), [VIOLIN, VIOLA, VIOLIN, DRUMS] * 40)
    logits = towards(lean, cast)
    assert np.ptp(logits[[VIOLIN, VIOLA, DRUMS]]) < 1.5 * STRENGTH


def test_a_change_of_tempo_is_no_note(lean: PlayersLean):
    cast = lean.start(1, TRIO)
    np.testing.assert_array_equal(after(lean, cast, [METER, TEMPO])["behind"], cast["behind"])


def test_every_piece_has_an_ensemble_of_its_own(lean: PlayersLean):
    rows = [lean.start(1, players) for players in (TRIO, (), ((73, 1.0),))]
    together = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    played = np.tile(np.array([[6, VIOLIN, 60, 6, 16]], dtype=np.int32), (3, 1))
    logits = ops.convert_to_numpy(lean.towards(lean.heard(together, played)))
    for row, cast in enumerate(rows):
        np.testing.assert_allclose(logits[row], towards(lean, after(lean, cast, [VIOLIN])))


@pytest.mark.parametrize("name", ["performance", "voices", "events"])
def test_it_does_nothing_where_steps_name_no_instrument(name: str):
    lean = PlayersLean(representation_of(name))
    assert lean.field is None
    assert lean.start(1, TRIO) == {}
