"""Misbehaviour on request: tests turn these to see how a bot stands a bad day of Discord's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """All off by default. Counters count down with each request that they hit.

    `delay_s` is added before every REST answer; `server_errors` answers the next N requests with 502;
    `rate_limited` answers the next N with 429 and `retry_after_s`; `only_path` limits all three to paths
    that contain it. (To drop the gateway, call `Gateway.drop`, `Gateway.ask_to_reconnect` or
    `Gateway.invalidate`.)
    """

    delay_s: float = 0.0
    server_errors: int = 0
    rate_limited: int = 0
    retry_after_s: float = 0.2
    only_path: str = ""
