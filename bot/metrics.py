"""What the bot counts and measures for Prometheus; `bot.health` serves it at `/metrics`.

docs/monitoring.md and deploy/monitoring/ name these metrics, too. Labels are few, and none names a member or a server.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import discord
from prometheus_client import REGISTRY, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

LOOK_S = 0.25  # how often the event loop's delay is measured

ACKNOWLEDGEMENT = Histogram(
    "cadenza_acknowledgement_seconds",
    "From the moment Discord stamps on an interaction until it has the acknowledgement; 3 s are allowed",
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5),
)
LOOP_DELAY = Histogram(
    "cadenza_event_loop_delay_seconds",
    "How much later than asked the event loop woke a task",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5),
)
DELIVERIES = Counter("cadenza_deliveries", "Results by the place that took them; reply is the first choice", ["place"])
ERRORS = Counter("cadenza_bot_errors", "Errors that a member was told of, by class", ["kind"])


@dataclass(frozen=True)
class GatewayStateCollector(Collector):
    """Reads the gateway's state at the moment Prometheus asks; `is_connected` and `open_jobs` are asked then."""

    client: discord.Client
    is_connected: Callable[[], bool]
    open_jobs: Callable[[], int]

    def collect(self) -> Iterator[Metric]:
        """The gauges; the latency is left out while there is none."""
        yield GaugeMetricFamily("cadenza_gateway_connected", "Whether the gateway is open", int(self.is_connected()))
        yield GaugeMetricFamily("cadenza_servers", "Servers that the bot is in", len(self.client.guilds))
        yield GaugeMetricFamily("cadenza_followed_jobs", "Jobs whose result is still to come", self.open_jobs())
        latency_s = self.client.latency
        if math.isfinite(latency_s):
            yield GaugeMetricFamily("cadenza_gateway_latency_seconds", "The latest heartbeat's way and back", latency_s)


@asynccontextmanager
async def measuring(collector: GatewayStateCollector) -> AsyncIterator[None]:
    """Measure the event loop's delay and offer the gateway's state while inside."""
    REGISTRY.register(collector)
    looking = asyncio.create_task(_watch_loop(), name="event loop delay")
    try:
        yield
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        REGISTRY.unregister(collector)


async def _watch_loop() -> None:
    while True:
        due = time.monotonic() + LOOK_S
        await asyncio.sleep(LOOK_S)
        LOOP_DELAY.observe(max(0.0, time.monotonic() - due))


def acknowledged(interaction: discord.Interaction) -> None:
    """Measure how long Discord waited for the acknowledgement that was just given."""
    waited = discord.utils.utcnow() - interaction.created_at
    ACKNOWLEDGEMENT.observe(max(0.0, waited.total_seconds()))  # clocks may differ
