"""32 pieces side by side: how many notes a second come out of them together, and out of one piece alone."""

from __future__ import annotations

from benchmarks.figures import Measured, Part
from benchmarks.rounds import best_of, in_turn

SLOTS = 32
ROUNDS = 5


def measure() -> Measured:
    """One stream of ours, and 32."""
    from benchmarks.drawing import Ours

    alone, together = Ours(slots=1), Ours(slots=SLOTS, notes=160)
    rounds = in_turn(alone.round, together.round, ROUNDS)
    fastest, baseline = rounds.fastest()
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=baseline,
        against="one piece of ours",
        counted=best_of(ROUNDS),
        details={
            "slots": SLOTS,
            "ms_per_step": 1000 * SLOTS / fastest,
            "baseline_ms_per_step": 1000 / baseline,
            "rounds": rounds.ours,
            "baseline_rounds": rounds.baseline,
        },
    )


PART = Part(
    name="decode32",
    says="notes a second of 32 pieces side by side over those of one.",
    must=6,
    aim=12,
    measure=measure,
)
