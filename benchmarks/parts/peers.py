"""One piece at a time: how many notes a second come out of ours, and out of a small Transformer."""

from __future__ import annotations

from benchmarks.figures import Measured, Part
from benchmarks.rounds import best_of, in_turn

ROUNDS = 5


def measure() -> Measured:
    """The Transformer and ours."""
    from benchmarks.drawing import Ours
    from benchmarks.transformer import TOKENS_PER_NOTE, Transformer

    ours, peer = Ours(slots=1), Transformer()
    rounds = in_turn(lambda: peer.round() / TOKENS_PER_NOTE, ours.round, ROUNDS)
    fastest, baseline = rounds.fastest()
    return Measured(
        unit="notes/s",
        ours=fastest,
        baseline=baseline,
        against=f"a GPT-2 of {peer.weights:,} weights, {TOKENS_PER_NOTE} tokens a note",
        counted=best_of(ROUNDS),
        details={
            "peer_weights": peer.weights,
            "weights": ours.network.count_params(),
            "tokens_per_note": TOKENS_PER_NOTE,
            "peer_tokens_per_s": baseline * TOKENS_PER_NOTE,
            "peer_cache_tokens": peer.shape.cache,
            "rounds": rounds.ours,
            "baseline_rounds": rounds.baseline,
        },
    )


PART = Part(
    name="peers",
    says="notes a second of one piece over those of a Transformer of 20 million weights with a key/value cache.",
    must=3,
    aim=10,
    measure=measure,
)
