"""Rate limits: one bucket for each route and its major parameters, and the headers that describe it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.server.clock import Clock
from sandbox.server.errors import RATE_LIMITED, DiscordError

PREFIX = "/api/v10"
_MAJOR = ("channel_id", "guild_id", "webhook_id", "token")
_KEPT_BUCKETS = 4096

# (method, route) -> (requests, seconds), close to those observed on the real Discord.
LIMITS: dict[tuple[str, str], tuple[int, float]] = {
    ("POST", "/webhooks/{webhook_id}/{token}"): (5, 2.0),
    ("PATCH", "/webhooks/{webhook_id}/{token}/messages/{message_id}"): (5, 5.0),
    ("DELETE", "/webhooks/{webhook_id}/{token}/messages/{message_id}"): (5, 5.0),
    ("POST", "/channels/{channel_id}/messages"): (5, 5.0),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}"): (5, 5.0),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}"): (5, 1.0),
    ("PUT", "/applications/{application_id}/commands"): (20, 60.0),
    ("PUT", "/applications/{application_id}/guilds/{guild_id}/commands"): (20, 60.0),
    ("POST", "/users/@me/channels"): (10, 10.0),
}
# An answer to an interaction has no bucket of its own.
_UNLIMITED = {("POST", "/interactions/{interaction_id}/{token}/callback")}
_DEFAULT = (50, 1.0)


@dataclass
class _Window:
    ends_at: float
    used: int = 0


class RateLimiter:
    """Counts requests in fixed windows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, ...], _Window] = {}

    def count(self, method: str, route: str, match_info: Mapping[str, str]) -> dict[str, str]:
        """Count one request.

        Returns:
            The rate-limit headers of the answer.

        Raises:
            DiscordError: 429 with `retry_after` if the bucket is empty.
        """
        route = route.removeprefix(PREFIX)
        if (method, route) in _UNLIMITED:
            return {}
        limit, per_s = LIMITS.get((method, route), _DEFAULT)
        majors = tuple(match_info[name] for name in _MAJOR if name in match_info)
        window = self._window((method, route, *majors), per_s)
        window.used += 1
        left_s = max(window.ends_at - self._clock.now(), 0.001)
        headers = {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(limit - window.used, 0)),
            "X-RateLimit-Reset": f"{window.ends_at:.3f}",
            "X-RateLimit-Reset-After": f"{left_s:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(f"{method} {route}".encode()).hexdigest()[:32],
        }
        if window.used > limit:
            raise too_many_requests(left_s, headers)
        return headers

    def _window(self, key: tuple[str, ...], per_s: float) -> _Window:
        now = self._clock.now()
        window = self._windows.get(key)
        if window is None or window.ends_at <= now:
            if len(self._windows) >= _KEPT_BUCKETS:
                self._windows = {k: w for k, w in self._windows.items() if w.ends_at > now}
            window = self._windows[key] = _Window(now + per_s)
        return window


def too_many_requests(retry_after_s: float, headers: Mapping[str, str] | None = None) -> DiscordError:
    """The 429 with the headers that clients look for: `Via` tells that it comes from Discord and not from a proxy."""
    extra_headers = {"Retry-After": f"{max(1, round(retry_after_s))}", "X-RateLimit-Scope": "user", "Via": "1.1 google"}
    extra = {"retry_after": round(retry_after_s, 3), "global": False}
    return DiscordError(RATE_LIMITED, headers={**(headers or {}), **extra_headers}, extra=extra)
