"""The law of a step, as the machine and as TensorFlow carry it out: what the network says is what is drawn."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.network import NoteNetwork
from model.representation import Performance
from model.representation.arrays import NUMPY
from model.representation.performance import DURATION, PITCH, SHIFT, VELOCITY
from model.sampling import Taste
from model.sampling.priming import Primer
from tests.model.hand import CPU, TENSORFLOW, Hand
from tests.model.made_pieces import scales

PERFORMANCE = Performance()
DRAWS = len(PERFORMANCE.fields) + 2
ROWS = 200


@pytest.fixture(scope="module", params=[CPU, TENSORFLOW])
def hand(network: NoteNetwork, request: pytest.FixtureRequest) -> Hand:
    return Hand(network, request.param, slots=ROWS)


@pytest.fixture(scope="module")
def primer(network: NoteNetwork) -> Primer:
    return Primer(network)


def uniforms(seed: int, steps: int = 32) -> np.ndarray:
    """One piece's random numbers, float32 (steps, 1, draws)."""
    return np.random.default_rng(seed).random((steps, 1, DRAWS), dtype=np.float32)


def test_the_same_numbers_draw_the_same_steps(hand: Hand):
    one, again, other = (hand.drawn(numbers) for numbers in (uniforms(1), uniforms(1), uniforms(2)))
    assert one.shape == (32, 1, 4)
    assert one.dtype == np.int32
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_chunks_follow_one_another_as_one_long_chunk(hand: Hand):
    numbers = uniforms(4)
    whole = hand.drawn(numbers)
    hand.join([0])
    first, second = hand.chunk(numbers[:16]), hand.chunk(numbers[16:])
    np.testing.assert_array_equal(np.concatenate([first.steps, second.steps]), whole)


def test_what_is_drawn_is_music_in_canonical_order(hand: Hand):
    for seed in range(3):
        steps = hand.drawn(uniforms(seed), Taste(temperature=2.0, top_p=1.0, min_p=0.0))[:, 0]
        steps[0, SHIFT] = 0  # silence before the first note is left out
        np.testing.assert_array_equal(PERFORMANCE.encode(PERFORMANCE.decode(steps)), steps)
        assert steps[:, SHIFT].max() <= 400
        assert steps[:, DURATION].min() >= 1


def test_priming_is_stepping_through_the_same_notes(hand: Hand, primer: Primer, network: NoteNetwork):
    # Given a beginning
    steps = scales(1, 20)[0]
    primed = primer.prime(steps)
    # When the same notes are stepped through, one at a time
    stepped = primer.start()
    for row in steps:
        before = stepped.situation
        _, state = network.step(stepped.previous, before, stepped.state)
        classes = PERFORMANCE.classes(row[None], before, NUMPY)
        step = {field.name: row[None, index] for index, field in enumerate(PERFORMANCE.fields)}
        after = PERFORMANCE.advance(before, step, NUMPY)
        stepped = stepped._replace(previous=classes, latest=row[None], situation=after, state=state)
    # Then both stand at the same place, and what follows is the same
    np.testing.assert_array_equal(primed.previous, stepped.previous)
    for name, value in primed.situation.items():
        np.testing.assert_array_equal(value, stepped.situation[name])
    for name, value in primed.state.items():
        np.testing.assert_allclose(
            ops.convert_to_numpy(value), ops.convert_to_numpy(stepped.state[name]), atol=1e-5, err_msg=name
        )
    follows = []
    for position in (primed, stepped):
        hand.join([0], position)
        follows.append(hand.chunk(uniforms(5)).steps)
    np.testing.assert_array_equal(*follows)


def test_at_a_low_temperature_only_the_choice_within_a_bucket_is_left_to_chance(hand: Hand):
    taste = Taste(temperature=1e-6)
    within_bucket = slice(-2, None)  # the last two of a step's numbers
    one, other = uniforms(1), uniforms(2)
    other[..., within_bucket] = one[..., within_bucket]
    np.testing.assert_array_equal(hand.drawn(one, taste), hand.drawn(other, taste))


def test_a_top_k_of_one_is_as_sure_as_the_lowest_temperature(hand: Hand):
    np.testing.assert_array_equal(
        hand.drawn(uniforms(1), Taste(top_k=1)), hand.drawn(uniforms(1), Taste(temperature=1e-6))
    )


def test_one_field_can_be_drawn_safely_while_the_others_are_not(hand: Hand):
    # Given pitches that are sure and velocities that are wild
    numbers = hand.uniforms(0, steps=1, rows=ROWS)
    taste = Taste(temperature=2.0, top_p=1.0, min_p=0.0, temperatures={"pitch": 1e-6})
    # When many pieces begin
    steps = hand.drawn(numbers, taste)[0]
    # Then they begin with one pitch and many velocities
    assert len(set(steps[:, PITCH].tolist())) == 1
    assert len(set(steps[:, VELOCITY].tolist())) > 8


@pytest.mark.parametrize("left", [1, 50, 777])
def test_the_last_onset_is_exactly_where_it_was_asked_for_and_the_end_follows_by_itself(hand: Hand, left: int):
    # Given several pieces whose last onset is asked for
    hand.join(range(3), taste=Taste(temperature=2.0, top_p=1.0, min_p=0.0), left=left)
    # When they are drawn, wildly
    chunk = hand.chunk(hand.uniforms(left, steps=400, rows=3))
    # Then each ends, and the last of its notes is struck at that time
    for piece in range(3):
        assert hand.standing(piece).is_over
        steps = chunk.steps[~chunk.is_past_end[:, piece], piece]
        assert steps[:, SHIFT].sum() == left
        assert chunk.is_past_end[len(steps) :, piece].all()


def test_what_is_asked_for_reaches_the_network(primer: Primer):
    asked = np.zeros(PERFORMANCE.controls.width, dtype=np.float32)
    asked[PERFORMANCE.controls.slices["key"].start] = 1
    position = primer.start(asked, left=500)
    np.testing.assert_array_equal(position.situation["controls"], asked[None])
    assert position.situation["left"].tolist() == [500]


def test_a_primed_network_knows_how_much_is_left_after_the_seed(primer: Primer):
    assert np.asarray(primer.prime(scales(1, 20)[0], left=300).situation["left"]).tolist() == [300]


def test_the_first_pitch_is_drawn_as_often_as_the_network_says(hand: Hand, primer: Primer, network: NoteNetwork):
    # Given the network's own opinion of the first pitch, which comes without a wait
    rounds = 10
    first = primer.start()
    output, _ = network.step(first.previous, first.situation, first.state)
    at_once = np.zeros(1, dtype=np.int32)
    later = PERFORMANCE.elapse(first.situation, at_once, NUMPY)
    logits = ops.convert_to_numpy(network.logits(1, output, [at_once], later))[0]
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    # When many pieces begin
    taste = Taste(top_p=1.0, min_p=0.0)
    steps = np.concatenate([hand.drawn(hand.uniforms(one, 1, ROWS), taste)[0] for one in range(rounds)])
    # Then no likely pitch comes more or less often than chance allows (five standard deviations)
    assert (steps[:, SHIFT] == 0).all()
    counts = np.bincount(steps[:, PITCH], minlength=128)
    spread = np.sqrt(len(steps) * expected * (1 - expected)) + 1
    assert (np.abs(counts - len(steps) * expected) < 5 * spread).all()
