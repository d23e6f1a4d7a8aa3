"""The bot's health and metrics over HTTP, for the health check of its container or another supervisor.

`GET /health/live` answers 200 while the bot's event loop runs. `GET /health/ready` answers 200 while the gateway
connection to Discord is open and Redis answers, else 503; its JSON says which of the two is missing. `GET /metrics`
answers in Prometheus' text format.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from bot.client import Cadenza
from bot.metrics import GatewayStateCollector, measuring
from jobs.errors import QueueUnreachable

REDIS_LIMIT_S = 3.0


@asynccontextmanager
async def serving(client: Cadenza, host: str, port: int) -> AsyncIterator[None]:
    """Answer on `port` of this machine's address `host` while inside; 0 = do not listen.

    Raises:
        OSError: the port is taken.
    """
    if port == 0:
        yield
        return
    app = web.Application()
    app.router.add_get("/health/live", _live)
    app.router.add_get("/health/ready", lambda _: _ready(client))
    app.router.add_get("/metrics", _metrics)
    state = GatewayStateCollector(client, lambda: is_connected(client), lambda: client.tracker.following)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        async with measuring(state):
            yield
    finally:
        await runner.cleanup()


async def _live(_: web.Request) -> web.Response:
    return web.json_response({"live": True})


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _ready(client: Cadenza) -> web.Response:
    parts = {"discord": is_connected(client), "redis": await _redis_answers(client)}
    return web.json_response(parts, status=200 if all(parts.values()) else 503)


def is_connected(client: Cadenza) -> bool:
    """Whether all shards are greeted and their sockets are open; discord.py closes one that misses heartbeats."""
    shards = client.shards.values()
    return client.is_ready() and not client.is_closed() and bool(shards) and not any(one.is_closed() for one in shards)


async def _redis_answers(client: Cadenza) -> bool:
    try:
        async with asyncio.timeout(REDIS_LIMIT_S):
            await client.board.ping()
    except (QueueUnreachable, TimeoutError):
        return False
    return True
