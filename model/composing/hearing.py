"""What a model hears of a seed, and where on the seed's clock its steps stand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.analysis.tempo_detection import tapped_tempo
from model.composing import seeds
from model.composing.joining import Joint
from model.errors import RequestError
from model.generation.processors import Beat
from model.piece import Piece
from model.representation import Representation

BEAT_FROM_S = 15.0  # of the seed's end: its beat there is the one to go on in
LONGEST_PRIMING = 1024  # steps of the seed that the network hears: its last two minutes or so


class Hearing:
    """Hears seeds as one representation does."""

    def __init__(self, representation: Representation) -> None:
        self._representation = representation
        self.in_beats = representation.units_per_second is None

    def steps(self, seed: Piece) -> NDArray[np.int32]:
        """The seed as raw steps, int32 (notes, fields), at least one.

        Raises:
            RequestError: nothing in it can be heard.
        """
        steps = self._representation.encode(seed)
        if len(steps) <= self._representation.headings:
            raise RequestError("The seed has only drums: send one with notes that have a pitch.")
        return steps

    def latest(self, steps: NDArray[np.int32]) -> NDArray[np.int32]:
        """The last of `steps`, as many as the network hears; those that say meter and tempo come before them."""
        if len(steps) <= LONGEST_PRIMING:
            return steps
        headings = self._representation.headings
        if not headings:
            return steps[-LONGEST_PRIMING:]
        latest = self._representation.excerpt(steps, headings, LONGEST_PRIMING - headings)
        if len(latest) <= LONGEST_PRIMING:
            return latest
        return np.concatenate([steps[:headings], steps[headings - LONGEST_PRIMING :]])

    def as_before(self, heard: NDArray[np.int32], asked: NDArray[np.float32]) -> NDArray[np.float32]:
        """What is asked, float32 (width,), and beyond it that the music stay as it is at the end of steps `heard`."""
        wishes = asked.copy()
        measured = self._representation.measured(heard)[-1]
        for part in self._representation.controls.slices.values():
            if not asked[part].any():
                wishes[part] = measured[part]
        return wishes

    def beat(self, heard: NDArray[np.int32]) -> Beat | None:
        """The beat at the end of steps `heard`; None where time is counted in beats anyway, or too little was heard."""
        if self.in_beats:
            return None
        latest = seeds.last_part(self._representation.decode(heard), BEAT_FROM_S)
        tempo_bpm = tapped_tempo(latest)
        return None if tempo_bpm is None else Beat(60 / tempo_bpm, np.sort(latest.onsets_s))

    def origin(self, seed: Piece, steps: NDArray[np.int32]) -> int:
        """The seed's tick that is time 0 of its `steps`."""
        heard = seed if self._representation.hears_drums else seeds.pitched_part(seed)
        first = int(heard.notes["onset"].min())
        if not self.in_beats:
            return first
        written = self._representation.decode(steps)
        on_grid = self._on_grid(seed, first)
        before = int(written.notes["onset"].min()) * seed.ticks_per_quarter / written.ticks_per_quarter
        return round(on_grid - before)

    def joint(self, seed: Piece, steps: NDArray[np.int32]) -> Joint:
        """Where music that follows `steps` of the seed begins: their last onset if a wait comes next, else the end."""
        opens_with_wait = self._representation.opens_with_wait
        if not self.in_beats:
            ends = seed.notes["onset"] + seed.notes["duration"]
            return Joint(int(seed.notes["onset"].max() if opens_with_wait else ends.max()))
        units = int(self._representation.onsets(steps)[-1]) + (not opens_with_wait)
        passed = units * seed.ticks_per_quarter / self._representation.units_per_quarter
        return Joint(self.origin(seed, steps) + round(passed), in_beats=True)

    def first_onset(self) -> int:
        """When a piece's first step happens where steps follow one another at even distances, 0 or 1."""
        one_step = np.zeros((1, len(self._representation.fields)), dtype=np.int32)
        return int(self._representation.onsets(one_step)[0])

    def _on_grid(self, seed: Piece, tick: int) -> float:
        """The nearest tick to `tick` that is a whole time unit of the representation."""
        per_unit = seed.ticks_per_quarter / self._representation.units_per_quarter
        return round(tick / per_unit) * per_unit
