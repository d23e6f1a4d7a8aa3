"""One piece at a time: how many notes a second come out of ours, and out of the classic loop.

Both have three LSTM layers of 512 cells; a note of ours has four fields where a note of the classic one has a pitch
only, and takes one pass through the stack where the classic one takes a hundred.
"""

from __future__ import annotations

from benchmarks.figures import Measured, Part
from benchmarks.rounds import best_of, in_turn

ROUNDS = 5


def measure() -> Measured:
    """The classic loop and ours."""
    from benchmarks import classic
    from benchmarks.drawing import Ours

    ours = Ours(slots=1)
    rounds = in_turn(classic.loop(), ours.round, ROUNDS)
    fastest, baseline = rounds.fastest()
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=baseline,
        against="a window of 100 notes and one model.predict per note",
        counted=best_of(ROUNDS),
        details={
            "ms_per_note": 1000 / fastest,
            "baseline_ms_per_note": 1000 / baseline,
            "weights": ours.network.count_params(),
            "rounds": rounds.ours,
            "baseline_rounds": rounds.baseline,
        },
    )


PART = Part(
    name="decode1",
    says="notes a second of one piece, 3 x LSTM 512, over those of the classic loop with the same stack.",
    must=300,
    aim=600,
    measure=measure,
)
