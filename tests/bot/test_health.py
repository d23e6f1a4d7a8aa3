"""The bot's health route: a real bot process, a real gateway that goes away, a real Redis that is killed."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from deploy import healthcheck
from jobs.settings import JobSettings
from sandbox.server.app import LocalDiscord
from tests.bot.bot_process import BotProcess
from tests.bot.harness import PlayedWorker


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def asked(port: int, path: str) -> tuple[int, dict[str, bool]]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.json()


async def until_ready_is(port: int, expected: dict[str, bool]) -> int:
    """Wait until `/health/ready` tells `expected`; its status."""
    while True:
        status, parts = await asked(port, "/health/ready")
        if parts == expected:
            return status


def house_in(discord: LocalDiscord, redis_url: str, client, folder: Path, port: int) -> BotProcess:
    local = BotProcess(discord, PlayedWorker(client, JobSettings(liveness_s=3600)), redis_url, folder)
    local._environment["CADENZA_HEALTH_PORT"] = str(port)
    return local


@pytest.mark.timeout(90)
async def test_a_bot_is_ready_while_the_gateway_is_connected(valkey, tmp_path):
    discord, port = LocalDiscord(), free_port()
    async with AsyncExitStack() as bot:
        # Given a bot that a Discord has greeted
        async with discord.serving():
            local = house_in(discord, valkey.url, valkey.client, tmp_path, port)
            await bot.enter_async_context(local.bot())
            assert await asked(port, "/health/ready") == (200, {"discord": True, "redis": True})
            assert await asked(port, "/health/live") == (200, {"live": True})
        # When that Discord goes away, then the bot lives and is not ready
        assert await until_ready_is(port, {"discord": False, "redis": True}) == 503
        assert await asked(port, "/health/live") == (200, {"live": True})


@pytest.mark.timeout(90)
async def test_a_bot_without_redis_is_not_ready_and_the_health_check_says_so(
    mortal_valkey, tmp_path, monkeypatch, capsys
):
    discord, port = LocalDiscord(), free_port()
    monkeypatch.setenv("CADENZA_HEALTH_PORT", str(port))
    async with AsyncExitStack() as system:
        await system.enter_async_context(discord.serving())
        local = house_in(discord, mortal_valkey.server.url, mortal_valkey.server.client, tmp_path, port)
        await system.enter_async_context(local.bot())
        # Given a bot whose container is healthy
        assert await asyncio.to_thread(healthcheck.main, ["bot"]) == 0
        # When Redis dies
        mortal_valkey.kill()
        await until_ready_is(port, {"discord": True, "redis": False})
        # Then the check fails and says what is missing
        assert await asyncio.to_thread(healthcheck.main, ["bot"]) == 1
        assert "Not connected: redis." in capsys.readouterr().err
        mortal_valkey.start()
        await until_ready_is(port, {"discord": True, "redis": True})


async def test_a_taken_port_is_told(valkey, tmp_path):
    discord, port = LocalDiscord(), free_port()
    async with discord.serving():
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", port))
            taken.listen()
            local = house_in(discord, valkey.url, valkey.client, tmp_path, port)
            with pytest.raises(AssertionError, match=f"CADENZA_HEALTH_PORT: port {port} is taken"):
                async with local.bot():
                    pass
