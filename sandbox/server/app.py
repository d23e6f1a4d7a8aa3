"""The local Discord as one aiohttp server on loopback: gateway, REST, files, and the chat page."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web
from yarl import URL

from sandbox.server.account_routes import AccountRoutes, CommandRoutes
from sandbox.server.clock import Clock
from sandbox.server.errors import PortInUseError
from sandbox.server.gateway import Gateway
from sandbox.server.interaction_routes import CallbackRoute, WebhookRoutes
from sandbox.server.message_routes import ChannelMessageRoutes
from sandbox.server.middleware import Faults, make_middleware
from sandbox.server.page_api import PageApi
from sandbox.server.rate_limits import RateLimiter
from sandbox.server.state import DiscordState, random_token

LOOPBACK = "127.0.0.1"
PAGE_FOLDER = Path(__file__).parents[1] / "page"
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
    """One local Discord. Tests read `state`, and use `gateway`, `faults` and `clock` to make things go wrong."""

    def __init__(self, bot_token: str | None = None, heartbeat_s: float = 41.25, clock: Clock | None = None) -> None:
        self.clock = clock or Clock()
        self.state = DiscordState(bot_token or random_token(), self.clock)
        self.gateway = Gateway(self.state, heartbeat_s)
        self.faults = Faults()
        self._page_api = PageApi(self.state, self.gateway)
        self.url = ""

    @property
    def api_url(self) -> str:
        """What a bot uses in place of `https://discord.com/api/v10`."""
        return f"{self.url}/api/v10"

    def app(self) -> web.Application:
        """The aiohttp application."""
        api = make_middleware(self.state, RateLimiter(self.clock), self.faults)
        app = web.Application(middlewares=[own_page_only, api], client_max_size=0)
        router = app.router
        AccountRoutes(self.state, self.gateway).add_to(router)
        CommandRoutes(self.state).add_to(router)
        CallbackRoute(self.state).add_to(router)
        WebhookRoutes(self.state).add_to(router)
        ChannelMessageRoutes(self.state).add_to(router)
        self._page_api.add_to(router)
        router.add_get("/gateway", self.gateway.handle)
        router.add_get("/attachments/{channel_id}/{attachment_id}/{filename}", self.state.attachments.serve)
        router.add_get("/", _index)
        if PAGE_FOLDER.is_dir():
            router.add_static("/page", PAGE_FOLDER)
        app.on_response_prepare.append(_add_page_headers)
        app.on_shutdown.append(self._disconnect)
        return app

    async def _disconnect(self, _: web.Application) -> None:
        await self._page_api.close()
        self.gateway.close()
        await asyncio.sleep(0.05)
        self.gateway.drop()

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[int]:
        """Serve on loopback for the time of the context; gives the port: `port`, the next free one, or any if it is 0.

        Raises:
            PortInUseError: neither the port nor the ones after it are free.
        """
        listener = _listen(port)
        found = int(listener.getsockname()[1])
        self.url = self.state.attachments.base_url = f"http://{LOOPBACK}:{found}"
        self.gateway.url = f"ws://{LOOPBACK}:{found}/gateway"
        # no access log: paths hold the tokens of interactions
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
        PortInUseError: none of them is free.
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
    raise PortInUseError(f"The page can be served on no port from {port} to {last}.")


@web.middleware
async def own_page_only(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuse requests that another web page makes a browser send: a foreign Host (DNS rebinding) or Origin (CSRF)."""
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
