"""Composing as a member sees it: from the command in the local Discord to the reply with all its files.

The baseline is 500 notes, which the classic projects compose at a time in their loop: half a minute of music or more,
as here. 20 of them are timed in each round and the time is scaled, because every note takes the same time.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import SECONDS, Measured, Part
from benchmarks.rounds import Rounds, best_of

if TYPE_CHECKING:
    from benchmarks.system import RunningSystem

LENGTH_S = 30.0
CLASSIC_NOTES = 500
ROUNDS = 5
PARTS = ("queue", "prime", "sample", "render")


def measure() -> Measured:
    """The classic loop, and a `/compose` with a seed."""
    return asyncio.run(_measure())


async def _measure() -> Measured:
    from benchmarks.round_process import RoundProcess
    from benchmarks.system import running

    with (
        tempfile.TemporaryDirectory(prefix="cadenza-bench-") as state,
        RoundProcess("benchmarks.classic", "loop") as classic,
    ):
        async with running(Path(state)) as system:
            await _reply(system, Path(state))
            rounds, seen = Rounds([], []), []
            for _ in range(ROUNDS):
                rounds.baseline.append(CLASSIC_NOTES / await asyncio.to_thread(classic))
                seen.append(await _reply(system, Path(state)))
                rounds.ours.append(seen[-1]["reply"])
    shortest, baseline = rounds.shortest()
    return Measured(
        unit=SECONDS,
        ours=shortest,
        baseline=baseline,
        against=f"{CLASSIC_NOTES} notes by the classic loop",
        counted=best_of(ROUNDS),
        details={
            "length_s": LENGTH_S,
            "seconds": min(seen, key=lambda one: one["reply"]),
            "rounds": rounds.ours,
            "baseline_rounds": rounds.baseline,
        },
    )


async def _reply(system: RunningSystem, folder: Path) -> dict[str, float]:
    """Seconds from the command to the reply, by stage."""
    from benchmarks.figures import BenchmarkError
    from benchmarks.system import SEED
    from jobs.contract import ComposeResult
    from sandbox import one_shot_client

    reply = await one_shot_client.compose(system.url, folder / "reply", SEED, LENGTH_S)
    record = await system.board.record(reply.message["interaction_metadata"]["id"])
    if record is None or not isinstance(record.result, ComposeResult):
        raise BenchmarkError("The job of a reply has no record, so the time of its stages is unknown.")
    return split(reply.compose_s, record.result.timings)


def split(reply_s: float, timings: dict[str, float]) -> dict[str, float]:
    """The reply's seconds by stage; `deliver` is everything outside the worker: Discord, the bot, the files."""
    found = {name: timings.get(name, 0.0) for name in PARTS}
    worker_s = timings["total"]
    return {**found, "other": worker_s - sum(found.values()), "deliver": reply_s - worker_s, "reply": reply_s}


PART = Part(
    name="compose",
    says="how many times sooner a /compose of 30 s has its reply, with all files, than the classic loop has 500 notes.",
    must=30,
    aim=100,
    measure=measure,
)
