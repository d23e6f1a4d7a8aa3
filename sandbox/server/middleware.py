"""What every REST request passes: errors become Discord's JSON; token, rate limit and query parameters are checked."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from aiohttp import web

from sandbox.server.errors import BAD_GATEWAY, NOT_FOUND, UNAUTHORIZED, DiscordError, ErrorKind, invalid_form
from sandbox.server.rate_limits import PREFIX, RateLimiter, too_many_requests
from sandbox.server.state import DiscordState

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MethodT = TypeVar("MethodT", bound=Callable[..., Any])

_PUBLIC_PREFIXES = ("/api/v10/interactions/", "/api/v10/webhooks/")  # their paths hold a token of their own
_PUBLIC_PATHS = ("/api/v10/gateway",)
_TRUE, _FALSE = ("1", "true"), ("0", "false")


@dataclass
class Faults:
    """Faults that tests inject; none by default.

    `delay_s` is added before every answer. The next `server_errors` requests are answered with 502, the next
    `rate_limited` ones with 429 and `retry_after_s`. All three apply only to paths that contain `only_path`. (The
    gateway has `drop`, `ask_to_reconnect` and `invalidate`.)
    """

    delay_s: float = 0.0
    server_errors: int = 0
    rate_limited: int = 0
    retry_after_s: float = 0.2
    only_path: str = ""


def takes_query(*names: str) -> Callable[[MethodT], MethodT]:
    """Declare the query parameters of a route's handler; any other is refused."""

    def declare(handler: MethodT) -> MethodT:
        handler.query_names = frozenset(names)  # type: ignore[attr-defined]
        return handler

    return declare


def query_flag(request: web.Request, name: str) -> bool:
    """A query parameter that is true or false; false if it is not given.

    Raises:
        DiscordError: 50035 for any other value.
    """
    value = request.query.get(name, "false").lower()
    if value not in (*_TRUE, *_FALSE):
        raise invalid_form([((name,), "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")])
    return value in _TRUE


def json_answer(body: Any = None, status: int = 200) -> web.Response:
    """A JSON answer with exactly `Content-Type: application/json`, or 204 without a body."""
    if body is None:
        return web.Response(status=204)
    data = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
    return web.Response(status=status, body=data, content_type="application/json")


def make_middleware(state: DiscordState, limiter: RateLimiter, faults: Faults) -> Any:
    """The middleware around `/api`."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith("/api/"):
            return await handler(request)
        headers: dict[str, str] = {}
        try:
            await _inject_faults(request, faults)
            _check_route(request)
            _check_token(request, state)
            _check_query(request)
            route = request.match_info.route.resource
            headers = limiter.count(request.method, route.canonical if route else "", request.match_info)
            response = await handler(request)
        except DiscordError as error:
            response = json_answer(error.to_json(), error.kind.status)
            headers |= error.headers
            _log(request, error)
        response.headers.update(headers)
        return response

    return middleware


def _log(request: web.Request, error: DiscordError) -> None:
    """Log a refusal by its route's pattern, for the path may hold a token; an unknown path holds none of ours."""
    resource = request.match_info.route.resource
    status, code, message = error.kind
    expected = resource is not None and status in (401, 404, 429)
    details = f" {json.dumps(error.errors)}" if error.errors else ""
    route = resource.canonical if resource is not None else f"(unknown route) {request.path}"
    log.log(
        logging.INFO if expected else logging.WARNING,
        "%s %s: %s %s %s%s", request.method, route, status, code, message, details,
    )  # fmt: skip


async def _inject_faults(request: web.Request, faults: Faults) -> None:
    if faults.only_path not in request.path:
        return
    if faults.delay_s:
        await asyncio.sleep(faults.delay_s)
    if faults.server_errors:
        faults.server_errors -= 1
        raise DiscordError(BAD_GATEWAY)
    if faults.rate_limited:
        faults.rate_limited -= 1
        raise too_many_requests(faults.retry_after_s)


def _check_route(request: web.Request) -> None:
    failure = request.match_info.http_exception
    if failure is not None:
        raise DiscordError(ErrorKind(failure.status, 0, f"{failure.status}: {failure.reason}"))
    if not request.path.startswith(PREFIX):
        raise DiscordError(NOT_FOUND)


def _check_token(request: web.Request, state: DiscordState) -> None:
    if request.path.startswith(_PUBLIC_PREFIXES) or request.path in _PUBLIC_PATHS:
        return
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, f"Bot {state.bot_token}".encode()):
        raise DiscordError(UNAUTHORIZED)


def _check_query(request: web.Request) -> None:
    known: frozenset[str] = getattr(request.match_info.handler, "query_names", frozenset())
    unknown = [name for name in dict.fromkeys(request.query) if name not in known]
    if unknown:
        sentence = "The local Discord does not support this query parameter here."
        raise invalid_form([((name,), "UNKNOWN_KEY", sentence) for name in unknown])
