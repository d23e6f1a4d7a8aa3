"""The compiled loop: it draws what the network says, in a batch as alone, after a beginning as through it."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.network import NoteNetwork
from model.representation import Performance
from model.representation.performance import DURATION, SHIFT
from model.sampling import Sampler, Taste
from model.sampling.sampler import Position
from tests.model.made_pieces import scales

PERFORMANCE = Performance()
DRAWS = len(PERFORMANCE.fields) + 2


@pytest.fixture(scope="module")
def sampler(network: NoteNetwork) -> Sampler:
    return Sampler(network)


def uniforms(seed: int, steps: int = 32) -> np.ndarray:
    """One piece's random numbers, float32 (steps, 1, draws)."""
    return np.random.default_rng(seed).random((steps, 1, DRAWS), dtype=np.float32)


def test_the_same_numbers_draw_the_same_steps(sampler: Sampler):
    one, _ = sampler.chunk(sampler.start(1), uniforms(1), Taste())
    again, _ = sampler.chunk(sampler.start(1), uniforms(1), Taste())
    other, _ = sampler.chunk(sampler.start(1), uniforms(2), Taste())
    assert one.shape == (32, 1, 4)
    assert one.dtype == np.int32
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_a_piece_is_the_same_whatever_is_drawn_beside_it(sampler: Sampler):
    alone = [sampler.chunk(sampler.start(1), uniforms(seed), Taste())[0] for seed in (1, 2, 3)]
    together, _ = sampler.chunk(
        sampler.start(3), np.concatenate([uniforms(seed) for seed in (1, 2, 3)], axis=1), Taste()
    )
    np.testing.assert_array_equal(together, np.concatenate(alone, axis=1))


def test_chunks_follow_one_another_as_one_long_chunk(sampler: Sampler):
    numbers = uniforms(4)
    whole, _ = sampler.chunk(sampler.start(1), numbers, Taste())
    first, position = sampler.chunk(sampler.start(1), numbers[:16], Taste())
    second, _ = sampler.chunk(position, numbers[16:], Taste())
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)


def test_what_is_drawn_is_music_in_canonical_order(sampler: Sampler):
    for seed in range(3):
        drawn, _ = sampler.chunk(sampler.start(1), uniforms(seed), Taste(temperature=2.0, top_p=1.0, min_p=0.0))
        steps = drawn[:, 0]
        steps[0, SHIFT] = 0  # silence before the first note is left out
        np.testing.assert_array_equal(PERFORMANCE.encode(PERFORMANCE.decode(steps)), steps)
        assert steps[:, SHIFT].max() <= 400
        assert steps[:, DURATION].min() >= 1


def test_priming_is_stepping_through_the_same_notes(sampler: Sampler, network: NoteNetwork):
    # Given a beginning, heard in one pass
    steps = scales(1, 20)[0]
    primed = sampler.prime(steps)
    # When the same notes are stepped through, one at a time
    stepped = sampler.start(1)
    for row in steps:
        before = stepped.situation
        _, states = network.step(stepped.previous, before, stepped.states)
        classes = PERFORMANCE.classes(row[None], before)
        step = {field.name: row[None, index] for index, field in enumerate(PERFORMANCE.fields)}
        stepped = Position(classes, PERFORMANCE.advance(before, step, np), states)
    # Then both stand at the same place, and what follows is the same
    np.testing.assert_array_equal(primed.previous, stepped.previous)
    for name, value in primed.situation.items():
        np.testing.assert_array_equal(value, stepped.situation[name])
    for pair, other in zip(primed.states, stepped.states, strict=True):
        for part, same in zip(pair, other, strict=True):
            np.testing.assert_allclose(ops.convert_to_numpy(part), ops.convert_to_numpy(same), atol=1e-5)
    follows, _ = sampler.chunk(primed, uniforms(5), Taste())
    np.testing.assert_array_equal(sampler.chunk(stepped, uniforms(5), Taste())[0], follows)


def test_at_a_low_temperature_only_the_choice_within_a_bucket_is_left_to_chance(sampler: Sampler):
    taste = Taste(temperature=1e-6)
    within_bucket = slice(-2, None)  # the last two of a step's numbers
    one, other = uniforms(1), uniforms(2)
    other[..., within_bucket] = one[..., within_bucket]
    np.testing.assert_array_equal(
        sampler.chunk(sampler.start(1), one, taste)[0], sampler.chunk(sampler.start(1), other, taste)[0]
    )


def test_the_first_note_is_drawn_as_often_as_the_network_says(sampler: Sampler, network: NoteNetwork):
    # Given the network's own opinion of the first wait
    batch = 2_000
    first = sampler.start(1)
    output, _ = network.step(first.previous, first.situation, first.states)
    logits = ops.convert_to_numpy(network.logits(0, output, [], first.situation))
    logits = np.where(PERFORMANCE.drawable(), logits[0], -np.inf)
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    # When many pieces begin
    numbers = np.random.default_rng(0).random((1, batch, DRAWS), dtype=np.float32)
    steps, _ = sampler.chunk(sampler.start(batch), numbers, Taste(top_p=1.0, min_p=0.0))
    # Then no likely wait comes more or less often than chance allows (five standard deviations)
    counts = np.bincount(steps[0, :, SHIFT], minlength=128)[:128]
    spread = np.sqrt(batch * expected[:128] * (1 - expected[:128])) + 1
    assert (np.abs(counts - batch * expected[:128]) < 5 * spread).all()
