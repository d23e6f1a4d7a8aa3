"""The order of pieces in training: every one comes up, and styles with little music more often when asked."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest

from model.corpora.windows import OPENING, Augmentation, WindowStreams, endless_order
from model.representation import Performance
from tests.model.made_pieces import scales

SIZES = [1000] * 90 + [100] * 90
STYLES = ["pop"] * 90 + ["tune"] * 90


def taken(balance: float, count: int) -> list[int]:
    return list(islice(endless_order(SIZES, STYLES, balance, np.random.default_rng(0)), count))


def test_without_balance_every_piece_comes_once_before_any_comes_again():
    order = taken(0.0, 2 * len(SIZES))
    assert sorted(order[: len(SIZES)]) == sorted(order[len(SIZES) :]) == list(range(len(SIZES)))


@pytest.mark.parametrize(("balance", "share"), [(0.5, 10**0.5 / (10**0.5 + 1)), (1.0, 0.5)])
def test_a_style_has_the_share_of_steps_that_its_power_says(balance: float, share: float):
    steps = Counter()
    for index in taken(balance, 20_000):
        steps[STYLES[index]] += SIZES[index]
    assert steps["pop"] / steps.total() == pytest.approx(share, abs=0.03)


def test_a_style_that_weighs_three_times_as_much_has_three_times_the_steps_and_one_of_weight_0_none():
    steps = Counter()
    for index in islice(endless_order(SIZES, STYLES, 1.0, np.random.default_rng(0), {"tune": 3.0}), 20_000):
        steps[STYLES[index]] += SIZES[index]
    assert steps["tune"] / steps.total() == pytest.approx(0.75, abs=0.03)
    order = islice(endless_order(SIZES, STYLES, 0.0, np.random.default_rng(0), {"pop": 0.0}), 500)
    assert {STYLES[index] for index in order} == {"tune"}


def test_within_a_style_every_piece_comes_before_any_comes_again():
    tunes = [index for index in taken(1.0, 2_000) if STYLES[index] == "tune"]
    assert len(set(tunes[:90])) == 90


def test_a_piece_opens_with_steps_that_count_more_where_that_is_asked_for():
    rng = np.random.default_rng(0)
    pieces = scales(4, 40)
    streams = WindowStreams(Performance(), pieces, streams=2, length=16)
    ((batch,), (following,)) = islice(streams.shuffled(rng, Augmentation(opening_weight=5.0)), 2)
    assert (batch["weight"][:, :OPENING] == 5).all()
    assert (batch["weight"][:, OPENING:] == 1).all()
    assert (following["weight"] == 1).all()
