"""The short form of `make fuzz`: some hundred inputs for each reader, from a fixed seed."""

from __future__ import annotations

import pytest

from tests.fuzz.fuzzing import TARGETS, make_input, run

SEED, INPUTS = 1, 120


@pytest.mark.parametrize("target", TARGETS)
def test_every_input_is_read_or_refused_with_a_sentence(target):
    found = run(SEED, target, range(INPUTS))
    assert found.faults == {}
    # And both happen: inputs that are all refused at once would test nothing
    assert 0.03 < found.counts["read"] / INPUTS < 0.97, found.counts


def test_a_seed_and_a_number_give_the_same_input_again():
    for target in TARGETS:
        assert make_input(3, target, 7) == make_input(3, target, 7)
        assert make_input(3, target, 7) != make_input(4, target, 7)
