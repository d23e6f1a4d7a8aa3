"""The way from an assignment to the last note: drawn by the engine, chunk after chunk, watched and stoppable."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from model.composing.assignment import Assignment
from model.composing.options import ComposeOptions
from model.engine import Drawing, Engine, Request, Ticket


def submit(engine: Engine, assignment: Assignment, options: ComposeOptions) -> Ticket:
    """Ask the engine for what `assignment` says, drawn as `options` say."""
    return engine.submit(
        Request(
            position=assignment.position,
            random=np.random.Generator(np.random.Philox(options.random_seed)),
            taste=options.sampling(engine.representation),
            plan=assignment.plan,
            guard=options.guard,
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
    ticket = submit(engine, assignment, options)
    for chunk in ticket.chunks():
        standing = chunk.standing
        on_progress(1.0 if standing.is_over else min(assignment.progress(standing), 1.0))
        if not standing.is_over and should_stop():
            ticket.stop()
    return ticket.result()
