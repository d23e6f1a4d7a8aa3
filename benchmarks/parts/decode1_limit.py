"""One piece at a time, against the limit: every step reads all weights once, and memory has its speed."""

from __future__ import annotations

import os

from benchmarks.figures import Measured, Part
from benchmarks.rounds import best_of, in_turn

ROUNDS = 5
TRIES = 3  # of each way of reading, in each round


def measure() -> Measured:
    """Ours, and reading as many bytes as its weights have."""
    from benchmarks.drawing import Ours
    from benchmarks.machine import read_bandwidth

    ours, threads = Ours(slots=1), os.cpu_count() or 1
    rounds = in_turn(lambda: read_bandwidth(ours.read_bytes, threads, TRIES), ours.round, ROUNDS)
    fastest, bandwidth = rounds.fastest()
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=bandwidth / ours.read_bytes,
        against="reading the weights once per note",
        counted=best_of(ROUNDS),
        details={
            "bytes_per_note": ours.read_bytes,
            "bandwidth_gb_s": bandwidth / 1e9,
            "threads": threads,
            "rounds": rounds.ours,
            "bandwidth_rounds_gb_s": [one / 1e9 for one in rounds.baseline],
        },
    )


PART = Part(
    name="decode1-limit",
    says="share of the notes a second that reading the weights once per note would allow, one piece.",
    must=0.35,
    aim=0.70,
    measure=measure,
)
