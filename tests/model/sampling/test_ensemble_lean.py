"""The lean towards an ensemble: who is behind gets likelier, who is not in it never comes; notes come together."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.representation import representation_of
from model.representation.engraving import DRUMS, FIRST_PROGRAM, METER, TEMPO
from model.sampling.ensemble_lean import BARRED, MEMORY, STRENGTH, TOGETHER_STRENGTH, Cast, EnsembleLean, Playing

# a violin plays half, a viola and drums a quarter each
TRIO = Playing(((40, 2.0), (41, 1.0), (128, 1.0)), together=0.5)
VIOLIN, VIOLA, FLUTE = FIRST_PROGRAM + 40, FIRST_PROGRAM + 41, FIRST_PROGRAM + 73


@pytest.fixture(scope="module")
def lean() -> EnsembleLean:
    return EnsembleLean(representation_of("score"))


def after(lean: EnsembleLean, cast: Cast, instruments: list[int], wait: int = 6) -> Cast:
    """What is remembered after a note of each."""
    for instrument in instruments:
        cast = lean.heard(cast, np.array([[wait, instrument, 60, 6, 16]], dtype=np.int32))
    return cast


def towards(lean: EnsembleLean, cast: Cast) -> np.ndarray:
    """Logits for each instrument, (131,)."""
    return ops.convert_to_numpy(lean.towards_players(cast))[0]


def test_where_no_players_are_given_nothing_leans(lean: EnsembleLean):
    assert not towards(lean, after(lean, lean.start(1), [VIOLIN] * 20)).any()


def test_those_who_are_not_in_the_ensemble_are_barred_and_changes_of_meter_and_tempo_are_not(lean: EnsembleLean):
    logits = towards(lean, lean.start(1, TRIO))
    assert logits[FLUTE] == BARRED
    assert not logits[[METER, TEMPO, VIOLIN, VIOLA, DRUMS]].any()


def test_who_waits_gets_likelier_with_every_note_of_another_but_not_for_ever(lean: EnsembleLean):
    pushes = [towards(lean, after(lean, lean.start(1, TRIO), [VIOLIN] * notes)) for notes in (1, 8, 16, 400, 800)]
    of_viola = [float(push[VIOLA] - push[VIOLIN]) for push in pushes]
    assert of_viola[:4] == sorted(of_viola[:4])
    assert of_viola[1] == pytest.approx(8 * STRENGTH * 0.75, rel=0.1)
    assert of_viola[4] == pytest.approx(of_viola[3], rel=0.01)
    assert of_viola[4] < STRENGTH * MEMORY


def test_an_ensemble_in_which_all_play_as_they_should_is_left_alone(lean: EnsembleLean):
    cast = after(lean, lean.start(1, TRIO), [VIOLIN, VIOLA, VIOLIN, DRUMS] * 40)
    logits = towards(lean, cast)
    assert np.ptp(logits[[VIOLIN, VIOLA, DRUMS]]) < 1.5 * STRENGTH


def test_a_change_of_tempo_is_no_note(lean: EnsembleLean):
    cast = lean.start(1, TRIO)
    np.testing.assert_array_equal(after(lean, cast, [METER, TEMPO])["behind"], cast["behind"])


def test_every_piece_has_an_ensemble_of_its_own(lean: EnsembleLean):
    rows = [lean.start(1, players) for players in (TRIO, None, Playing(((73, 1.0),), 0.0))]
    together = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    played = np.tile(np.array([[6, VIOLIN, 60, 6, 16]], dtype=np.int32), (3, 1))
    logits = ops.convert_to_numpy(lean.towards_players(lean.heard(together, played)))
    for row, cast in enumerate(rows):
        np.testing.assert_allclose(logits[row], towards(lean, after(lean, cast, [VIOLIN])))


def waits(lean: EnsembleLean, cast: Cast) -> np.ndarray:
    """Logits for each class of the wait."""
    return ops.convert_to_numpy(lean.towards_together(cast))[0]


def test_notes_that_should_come_together_get_likelier_until_they_do(lean: EnsembleLean):
    began = lean.start(1, TRIO)
    apart, together = (after(lean, began, [VIOLIN, VIOLA] * 8, wait) for wait in (6, 0))
    assert waits(lean, apart)[0] == pytest.approx(16 * TOGETHER_STRENGTH * 0.5, rel=0.15)
    assert waits(lean, together)[0] == pytest.approx(-16 * TOGETHER_STRENGTH * 0.5, rel=0.15)
    for cast in (began, apart, together):
        assert not waits(lean, cast)[1:].any()
    # And where nothing is known of the ensemble, or it is left open, nothing leans
    assert not waits(lean, after(lean, lean.start(1, TRIO._replace(together=None)), [VIOLIN] * 20)).any()
    assert not waits(lean, after(lean, lean.start(1), [VIOLIN] * 20)).any()


@pytest.mark.parametrize("name", ["performance", "voices", "events"])
def test_it_does_nothing_where_steps_name_no_instrument(name: str):
    lean = EnsembleLean(representation_of(name))
    assert lean.instrument is None
    assert not lean.can_lean
    assert lean.start(1, TRIO) == {}
