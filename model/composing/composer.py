"""From a request to a finished piece: prime on the seed, draw in chunks, put seed and new music together.

Called by the worker and by the command line. One Composer holds one bundle's network, compiled.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.bundles import Bundle
from model.errors import RequestError
from model.joining import continued, heard_part
from model.piece import Piece
from model.representation import REPRESENTATIONS
from model.representation.performance import SHIFT, STEPS_PER_SECOND
from model.sampling import Sampler, Taste
from model.sampling.sampler import CHUNK, Position

MIN_LENGTH_S, MAX_LENGTH_S = 5.0, 300.0  # longer than the longest wait a representation draws
MIN_TEMPERATURE, MAX_TEMPERATURE = 0.1, 2.0
LONGEST_PRIMING = 1024  # notes of the seed that the network hears: its last two minutes or so
MOST_NOTES_PER_SECOND = 60  # a piece denser than this is cut, so that every request ends
STUCK_NOTES_PER_SECOND, FREEING_TEMPERATURE = 40, 1.0  # denser is a loop that a network drawing too safely fell into

FREED = "At this temperature the music got stuck repeating, so some of it was drawn at temperature 1: try 0.8 or more."

OnProgress = Callable[[str, float], None]
ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class Composition:
    """A finished piece and what is to be said of it. Times are seconds."""

    piece: Piece
    seed_s: float  # how much of the start of `piece` is the seed
    notes: int  # notes in `piece`
    composed_notes: int
    remarks: tuple[str, ...]
    stopped: bool  # ended early because `should_stop` said so
    timings: dict[str, float]


def _no_progress(stage: str, fraction: float) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


class Composer:
    """Composes with one bundle. Making one compiles the sampling loop: some seconds, once."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.representation = REPRESENTATIONS[bundle.representation]()
        self._sampler = Sampler(bundle.network())
        self._warm_up()

    def compose(
        self,
        seed: Piece | None,
        length_s: float,
        temperature: float = 1.0,
        random_seed: int = 0,
        include_seed: bool = True,
        on_progress: OnProgress = _no_progress,
        should_stop: ShouldStop = _never,
    ) -> Composition:
        """`length_s` seconds of new music, after `seed` where one is given.

        The same bundle, seed, values and `random_seed` give the same piece.

        Args:
            seed: what to continue, or None to compose from nothing.
            length_s: seconds of new music, 5..300.
            temperature: 0.1..2; below 1 safer, above 1 wilder.
            random_seed: names the piece among all that could follow; from 0 on.
            include_seed: whether the result starts with the seed.
            on_progress: called with 'priming' (where there is a seed), then 'composing', and how much is done, 0..1.
            should_stop: asked after every chunk; True ends the piece there.

        Raises:
            RequestError: when a value is out of range, or the seed has no note that can be played.
        """
        _check(length_s, temperature, random_seed)
        started = time.perf_counter()
        if seed is not None:
            on_progress("priming", 0.0)
        position = self._position(seed)
        primed = time.perf_counter()
        taste = Taste(temperature=temperature)
        steps, stopped, said = self._draw(position, length_s, taste, random_seed, on_progress, should_stop)
        sampled = time.perf_counter()
        composed = self.representation.decode(steps)
        piece, seed_s, remarks = continued(seed, composed, length_s, include_seed, MAX_LENGTH_S)
        timings = {"prime": primed - started, "sample": sampled - primed}
        return Composition(piece, seed_s, len(piece), len(steps), (*remarks, *said), stopped, timings)

    def _position(self, seed: Piece | None) -> Position:
        """Where the new music begins: at the start, or after the end of the seed."""
        if seed is None:
            return self._sampler.start(1)
        steps = self.representation.encode(heard_part(seed))
        if not len(steps):
            raise RequestError("The seed has only drums: send one with notes that have a pitch.")
        return self._sampler.prime(steps[-LONGEST_PRIMING:])

    def _draw(
        self,
        position: Position,
        length_s: float,
        taste: Taste,
        random_seed: int,
        on_progress: OnProgress,
        should_stop: ShouldStop,
    ) -> tuple[NDArray[np.int32], bool, tuple[str, ...]]:
        """New steps until `length_s` is reached, whether it was stopped before, and what is to be said about it."""
        rng = np.random.Generator(np.random.Philox(random_seed))
        draws = len(self.representation.fields) + 2
        goal = round(length_s * STEPS_PER_SECOND)
        chunks: list[NDArray[np.int32]] = []
        now, stopped, most_chunks = 0, False, int(length_s * MOST_NOTES_PER_SECOND) // CHUNK + 1
        free = replace(taste, temperature=max(taste.temperature, FREEING_TEMPERATURE))
        is_stuck, was_freed = False, False
        for _ in range(most_chunks):
            uniforms = rng.random((CHUNK, 1, draws), dtype=np.float32)
            was_freed = was_freed or (is_stuck and free != taste)
            steps, position = self._sampler.chunk(position, uniforms, free if is_stuck else taste)
            chunks.append(steps[:, 0])
            passed = int(chunks[-1][:, SHIFT].sum())
            is_stuck = passed * STUCK_NOTES_PER_SECOND < CHUNK * STEPS_PER_SECOND
            now += passed
            on_progress("composing", min(now / goal, 1.0))
            stopped = now < goal and should_stop()
            if now >= goal or stopped:
                break
        drawn = np.concatenate(chunks)
        return drawn[np.cumsum(drawn[:, SHIFT]) < goal], stopped, (FREED,) if was_freed else ()

    def _warm_up(self) -> None:
        """Compile both graphs now, not while the first member waits."""
        for notes in (2, 3):  # two lengths, so that the compiled graph leaves the length open
            position = self._sampler.prime(np.array([[50, 60, 16, 50]] * notes, dtype=np.int32))
        draws = len(self.representation.fields) + 2
        for before in (position, self._sampler.start(1)):
            self._sampler.chunk(before, np.zeros((CHUNK, 1, draws), dtype=np.float32), Taste())


def _check(length_s: float, temperature: float, random_seed: int) -> None:
    if not MIN_LENGTH_S <= length_s <= MAX_LENGTH_S:
        raise RequestError(f"The length must lie between {MIN_LENGTH_S:g} and {MAX_LENGTH_S:g} seconds.")
    if not MIN_TEMPERATURE <= temperature <= MAX_TEMPERATURE:
        raise RequestError(f"The temperature must lie between {MIN_TEMPERATURE:g} and {MAX_TEMPERATURE:g}.")
    if random_seed < 0:
        raise RequestError("The random seed must be a whole number from 0 on.")
