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
from tests.bot.bot_process import BotProcess
from tests.bot.harness import Harness, JobListener, PlayedWorker, new_bot


@pytest.fixture
def job_settings(valkey) -> JobSettings:
    # the test is slower than a real worker's heartbeat, and nobody shall take its jobs for lost
    return JobSettings(liveness_s=3600, adrift_limit_s=3600, worker_absence_limit_s=3600)


@pytest.fixture
async def env(job_settings: JobSettings, tmp_path: Path) -> AsyncIterator[simcord.Env]:
    listener = JobListener()
    bot = new_bot(job_settings, tmp_path, listener)
    env = simcord.Env(
        bot, check_errors=False, shard_count=1
    )  # refusals are errors too; which are foreseen is judged below
    bot.board.env = env
    await env.start()
    yield env
    await listener.close()
    await env.shutdown()
    errors = [getattr(error, "original", error) for error in env.errors]
    foreseen = (UserFacing, JobsError, *getattr(env, "expected_errors", ()))
    assert [error for error in errors if not isinstance(error, foreseen)] == []


@pytest.fixture
def harness(env: simcord.Env, valkey, job_settings: JobSettings, tmp_path: Path, monkeypatch) -> Harness:
    monkeypatch.setattr("jobs.progress.QUIET_S", 0.0)  # here a job gets on as quickly as a test says so
    worker = PlayedWorker(valkey.client, job_settings)
    worker.arrive()
    return Harness(env, worker, job_settings, tmp_path)


@pytest.fixture
async def local(valkey, tmp_path: Path) -> AsyncIterator[BotProcess]:
    settings = JobSettings(liveness_s=3600, adrift_limit_s=3600)
    worker = PlayedWorker(valkey.client, settings)
    worker.arrive()
    discord = LocalDiscord()
    async with discord.serving():
        yield BotProcess(discord, worker, valkey.url, tmp_path)
