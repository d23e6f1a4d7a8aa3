"""The whole system as `make run` starts it (queue, worker, bot, local Discord), and the parts that measure it.

`load` submits many jobs at once, each of which goes the way of a `/compose` through the queue: composed, rendered to
MP3 and picture, its files stored. `compose` uses the command as a member does. The Redis server is started here, so
that the benchmark can read the records and submit jobs of its own.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import SECONDS, BenchmarkError, Measured, Part
from benchmarks.rounds import RoundProcess, Rounds, best_of
from jobs import JobClient
from jobs.contract import ComposeRequest, ComposeResult, Delivery, Stage
from jobs.settings import JobSettings
from sandbox import one_shot_client
from sandbox.redis_server import embedded_server
from sandbox.run import running_system
from sandbox.supervised_process import SandboxError, SupervisedProcess

SEED = Path(__file__).parents[1] / "sandbox" / "seeds" / "prelude_in_c.mid"
OPEN_JOBS = 1000  # more than any part submits at once
REQUESTS, LENGTH_S = 64, 10.0  # of `load`
REPLY_S, CLASSIC_NOTES, COMPOSE_ROUNDS = 30.0, 500, 5  # of `compose`
STAGES = ("queue", "prime", "sample", "render")


@dataclass(frozen=True)
class RunningSystem:
    """The address of the local Discord's page, and the board on which the jobs lie."""

    url: str
    board: JobClient

    async def compose(self, requests: Iterable[ComposeRequest]) -> list[ComposeResult]:
        """Submit jobs at once and wait for all of them.

        Raises:
            BenchmarkError: one of them failed.
        """
        return list(await asyncio.gather(*(self._compose(request) for request in requests)))

    async def _compose(self, request: ComposeRequest) -> ComposeResult:
        await self.board.submit(request, _nowhere(request))
        async for update in self.board.follow(request.job_id):
            if update.stage is Stage.DONE and isinstance(update.result, ComposeResult):
                return update.result
            if update.stage.is_final:
                sentence = update.failure.sentence if update.failure else f"It ended as {update.stage}."
                raise BenchmarkError(f"Job {request.job_id} gave no piece: {sentence}")
        raise BenchmarkError(f"Job {request.job_id} was not followed to its end.")


@asynccontextmanager
async def running(state: Path) -> AsyncIterator[RunningSystem]:
    """The system, ready, for the time of the context; its data is in `state`.

    Raises:
        BenchmarkError: a part of it did not start, or a request failed.
    """
    try:
        async with AsyncExitStack() as stack:
            spec, redis_url = embedded_server(state / "valkey")
            server = SupervisedProcess(spec, state / "log")
            stack.push_async_callback(server.end)
            await server.start()
            system = await stack.enter_async_context(
                running_system(state / "system", redis_url=redis_url, say=lambda _: None)
            )
            board = JobClient(JobSettings.model_validate({"redis_url": redis_url, "open_jobs_limit": OPEN_JOBS}))
            stack.push_async_callback(board.close)
            yield RunningSystem(str(system.url), board)
    except SandboxError as error:
        raise BenchmarkError(str(error)) from error


def _nowhere(request: ComposeRequest) -> Delivery:
    """The bot learns of a job from its own commands; of these it knows nothing, so nothing is delivered."""
    return Delivery(
        application_id=1,
        interaction_token="none",  # noqa: S106 - there is none
        channel_id=request.channel_id,
        user_id=request.requester_id,
    )


def load(count: int = REQUESTS, length_s: float = LENGTH_S) -> Measured:
    """All requests one after another, then the same at once."""
    return asyncio.run(_load(count, length_s))


async def _load(count: int, length_s: float) -> Measured:
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory(prefix="cadenza-bench-") as state:
        async with running(Path(state)) as system:
            await system.compose(requests("warm", 2, length_s))
            used_s = cpu_s()
            alone_s = await one_by_one(system, requests("alone", count, length_s))
            used_s = cpu_s() - used_s
            together_s, waited = await at_once(system, requests("together", count, length_s))
    return Measured(
        unit="requests/min",
        ours=60 * count / together_s,
        baseline=60 * count * cores / used_s,
        against=f"what {cores} cores could do without a pause, by the CPU time of one after another",
        counted="one round of each",
        details={
            "requests": count,
            "length_s": length_s,
            "core_ms_per_request": 1000 * used_s / count,
            "seconds_each_alone": alone_s / count,
            "seconds_together": together_s,
            "median_reply_s": sorted(waited)[count // 2],
            "last_reply_s": max(waited),
        },
    )


def requests(name: str, count: int, length_s: float) -> list[ComposeRequest]:
    """Requests of different members, with the random seeds 0, 1, 2 …: the same music under every `name`."""
    return [
        ComposeRequest(
            job_id=f"{name}-{number}", requester_id=1 + number, channel_id=1, length_s=length_s, random_seed=number
        )
        for number in range(count)
    ]


async def one_by_one(system: RunningSystem, asked: list[ComposeRequest]) -> float:
    """Seconds until the last is done."""
    started = time.perf_counter()
    for request in asked:
        await system.compose([request])
    return time.perf_counter() - started


async def at_once(system: RunningSystem, asked: list[ComposeRequest]) -> tuple[float, list[float]]:
    """Seconds until the last is done, and how long each took from its submission on."""
    started = time.perf_counter()
    results = await system.compose(asked)
    return time.perf_counter() - started, [result.timings["total"] for result in results]


def cpu_s(pid: int | None = None) -> float:
    """Seconds of CPU that a process and its descendants have used, those that have ended included.

    Raises:
        BenchmarkError: the system does not tell it (only Linux does).
    """
    try:
        found = {int(file.parent.name): _stat(file) for file in Path("/proc").glob("[0-9]*/stat")}
    except OSError as error:
        raise BenchmarkError("The CPU time of processes can be measured on Linux only.") from error
    family = {os.getpid() if pid is None else pid}
    if not family <= found.keys():
        raise BenchmarkError("The CPU time of processes can be measured on Linux only.")
    while new := {child for child, (parent, _) in found.items() if parent in family} - family:
        family |= new
    return sum(ticks for process, (_, ticks) in found.items() if process in family) / os.sysconf("SC_CLK_TCK")


def _stat(file: Path) -> tuple[int, int]:
    """The parent of a process, and the clock ticks used by it and by its children that have ended."""
    try:
        fields = file.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):  # it has just ended
        return 0, 0
    return int(fields[1]), sum(map(int, fields[11:15]))


LOAD = Part(
    name="load",
    says=f"CPU seconds of {REQUESTS} requests one after another, over cores x seconds of the same at once.",
    must=0.85,
    aim=0.95,
    measure=load,
)


def compose() -> Measured:
    """From the command in the local Discord to the reply with all its files, and the classic loop.

    The baseline is 500 notes, which the classic projects compose at a time: half a minute of music or more, as here. 20
    of them are timed in each round and the time is scaled, because every note takes the same time.
    """
    return asyncio.run(_compose())


async def _compose() -> Measured:
    from benchmarks.system import running

    with (
        tempfile.TemporaryDirectory(prefix="cadenza-bench-") as state,
        RoundProcess("benchmarks.classic", "loop") as classic,
    ):
        async with running(Path(state)) as system:
            await _reply(system, Path(state))
            rounds, seen = Rounds([], []), []
            for _ in range(COMPOSE_ROUNDS):
                rounds.baseline.append(CLASSIC_NOTES / await asyncio.to_thread(classic))
                seen.append(await _reply(system, Path(state)))
                rounds.ours.append(seen[-1]["reply"])
    shortest, baseline = rounds.shortest()
    return Measured(
        unit=SECONDS,
        ours=shortest,
        baseline=baseline,
        against=f"{CLASSIC_NOTES} notes by the classic loop",
        counted=best_of(COMPOSE_ROUNDS),
        details={
            "length_s": REPLY_S,
            "seconds": min(seen, key=lambda one: one["reply"]),
            "rounds": rounds.ours,
            "baseline_rounds": rounds.baseline,
        },
    )


async def _reply(system: RunningSystem, folder: Path) -> dict[str, float]:
    """Seconds from the command to the reply, by stage."""
    from benchmarks.results import BenchmarkError
    from benchmarks.system import SEED
    from jobs.contract import ComposeResult

    reply = await one_shot_client.compose(system.url, folder / "reply", SEED, REPLY_S)
    record = await system.board.record(reply.message["interaction_metadata"]["id"])
    if record is None or not isinstance(record.result, ComposeResult):
        raise BenchmarkError("The job of a reply has no record, so the time of its stages is unknown.")
    return split(reply.compose_s, record.result.timings)


def split(reply_s: float, timings: dict[str, float]) -> dict[str, float]:
    """The reply's seconds by stage; `deliver` is everything outside the worker: Discord, the bot, the files."""
    found = {name: timings.get(name, 0.0) for name in STAGES}
    worker_s = timings["total"]
    return {**found, "other": worker_s - sum(found.values()), "deliver": reply_s - worker_s, "reply": reply_s}


COMPOSE = Part(
    name="compose",
    says="how many times sooner a /compose of 30 s has its reply, with all files, than the classic loop has 500 notes.",
    must=30,
    aim=100,
    measure=compose,
)
