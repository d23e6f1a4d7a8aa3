"""The local Discord as one aiohttp server on loopback: gateway, REST, files, and the chat page."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from yarl import URL

from sandbox.client_api import ClientApi
from sandbox.clock import Clock
from sandbox.discord.gateway import Gateway
from sandbox.discord.ratelimits import RateLimiter
from sandbox.discord.rest.account import AccountRoutes
from sandbox.discord.rest.callbacks import CallbackRoute
from sandbox.discord.rest.channel_messages import ChannelMessageRoutes
from sandbox.discord.rest.commands import CommandRoutes
from sandbox.discord.rest.gate import make_gate
from sandbox.discord.rest.webhooks import WebhookRoutes
from sandbox.discord.switches import Switches
from sandbox.discord.world import World, random_token
from sandbox.errors import StartError

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
PAGE_FOLDER = Path(__file__).with_name("page")
PORTS_TRIED, LAST_PORT = 20, 65535
_OWN_HOSTS = ("127.0.0.1", "localhost", "::1")
_PAGE_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class LocalDiscord:
    """One local Discord. `world`, `gateway`, `switches` and `clock` are for tests to look into and to turn."""

    def __init__(self, bot_token: str | None = None, heartbeat_s: float = 41.25, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.world = World(bot_token or random_token(), self.clock)
        self.gateway = Gateway(self.world, heartbeat_s)
        self.switches = Switches()
        self._client_api = ClientApi(self.world, self.gateway)
        self.url = ""

    @property
    def api_url(self) -> str:
        """What a bot takes instead of `https://discord.com/api/v10`."""
        return f"{self.url}/api/v10"

    def app(self) -> web.Application:
        """The aiohttp application."""
        gate = make_gate(self.world, RateLimiter(self.clock), self.switches)
        app = web.Application(middlewares=[own_page_only, gate], client_max_size=0)
        router = app.router
        AccountRoutes(self.world, self.gateway).add_to(router)
        CommandRoutes(self.world).add_to(router)
        CallbackRoute(self.world).add_to(router)
        WebhookRoutes(self.world).add_to(router)
        ChannelMessageRoutes(self.world).add_to(router)
        self._client_api.add_to(router)
        router.add_get("/gateway", self.gateway.handle)
        router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self.world.store.serve)
        router.add_get("/", _index)
        if PAGE_FOLDER.is_dir():
            router.add_static("/page", PAGE_FOLDER)
        app.on_response_prepare.append(_add_page_headers)
        app.on_shutdown.append(self._hang_up)
        return app

    async def _hang_up(self, _: web.Application) -> None:
        await self._client_api.close()
        for one in list(self.gateway.sockets):
            one.end(1001, "Going away.")
        await asyncio.sleep(0.05)
        self.gateway.drop()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[int]:
        """Serve on loopback while inside; gives the port: the one asked for, the next free one, or any for 0."""
        listener = _listen(port)
        found = int(listener.getsockname()[1])
        self.url = self.world.store.base_url = f"http://{LOOPBACK}:{found}"
        self.gateway.url = f"ws://{LOOPBACK}:{found}/gateway"
        # No access log: paths hold interaction tokens.
        runner = web.AppRunner(self.app(), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        try:
            yield found
        finally:
            await runner.cleanup()


def _listen(port: int) -> socket.socket:
    """A listening socket on loopback, on `port` or up to `PORTS_TRIED` after it.

    Raises:
        StartError: none of them is free.
    """
    last = min(port + PORTS_TRIED - 1, LAST_PORT)
    for tried in range(port, last + 1):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((LOOPBACK, tried if port else 0))
        except OSError:
            listener.close()
        else:
            return listener
    raise StartError(f"The page can be served on no port from {port} to {last}. Name another with --port.")


@web.middleware
async def own_page_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse what another web page could make a browser send: a foreign Host (DNS rebinding) or Origin (CSRF)."""
    host = request.headers.get("Host", "")
    try:
        name = URL(f"http://{host}").host
    except ValueError:
        name = None
    if name not in _OWN_HOSTS:
        return web.Response(status=421, text="This server answers on 127.0.0.1 and localhost only.")
    origin = request.headers.get("Origin")
    if origin is not None and origin != f"http://{host}":
        return web.Response(status=403, text="Only the local Discord's own page may ask for this.")
    return await handler(request)


async def _index(_: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE_FOLDER / "index.html")


async def _add_page_headers(request: web.Request, response: web.StreamResponse) -> None:
    if request.path == "/" or request.path.startswith("/page/"):
        response.headers.update(_PAGE_HEADERS)


def free_port() -> int:
    """A port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
