"""The bot, a channel with two members, a worker played by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import simcord

from bot.errors import UserFacing
from jobs import JobSettings
from jobs.errors import JobsError
from sandbox.server.app import LocalDiscord
from tests.bot.house import House
from tests.bot.theatre import Ears, Theatre, Worker, new_bot


@pytest.fixture
def job_settings(valkey) -> JobSettings:
    # the test is slower than a real worker's heartbeat, and nobody shall take its jobs for lost
    return JobSettings(liveness_s=3600, adrift_limit_s=3600, worker_absence_limit_s=3600)


@pytest.fixture
async def env(job_settings: JobSettings, tmp_path: Path) -> AsyncIterator[simcord.Env]:
    ears = Ears()
    bot = new_bot(job_settings, tmp_path, ears)
    env = simcord.Env(bot, check_errors=False)  # refusals are errors too; which are foreseen is judged below
    bot.board.env = env
    await env.start()
    yield env
    await ears.close()
    await env.shutdown()
    errors = [getattr(error, "original", error) for error in env.errors]
    foreseen = (UserFacing, JobsError, *getattr(env, "expected_errors", ()))
    assert [error for error in errors if not isinstance(error, foreseen)] == []


@pytest.fixture
def theatre(env: simcord.Env, valkey, job_settings: JobSettings, tmp_path: Path, monkeypatch) -> Theatre:
    monkeypatch.setattr("jobs.progress.QUIET_S", 0.0)  # here a job gets on as quickly as a test says so
    worker = Worker(valkey.client, job_settings)
    worker.arrive()
    return Theatre(env, worker, job_settings, tmp_path)


@pytest.fixture
async def house(valkey, tmp_path: Path) -> AsyncIterator[House]:
    settings = JobSettings(liveness_s=3600, adrift_limit_s=3600)
    worker = Worker(valkey.client, settings)
    worker.arrive()
    discord = LocalDiscord()
    async with discord.serving():
        yield House(discord, worker, valkey.url, tmp_path)
