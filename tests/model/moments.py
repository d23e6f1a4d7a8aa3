"""A moment in a piece, as the law of its representation sees it: compiled functions as tests call them."""

from __future__ import annotations

import numpy as np
from numba import njit

from model.generation.processors import new_processors, rules_of
from model.generation.step import PIECE, mask
from model.generation.weights import LOGITS, Scratch
from model.network.note_network import REFUSED
from model.representation import Representation, law
from model.representation.base import UNKNOWN


@njit
def _advance(states, raw):
    law.advance(states[0], raw)


@njit
def _learn(states, field, value):
    law.learn(states[0], field, value)


@njit
def _forbid(states, field, allowed):
    law.forbid(states[0], field, allowed)


@njit
def _context(states, conditions, part, out):
    return law.context(states[0], conditions, part, out)


@njit
def _to_classes(states, raw, classes):
    law.to_classes(states[0], raw, classes)


@njit
def _to_raw(states, field, drawn, uniform):
    return law.to_raw(states[0], field, drawn, uniform)


@njit
def _mask(states, conditions, piece, processors, rules, field, scratch):
    mask(states[0], conditions, piece[0], processors[0], rules, field, scratch)


class Moment:
    """The state of one piece."""

    def __init__(self, representation: Representation, left: int = UNKNOWN, controls: np.ndarray | None = None) -> None:
        self.representation = representation
        self.names = [field.name for field in representation.fields]
        width = representation.controls.width
        self.controls = np.zeros(width, np.float32) if controls is None else np.asarray(controls, np.float32)
        self.states = representation.new_states(left)

    def __getitem__(self, name: str) -> np.ndarray:
        """A part of the state."""
        return self.states[name][0]

    def after(self, steps: np.ndarray) -> Moment:
        """After raw steps (steps, fields)."""
        for step in np.asarray(steps, dtype=np.int32).reshape(-1, len(self.names)):
            _advance(self.states, step)
        return self

    def knowing(self, **values: int) -> Moment:
        """The moment within the next step when some of its fields are known."""
        later = Moment(self.representation, UNKNOWN, self.controls)
        later.states = self.states.copy()
        for name, value in values.items():
            _learn(later.states, self.names.index(name), np.int32(value))
        return later

    def allowed(self, name: str) -> np.ndarray:
        """Which classes of a field can follow, bool (classes,)."""
        allowed = np.ones(self.representation.fields[self.names.index(name)].size, dtype=np.uint8)
        _forbid(self.states, self.names.index(name), allowed)
        return allowed.astype(bool)

    def drawable(self, name: str) -> np.ndarray:
        """Which classes of a field composing may draw, bool (classes,)."""
        size = self.representation.fields[self.names.index(name)].size
        scratch = Scratch(
            np.zeros((LOGITS + 1, size), dtype=np.float32),
            np.zeros(1, dtype=np.uint8),
            np.zeros(1),
            np.zeros((2, size), dtype=np.uint8),
        )
        conditions, rules = self.representation.conditions(self.controls), rules_of(self.representation)
        piece, processors = np.zeros(1, dtype=PIECE), new_processors(self.representation)
        _mask(self.states, conditions, piece, processors, rules, self.names.index(name), scratch)
        return scratch.floats[LOGITS] > REFUSED / 2

    def seen(self, part: str = "input") -> np.ndarray:
        """What a part may look at."""
        out = np.zeros(self.representation.context_sizes[part], dtype=np.float32)
        field = law.INPUT if part == "input" else self.names.index(part)
        assert _context(self.states, self.representation.conditions(self.controls), field, out) == len(out)
        return out

    def classes(self, step: np.ndarray) -> list[int]:
        """The classes of a raw step."""
        classes = np.zeros(len(self.names), dtype=np.int32)
        _to_classes(self.states, np.asarray(step, dtype=np.int32), classes)
        return classes.tolist()

    def raw(self, name: str, drawn: int, uniform: float = 0.0) -> int:
        """The raw value of a drawn class."""
        return int(_to_raw(self.states, self.names.index(name), drawn, np.float32(uniform)))
