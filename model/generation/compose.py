"""From a request to a finished piece: hear the seed, draw in chunks, put seed and new music together.

Called by the worker and by the command line. One Composer holds one bundle's network, compiled.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice

import numpy as np

from model.analysis.originality import Originality, originality_of
from model.bundles import Bundle
from model.controls import Controls
from model.errors import RequestError
from model.generation.control_checks import Missed, fulfilment_of
from model.generation.engine import SLOTS, Drawing, Engine, Handle, Request, SamplingParameters
from model.generation.options import ComposeOptions
from model.generation.seed_encoding import level_velocity
from model.generation.tasks import GenerationTask, TaskBuilder
from model.piece import Piece

GUARDED = "The music began to circle in a few notes, so some were drawn more freely. Try more `creativity`."
MOST_GUARDED = 0.05  # share of notes; fewer are no matter for words

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
    ended: bool  # came to its end by itself
    controls: Controls  # those asked for that the piece has
    timings: dict[str, float]
    missed: tuple[Missed, ...] = ()  # those it does not have, and why
    originality: Originality | None = None  # of the new notes; None where the bundle has no index of its training set


def _no_progress(stage: str, fraction: float) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


class Composer:
    """Composes with one bundle, any number of pieces at a time: safe to use from many threads.

    Making one compiles the sampling engine: some seconds, now, and not while the first member waits.
    """

    def __init__(self, bundle: Bundle, slots: int = SLOTS, device: str = "cpu") -> None:
        """Load what `bundle` holds; see `Engine` for `slots` and `device`."""
        self.bundle = bundle
        self._engine = Engine(bundle.network(), slots, device)
        self.representation = self._engine.representation
        sample = bundle.replay_sample()
        usual = level_velocity(self.representation, sample.train.pieces) if sample is not None else None
        self._tasks = TaskBuilder(self._engine, bundle.priors, usual)
        self._learnt_from = bundle.originality()

    @property
    def memory_bytes(self) -> int:
        """What it takes in memory: weights in all their forms, and the slots of the engine."""
        stored_and_in_network = sum(weight.nbytes + 4 * weight.size for weight in self.bundle.weights)
        return stored_and_in_network + self._engine.memory_bytes

    def originality(self, piece: Piece) -> Originality | None:
        """How much of `piece`, whoever wrote it, occurs in the training set; None for a bundle without an index."""
        return originality_of(piece, self._learnt_from)

    def close(self) -> None:
        """Put the engine away; pieces not done yet fail."""
        self._engine.close()

    def compose(
        self,
        seed: Piece | None,
        options: ComposeOptions | None = None,
        on_progress: OnProgress = _no_progress,
        should_stop: ShouldStop = _never,
    ) -> Composition:
        """A piece as `options` ask for it, out of `seed` where one is given.

        Args:
            seed: what to continue, vary or accompany, or None to compose from nothing.
            options: what is asked for; half a minute of music when not given.
            on_progress: called with 'priming' (where there is a seed), then 'composing', and how much is done, 0..1.
            should_stop: asked after every chunk; True ends the piece there.

        Raises:
            RequestError: a value is out of range, or the seed or the model does not allow what is asked.
        """
        options = options or ComposeOptions()
        self._check(options)
        started = time.perf_counter()
        if seed is not None:
            on_progress("priming", 0.0)
        task = self._tasks.of(seed, options)
        primed = time.perf_counter()
        drawing = perform(self._engine, task, options, lambda fraction: on_progress("composing", fraction), should_stop)
        sampled = time.perf_counter()
        return self._composition(task, drawing, options, {"prime": primed - started, "sample": sampled - primed})

    def compose_all(
        self, requests: Iterable[tuple[Piece | None, ComposeOptions]], slots: int = SLOTS
    ) -> Iterator[tuple[int, Composition]]:
        """Many pieces, drawn side by side: several times as fast as one by one, and the same pieces.

        Args:
            requests: seed and options of each, as of `compose`.
            slots: how many are asked for at a time.

        Yields:
            The place of each in `requests` and the piece, in the order in which they end.

        Raises:
            RequestError: as `compose` does.
        """
        waiting = enumerate(requests)
        under_way: dict[Future[Drawing], tuple[int, GenerationTask, ComposeOptions]] = {}
        while True:
            for place, (seed, options) in islice(waiting, slots - len(under_way)):
                handle, task = self._begin(seed, options)
                under_way[handle.future] = place, task, options
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                place, task, options = under_way.pop(future)
                yield place, self._composition(task, future.result(), options, {})

    def _begin(self, seed: Piece | None, options: ComposeOptions) -> tuple[Handle, GenerationTask]:
        """Ask for a piece without waiting for it."""
        self._check(options)
        task = self._tasks.of(seed, options)
        return submit(self._engine, task, options), task

    def _check(self, options: ComposeOptions) -> None:
        options.check()
        _check_fields(options.sampling, [field.name for field in self.representation.fields])

    def _composition(
        self, task: GenerationTask, drawing: Drawing, options: ComposeOptions, timings: dict[str, float]
    ) -> Composition:
        finished = task.finish(drawing)
        new_s = None if drawing.stopped else finished.new_s
        found = fulfilment_of(options, finished.written, self.representation, finished.not_learnt, new_s)
        said = list(finished.remarks)
        if drawing.penalised > MOST_GUARDED * len(drawing.steps):
            said.append(GUARDED)
        return Composition(
            piece=finished.piece,
            seed_s=finished.seed_s,
            notes=len(finished.piece),
            composed_notes=len(finished.composed),
            remarks=tuple(said),
            stopped=drawing.stopped,
            ended=drawing.ended,
            controls=found.controls,
            missed=found.missed,
            timings=timings,
            originality=originality_of(finished.composed, self._learnt_from),
        )


def _check_fields(sampling: SamplingParameters, fields: list[str]) -> None:
    for name in sampling.temperatures:
        if name not in fields:
            raise RequestError(f"This model draws no '{name}'. A temperature can be given for: {', '.join(fields)}.")


def submit(engine: Engine, task: GenerationTask, options: ComposeOptions) -> Handle:
    """Ask the engine for what `task` says, drawn as `options` say."""
    return engine.submit(
        Request(
            state=task.state,
            random=np.random.Generator(np.random.Philox(options.random_seed)),
            sampling=options.sampling_for(engine.representation),
            plan=task.plan,
            is_penalised=options.repetition_penalty,
            most_steps=task.most_steps,
        )
    )


def perform(
    engine: Engine,
    task: GenerationTask,
    options: ComposeOptions,
    on_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> Drawing:
    """Draw steps until the piece ends, is stopped, or has more notes than any piece should."""
    handle = submit(engine, task, options)
    for chunk in handle.chunks():
        progress = chunk.progress
        on_progress(1.0 if progress.is_over else min(task.progress(progress), 1.0))
        if not progress.is_over and should_stop():
            handle.stop()
    return handle.result()
