"""The compiled loop: it draws what the network says, in a batch as alone, after a beginning as through it."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.network import NoteNetwork
from model.representation import Performance
from model.representation.arrays import NUMPY
from model.representation.base import UNKNOWN
from model.representation.performance import DURATION, PITCH, SHIFT, VELOCITY
from model.sampling import Sampler, Taste
from tests.model.made_pieces import scales

PERFORMANCE = Performance()
DRAWS = len(PERFORMANCE.fields) + 2


@pytest.fixture(scope="module")
def sampler(network: NoteNetwork) -> Sampler:
    return Sampler(network)


def uniforms(seed: int, steps: int = 32) -> np.ndarray:
    """One piece's random numbers, float32 (steps, 1, draws)."""
    return np.random.default_rng(seed).random((steps, 1, DRAWS), dtype=np.float32)


def drawn(sampler: Sampler, numbers: np.ndarray, taste: Taste | None = None, left: int = UNKNOWN) -> np.ndarray:
    """Raw steps of pieces from their beginning, (steps, batch, fields)."""
    return sampler.chunk(sampler.start(numbers.shape[1], left=left), numbers, taste or Taste())[0].steps


def test_the_same_numbers_draw_the_same_steps(sampler: Sampler):
    one, again, other = (drawn(sampler, numbers) for numbers in (uniforms(1), uniforms(1), uniforms(2)))
    assert one.shape == (32, 1, 4)
    assert one.dtype == np.int32
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_piece_is_the_same_whatever_is_drawn_beside_it(sampler: Sampler):
    alone = [drawn(sampler, uniforms(seed)) for seed in (1, 2, 3)]
    together = drawn(sampler, np.concatenate([uniforms(seed) for seed in (1, 2, 3)], axis=1))
    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))


def test_chunks_follow_one_another_as_one_long_chunk(sampler: Sampler):
    numbers = uniforms(4)
    first, position = sampler.chunk(sampler.start(1), numbers[:16], Taste())
    second, _ = sampler.chunk(position, numbers[16:], Taste())
    np.testing.assert_array_equal(np.concatenate([first.steps, second.steps]), drawn(sampler, numbers))


def test_what_is_drawn_is_music_in_canonical_order(sampler: Sampler):
    for seed in range(3):
        steps = drawn(sampler, uniforms(seed), Taste(temperature=2.0, top_p=1.0, min_p=0.0))[:, 0]
        steps[0, SHIFT] = 0  # silence before the first note is left out
        np.testing.assert_array_equal(PERFORMANCE.encode(PERFORMANCE.decode(steps)), steps)
        assert steps[:, SHIFT].max() <= 400
        assert steps[:, DURATION].min() >= 1


def test_priming_is_stepping_through_the_same_notes(sampler: Sampler, network: NoteNetwork):
    # Given a beginning
    steps = scales(1, 20)[0]
    primed = sampler.prime(steps)
    # When the same notes are stepped through, one at a time
    stepped = sampler.start(1)
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
    follows, _ = sampler.chunk(primed, uniforms(5), Taste())
    np.testing.assert_array_equal(sampler.chunk(stepped, uniforms(5), Taste())[0].steps, follows.steps)


def test_at_a_low_temperature_only_the_choice_within_a_bucket_is_left_to_chance(sampler: Sampler):
    taste = Taste(temperature=1e-6)
    within_bucket = slice(-2, None)  # the last two of a step's numbers
    one, other = uniforms(1), uniforms(2)
    other[..., within_bucket] = one[..., within_bucket]
    np.testing.assert_array_equal(drawn(sampler, one, taste), drawn(sampler, other, taste))


def test_a_top_k_of_one_is_as_sure_as_the_lowest_temperature(sampler: Sampler):
    np.testing.assert_array_equal(
        drawn(sampler, uniforms(1), Taste(top_k=1)), drawn(sampler, uniforms(1), Taste(temperature=1e-6))
    )


def test_one_field_can_be_drawn_safely_while_the_others_are_not(sampler: Sampler):
    # Given pitches that are sure and velocities that are wild
    numbers = np.random.default_rng(0).random((1, 200, DRAWS), dtype=np.float32)
    taste = Taste(temperature=2.0, top_p=1.0, min_p=0.0, temperatures={"pitch": 1e-6})
    # When many pieces begin
    steps = drawn(sampler, numbers, taste)[0]
    # Then they begin with one pitch and many velocities
    assert len(set(steps[:, PITCH].tolist())) == 1
    assert len(set(steps[:, VELOCITY].tolist())) > 8


@pytest.mark.parametrize("left", [1, 50, 777])
def test_the_last_onset_is_exactly_where_it_was_asked_for_and_the_end_follows_by_itself(sampler: Sampler, left: int):
    # Given several pieces whose last onset is asked for
    numbers = np.random.default_rng(left).random((400, 3, DRAWS), dtype=np.float32)
    # When they are drawn, wildly
    chunk, position = sampler.chunk(sampler.start(3, left=left), numbers, Taste(temperature=2.0, top_p=1.0, min_p=0.0))
    # Then each ends, and the last of its notes is struck at that time
    assert np.asarray(position.is_over).all()
    for piece in range(3):
        steps = chunk.steps[~chunk.is_past_end[:, piece], piece]
        assert steps[:, SHIFT].sum() == left
        assert chunk.is_past_end[len(steps) :, piece].all()


def test_what_is_asked_for_reaches_the_network(sampler: Sampler):
    asked = np.zeros(PERFORMANCE.controls.width, dtype=np.float32)
    asked[PERFORMANCE.controls.slices["key"].start] = 1
    position = sampler.start(2, asked, left=500)
    np.testing.assert_array_equal(position.situation["controls"], np.tile(asked, (2, 1)))
    assert position.situation["left"].tolist() == [500, 500]
    _, after = sampler.chunk(position, np.concatenate([uniforms(1), uniforms(2)], axis=1), Taste())
    np.testing.assert_array_equal(after.situation["controls"], position.situation["controls"])


def test_a_primed_network_knows_how_much_is_left_after_the_seed(sampler: Sampler):
    assert np.asarray(sampler.prime(scales(1, 20)[0], left=300).situation["left"]).tolist() == [300]


def test_the_first_pitch_is_drawn_as_often_as_the_network_says(sampler: Sampler, network: NoteNetwork):
    # Given the network's own opinion of the first pitch, which comes without a wait
    batch = 2_000
    first = sampler.start(1)
    output, _ = network.step(first.previous, first.situation, first.state)
    at_once = np.zeros(1, dtype=np.int32)
    later = PERFORMANCE.elapse(first.situation, at_once, NUMPY)
    logits = ops.convert_to_numpy(network.logits(1, output, [at_once], later))[0]
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    # When many pieces begin
    numbers = np.random.default_rng(0).random((1, batch, DRAWS), dtype=np.float32)
    steps = drawn(sampler, numbers, Taste(top_p=1.0, min_p=0.0))[0]
    # Then no likely pitch comes more or less often than chance allows (five standard deviations)
    assert (steps[:, SHIFT] == 0).all()
    counts = np.bincount(steps[:, PITCH], minlength=128)
    spread = np.sqrt(batch * expected * (1 - expected)) + 1
    assert (np.abs(counts - batch * expected) < 5 * spread).all()
