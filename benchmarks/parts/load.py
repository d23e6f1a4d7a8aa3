"""Load: 64 requests at once on one worker, and the same 64 one after another.

Each goes the way of a `/compose` through the queue: composed, rendered to MP3 and picture, its files stored.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.figures import SECONDS, Measured, Part

if TYPE_CHECKING:
    from benchmarks.system import RunningSystem
    from jobs.contract import ComposeRequest

REQUESTS = 64
LENGTH_S = 10.0
BY_ITSELF, TOGETHER = "alone", "together"


def measure(count: int = REQUESTS, length_s: float = LENGTH_S) -> Measured:
    """All of them one by one, then all at once."""
    return asyncio.run(_measure(count, length_s))


async def _measure(count: int, length_s: float) -> Measured:
    from benchmarks.system import running

    with tempfile.TemporaryDirectory(prefix="cadenza-bench-") as state:
        async with running(Path(state)) as system:
            await system.compose(requests("warm", 2, length_s))
            alone_s = await _one_by_one(system, requests(BY_ITSELF, count, length_s))
            together_s, waited = await _at_once(system, requests(TOGETHER, count, length_s))
    return Measured(
        unit=SECONDS,
        ours=together_s,
        baseline=alone_s,
        against=f"the same {count} requests one after another",
        counted="one round of each",
        details={
            "requests": count,
            "length_s": length_s,
            "requests_per_s": count / together_s,
            "seconds_each_alone": alone_s / count,
            "median_reply_s": sorted(waited)[count // 2],
            "last_reply_s": max(waited),
        },
    )


def requests(name: str, count: int, length_s: float) -> list[ComposeRequest]:
    """Requests of different members, with the random seeds 0, 1, 2 …: the same music under every `name`."""
    from jobs.contract import ComposeRequest

    return [
        ComposeRequest(
            job_id=f"{name}-{number}", requester_id=1 + number, channel_id=1, length_s=length_s, random_seed=number
        )
        for number in range(count)
    ]


async def _one_by_one(system: RunningSystem, asked: list[ComposeRequest]) -> float:
    started = time.perf_counter()
    for request in asked:
        await system.compose([request])
    return time.perf_counter() - started


async def _at_once(system: RunningSystem, asked: list[ComposeRequest]) -> tuple[float, list[float]]:
    """Seconds until the last is done, and how long each took from its submission on."""
    started = time.perf_counter()
    results = await system.compose(asked)
    return time.perf_counter() - started, [result.timings["total"] for result in results]


PART = Part(
    name="load",
    says=f"how many times sooner {REQUESTS} requests are done when they come at once than one after another.",
    must=5,
    aim=10,
    measure=measure,
)
