"""32 pieces side by side, against libraries that multiply 32 rows by every matrix of a step, in float32.

Ours multiplies in whole numbers of 8 bits, so that the share may be more than one.
"""

from __future__ import annotations

from benchmarks.figures import Measured, Part
from benchmarks.rounds import best_of, in_turn

SLOTS = 32
ROUNDS = 5
TRIES = 3  # of each way of multiplying, in each round


def measure() -> Measured:
    """Ours, and the products of the same shapes alone."""
    from benchmarks.drawing import Ours
    from benchmarks.machine import multiply_s

    ours = Ours(slots=SLOTS, notes=160)
    rounds = in_turn(lambda: SLOTS / multiply_s(SLOTS, ours.matrices, TRIES), ours.round, ROUNDS)
    fastest, limit = rounds.fastest()
    operations = 2 * SLOTS * sum(inputs * outputs for inputs, outputs in ours.matrices)
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=limit,
        against="libraries multiplying matrices of the same shapes in float32",
        counted=best_of(ROUNDS),
        details={
            "slots": SLOTS,
            "operations_per_step": operations,
            "gflop_s": operations * fastest / SLOTS / 1e9,
            "limit_gflop_s": operations * limit / SLOTS / 1e9,
            "rounds": rounds.ours,
            "limit_rounds": rounds.baseline,
        },
    )


PART = Part(
    name="decode32-limit",
    says="share of the notes a second that multiplying the same matrices in float32 would allow, 32 pieces.",
    must=0.5,
    aim=0.8,
    measure=measure,
)
