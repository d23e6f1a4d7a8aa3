"""Compiled functions of the law and the logits processors, as tests call them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from model.generation.processors import hear, is_crowded, least_wait, new_processors, process, rules_of
from model.representation import Representation


@njit
def _process(states, conditions, rules, records, field, raw, logits):
    return process(states[0], conditions, rules, records[0], field, raw, logits)


@njit
def _hear(states, rules, records, raw):
    hear(states[0], rules, records[0], raw, True)


@njit
def _is_crowded(rules, records):
    return is_crowded(rules, records[0])


@njit
def _least_wait(rules, records):
    return least_wait(rules, records[0])


class Listener:
    """The logits processors of one piece, which hear steps and change logits."""

    def __init__(self, representation: Representation, left: int = -1, **kept: Any) -> None:
        """`kept` is what the piece keeps to, see `new_processors`."""
        self.representation, self.rules = representation, rules_of(representation)
        self.record = new_processors(representation, **kept)
        self._states = representation.new_states(left)
        self._conditions = representation.conditions(np.zeros(representation.controls.width, np.float32))
        self.has_refused = False

    def hear(self, *steps: tuple[int, ...]) -> Listener:
        """Hear raw steps."""
        for step in steps:
            _hear(self._states, self.rules, self.record, np.array(step, dtype=np.int32))
        return self

    def added(self, name: str, *earlier: int) -> np.ndarray:
        """What is added to the logits of a field after the earlier values of the step, float32 (classes,)."""
        names = [field.name for field in self.representation.fields]
        raw = np.zeros(len(names), dtype=np.int32)
        raw[: len(earlier)] = earlier
        logits = np.zeros(int(self.rules.sizes[names.index(name)]), dtype=np.float32)
        arguments = self._states, self._conditions, self.rules, self.record
        self.has_refused = _process(*arguments, names.index(name), raw, logits)
        return logits

    def is_crowded(self) -> bool:
        """Whether time hardly moves any more."""
        return bool(_is_crowded(self.rules, self.record))

    def least_wait(self) -> int:
        """How long the next note has to wait."""
        return int(_least_wait(self.rules, self.record))
