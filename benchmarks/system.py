"""The whole system for the parts that measure it: queue, worker, bot and local Discord, as `make run` starts them.

The Redis server is started here, so that the benchmark can read the records and submit jobs of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import BenchmarkError
from jobs import JobClient
from jobs.contract import ComposeRequest, ComposeResult, Delivery, Stage
from jobs.settings import JobSettings
from sandbox.supervised_process import SandboxError
from sandbox.redis_server import embedded_server
from sandbox.run import running_system
from sandbox.supervised_process import SupervisedProcess

SEED = Path(__file__).parents[1] / "sandbox" / "seeds" / "prelude_in_c.mid"
OPEN_JOBS = 1000  # more than any part submits at once


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
