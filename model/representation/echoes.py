"""Looking back: where the music so far last went as it goes now, and how it went on there.

Chorales repeat whole phrases. A recurrent network would have to carry every note of a phrase to sing it again; here
the situation carries the past itself, and what follows the longest match of the present in it. Used by `voices`.
"""

from __future__ import annotations

from typing import Any

from model.representation.base import Situation, Tensor

REACH = 512  # steps looked back: 32 bars of 4/4
BEAT = 4  # steps; a match counts where it falls on the same part of the beat
OFFSETS = REACH // BEAT
MATCHES = 2  # of the melody alone, and of all voices
LONGEST_RUN = 64  # steps; longer matches count no more
NOTHING = -3  # a pitch of the past before the beginning, and the echo where nothing matches
RUN_STAGES = (1, 4, 8, 16, 32)  # lengths of a match, in steps, that tell how far to trust it

UNSEEN = ("past", "runs")  # parts of the situation that only `listened` reads


def unheard(batch: int, voices: int, ops: Any) -> Situation:
    """Before the first step.

    `past` is int32 (batch, REACH, voices), the latest step first; `runs` int32 (batch, MATCHES, OFFSETS), how many
    steps up to now equal those BEAT, 2 BEAT... steps before; `echo` int32 (batch, MATCHES, voices), the pitches that
    followed the longest match; `echo_run` int32 (batch, MATCHES), its length.
    """
    return {
        "past": ops.full((batch, REACH, voices), NOTHING, dtype="int32"),
        "runs": ops.zeros((batch, MATCHES, OFFSETS), dtype="int32"),
        "echo": ops.full((batch, MATCHES, voices), NOTHING, dtype="int32"),
        "echo_run": ops.zeros((batch, MATCHES), dtype="int32"),
    }


def listened(situation: Situation, step: Tensor, ops: Any) -> Situation:
    """The same parts after `step`, int32 (batch, voices)."""
    before = situation["past"][:, BEAT - 1 :: BEAT]  # (batch, OFFSETS, voices)
    same = before == step[:, None]
    same = ops.stack([same[..., 0], ops.all(same, axis=-1)], axis=1)  # (batch, MATCHES, OFFSETS)
    runs = ops.where(same, ops.minimum(situation["runs"] + 1, LONGEST_RUN), 0)
    past = ops.concatenate([step[:, None], situation["past"][:, :-1]], axis=1)
    best = ops.cast(ops.argmax(runs, axis=-1), "int32")  # of equally long matches the latest
    run = ops.max(runs, axis=-1)
    follows = past[:, BEAT - 1 :: BEAT]  # (batch, OFFSETS, voices), what came after each place
    place = ops.repeat(ops.expand_dims(best, -1), step.shape[-1], axis=-1)  # (batch, MATCHES, voices)
    echo = ops.take_along_axis(follows, place, axis=1)
    echo = ops.where(ops.expand_dims(run, -1) > 0, echo, NOTHING)
    return {"past": past, "runs": runs, "echo": echo, "echo_run": run}


def trust(situation: Situation, ops: Any) -> Tensor:
    """How long the matches are, float32 (..., MATCHES, stages): one for each stage that is reached."""
    run = ops.expand_dims(situation["echo_run"], -1)
    return ops.concatenate([ops.cast(run >= stage, "float32") for stage in RUN_STAGES], axis=-1)
