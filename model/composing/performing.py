"""The way from an assignment to the last note: drawn by the engine, chunk after chunk, watched and stoppable."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.composing.assignment import Assignment
from model.composing.options import ComposeOptions
from model.generation import Drawing, Engine, Handle, Request


def submit(engine: Engine, assignment: Assignment, options: ComposeOptions) -> Handle:
    """Ask the engine for what `assignment` says, drawn as `options` say."""
    return engine.submit(
        Request(
            state=assignment.state,
            random=np.random.Generator(np.random.Philox(options.random_seed)),
            sampling=options.sampling(engine.representation),
            plan=assignment.plan,
            is_penalised=options.guard,
            most_steps=assignment.most_steps,
        )
    )


def perform(
    engine: Engine,
    assignment: Assignment,
    options: ComposeOptions,
    on_progress: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> Drawing:
    """Draw steps until the piece ends, is stopped, or has more notes than any piece should."""
    handle = submit(engine, assignment, options)
    for chunk in handle.chunks():
        progress = chunk.progress
        on_progress(1.0 if progress.is_over else min(assignment.progress(progress), 1.0))
        if not progress.is_over and should_stop():
            handle.stop()
    return handle.result()
