"""Slots played by hand, chunk by chunk, without an engine around them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from model.engine.accelerator import Accelerator
from model.engine.processor import Processor
from model.engine.requests import Drawn, Standing
from model.sampling import Taste
from model.sampling.plan import Plan
from model.sampling.position import Position
from model.sampling.priming import Primer
from model.sampling.step import Tastes

from model.network import NoteNetwork
from model.representation.base import UNKNOWN

CPU, TENSORFLOW = "cpu", "cpu:0"  # the machine, and TensorFlow on the same processor


class Hand:
    """A network's slots on a device, and where its pieces begin."""

    def __init__(self, network: NoteNetwork, device: str = CPU, slots: int = 8) -> None:
        self.network, self.primer = network, Primer(network)
        self.draws = len(network.representation.fields) + 2
        if device == CPU:
            self.slots: Processor | Accelerator = Processor(network, self.primer.start(), slots)
        else:
            self.slots = Accelerator(network, self.primer.start(), slots, device)

    def join(
        self,
        places: Sequence[int],
        position: Position | None = None,
        taste: Taste | None = None,
        plan: Plan | None = None,
        left: int = UNKNOWN,
        guard: bool = True,
    ) -> None:
        """Begin the same piece in every one of `places`."""
        fields = [field.name for field in self.network.representation.fields]
        tastes = Tastes.of(taste or Taste(), fields, 1, guard)
        for place in places:
            self.slots.join(place, position or self.primer.start(left=left), tastes, plan)

    def chunk(self, numbers: np.ndarray, places: Sequence[int] | None = None) -> Drawn:
        """The next steps in `places` (the first ones, where None); float32 (steps, rows, draws)."""
        return self.slots.draw(list(places or range(numbers.shape[1])), numbers)

    def drawn(self, numbers: np.ndarray, taste: Taste | None = None, left: int = UNKNOWN) -> np.ndarray:
        """Raw steps of pieces from their beginning, (steps, rows, fields)."""
        self.join(range(numbers.shape[1]), taste=taste, left=left)
        return self.chunk(numbers).steps

    def standing(self, place: int = 0) -> Standing:
        """How far the piece in `place` is."""
        return self.slots.standing(place)

    def uniforms(self, seed: int, steps: int = 32, rows: int = 1) -> np.ndarray:
        """Random numbers, float32 (steps, rows, draws)."""
        return np.random.default_rng(seed).random((steps, rows, self.draws), dtype=np.float32)
