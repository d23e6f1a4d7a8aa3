"""What every REST request passes: errors become Discord's JSON, tokens and rate limits are checked."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.discord.errors import DiscordError, plain, unauthorized
from sandbox.discord.ratelimits import PREFIX, RateLimiter, too_many_requests
from sandbox.discord.switches import Switches
from sandbox.discord.world import World

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_OPEN = ("/api/v10/interactions/", "/api/v10/webhooks/")  # their paths hold a token of their own
_OPEN_EXACTLY = ("/api/v10/gateway",)


def answer(body: Any = None, status: int = 200) -> web.Response:
    """A JSON answer with exactly `Content-Type: application/json`, or 204 where there is no body."""
    if body is None:
        return web.Response(status=204)
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return web.Response(status=status, body=data, content_type="application/json")


def make_gate(world: World, limiter: RateLimiter, switches: Switches) -> Any:
    """The middleware around `/api`."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith("/api/"):
            return await handler(request)
        headers: dict[str, str] = {}
        try:
            await _misbehave(request, switches)
            _check_route(request)
            _check_token(request, world)
            route = request.match_info.route.resource
            headers = limiter.count(request.method, route.canonical if route else "", request.match_info)
            response = await handler(request)
        except DiscordError as error:
            response = answer(error.to_json(), error.status)
            headers |= error.headers
            log.log(
                logging.INFO if error.status in (401, 404, 429) else logging.WARNING,
                "%s %s: %s %s %s%s", request.method, _route(request), error.status, error.code, error.message,
                f" {json.dumps(error.errors)}" if error.errors else "",
            )  # fmt: skip
        response.headers.update(headers)
        return response

    return gate


def _route(request: web.Request) -> str:
    """The route's pattern: a path could hold a token, which no log may."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "(unknown route)"


async def _misbehave(request: web.Request, switches: Switches) -> None:
    if switches.only_path not in request.path:
        return
    if switches.delay_s:
        await asyncio.sleep(switches.delay_s)
    if switches.server_errors:
        switches.server_errors -= 1
        raise plain(502, "Bad Gateway")
    if switches.rate_limited:
        switches.rate_limited -= 1
        raise too_many_requests(switches.retry_after_s, {})


def _check_route(request: web.Request) -> None:
    failure = request.match_info.http_exception
    if failure is not None:
        raise plain(failure.status, failure.reason)
    if not request.path.startswith(PREFIX):
        raise plain(404, "Not Found")


def _check_token(request: web.Request, world: World) -> None:
    if request.path.startswith(_OPEN) or request.path in _OPEN_EXACTLY:
        return
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, f"Bot {world.bot_token}".encode()):
        raise unauthorized()
