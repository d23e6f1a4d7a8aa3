"""`/ping`: whether everything between Discord and the workers is working."""

from __future__ import annotations

import math
from collections.abc import Sequence

import discord
from discord import app_commands

from bot.context import Interaction
from bot.features import embeds
from bot.message import MessageParts
from bot.replies import acknowledge, answer
from bot.wording import harmless, plural
from jobs.contract import WorkerInfo


@app_commands.command(name="ping", description="Check that everything is working.")
async def command(interaction: Interaction) -> None:
    """Ask each part on the way; the error handler answers for one that is silent."""
    await acknowledge(interaction, private=True)
    board = interaction.client.board
    redis_s = await board.ping()
    workers = await board.workers()
    open_jobs = len(await board.open_records())
    card = ping_card(interaction.client.latency, redis_s, workers, open_jobs)
    await answer(interaction, MessageParts(card=card))


def ping_card(gateway_s: float, redis_s: float, workers: Sequence[WorkerInfo], open_jobs: int) -> discord.Embed:
    """How fast each part answers; times in seconds, `gateway_s` may be NaN before the first heartbeat."""
    gateway = f"{gateway_s * 1000:.0f} ms" if math.isfinite(gateway_s) else "not measured yet"
    card = discord.Embed(title="Pong", colour=embeds.PLAIN)
    card.add_field(name="Discord", value=gateway)
    card.add_field(name="Redis", value=f"{redis_s * 1000:.1f} ms")
    card.add_field(name="Workers", value=_at_work(workers))
    card.add_field(name="Queue", value=f"{open_jobs} open")
    for remark in dict.fromkeys(remark for worker in workers for remark in worker.remarks):
        card.add_field(name="Note", value=harmless(remark), inline=False)
    return card


def _at_work(workers: Sequence[WorkerInfo]) -> str:
    """How many workers compose, on what, how many pieces out of how many; and how many train."""
    composing = [worker for worker in workers if "compose" in worker.does]
    train = sum("train" in worker.does for worker in workers)
    others = f"; training: {train}" if train else ""
    if not composing:
        return f"none: nothing can be composed right now{others}"
    devices = ", ".join(sorted({worker.device for worker in composing}))
    running, most = (sum(parts) for parts in zip(*((len(one.job_ids), one.slots) for one in composing), strict=True))
    return f"{len(composing)} on {devices}, composing {running} of {plural(most, 'piece')} at a time{others}"
