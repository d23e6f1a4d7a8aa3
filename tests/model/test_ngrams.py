"""The floors: they are probabilities, and they are what a plain reading of their definition gives."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluation.ngrams import DISCOUNT, START, NGrams, floors
from model.representation.events import SIZE, events_of
from tests.model.made_pieces import steps_of

EVENT = st.one_of(st.integers(0, 5), st.integers(0, SIZE - 1))  # often the same few, so that counts grow
PIECES = st.lists(st.lists(EVENT, min_size=1, max_size=40), min_size=2, max_size=5)
relaxed = settings(deadline=None, max_examples=30)


def naive_nats(pieces: list[list[int]], train: list[list[int]]) -> list[tuple[float, float]]:
    """Nats of each event alone and after two others, by dictionaries, as the definition reads."""
    counts: dict[tuple, Counter] = defaultdict(Counter)
    for piece in train:
        for older, newer, event in with_contexts(piece):
            for context in ((), (newer,), (older, newer)):
                counts[context][event] += 1

    def probability(event: int, context: tuple) -> float:
        seen = counts[context]
        total = seen.total()
        if not context:
            return (seen[event] + 1) / (total + SIZE)
        shorter = probability(event, context[1:])
        if not total:
            return shorter
        return max(seen[event] - DISCOUNT, 0) / total + DISCOUNT * len(seen) / total * shorter

    return [
        (-math.log(probability(event, ())), -math.log(probability(event, (older, newer))))
        for piece in pieces
        for older, newer, event in with_contexts(piece)
    ]


def with_contexts(piece: list[int]) -> list[tuple[int, int, int]]:
    padded = [START, START, *piece]
    return list(zip(padded, padded[1:], padded[2:], strict=False))


def as_arrays(pieces: list[list[int]]) -> list[np.ndarray]:
    return [np.array(piece, dtype=np.int16) for piece in pieces]


@given(PIECES, PIECES)
@relaxed
def test_fitted_on_other_pieces_the_floors_are_what_a_plain_reading_gives(train: list, pieces: list):
    expected = np.mean(naive_nats(pieces, train), axis=0)
    np.testing.assert_allclose(floors(as_arrays(pieces), as_arrays(train)), expected, rtol=1e-10)


@given(PIECES)
@relaxed
def test_without_other_pieces_each_is_judged_by_all_the_others(pieces: list):
    costs = [
        cost for left in range(len(pieces)) for cost in naive_nats([pieces[left]], pieces[:left] + pieces[left + 1 :])
    ]
    np.testing.assert_allclose(floors(as_arrays(pieces)), np.mean(costs, axis=0), rtol=1e-10)


@given(PIECES, st.lists(st.tuples(EVENT, EVENT), max_size=5))
@relaxed
def test_after_any_two_events_the_probabilities_add_up_to_one(pieces: list, contexts: list):
    model = NGrams()
    for piece in as_arrays(pieces):
        model.learn(piece)
    seen = [pair[:2] for piece in pieces for pair in with_contexts(piece)]
    for older, newer in [*contexts, *seen[:10], (START, START)]:
        for probabilities in model.probabilities(older, newer, np.arange(SIZE)):
            assert probabilities.shape == (SIZE,)
            assert probabilities.min() > 0
            assert probabilities.sum() == pytest.approx(1)


def test_what_was_forgotten_was_never_there():
    pieces = [events_of(steps_of(np.random.default_rng(seed), 200)) for seed in range(3)]
    untouched, changed = NGrams(), NGrams()
    untouched.learn(pieces[0])
    for piece in pieces:
        changed.learn(piece)
    for piece in pieces[1:]:
        changed.forget(piece)
    assert changed.nats(pieces[2]) == untouched.nats(pieces[2])


def test_a_piece_alone_is_judged_by_nothing():
    assert floors([np.array([3, 1, 4], dtype=np.int16)]) == pytest.approx((math.log(SIZE), math.log(SIZE)))


def test_longer_contexts_tell_more_about_music():
    pieces = [events_of(steps_of(np.random.default_rng(seed), 400)) for seed in range(6)]
    floor = floors(pieces[:2], pieces[2:])
    assert floor.trigram < floor.unigram < math.log(SIZE)
