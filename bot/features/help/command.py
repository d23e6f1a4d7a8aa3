"""`/help`: what the bot can do and how to start. `/ping`: whether Discord, Redis and the workers answer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import discord
from discord import app_commands

from bot.context import Interaction
from bot.features import embeds
from bot.features.compose.options import GROUPS, OPTIONS
from bot.message import MessageParts
from bot.replies import acknowledge, answer
from bot.wording import harmless, plural, size_words
from jobs.contract import MAX_BARS, MAX_LENGTH_S, MIN_BARS, MIN_LENGTH_S, WorkerInfo

PARTS = (
    (
        "Buttons under a piece",
        "**Again**: the same settings, a different piece. **Continue**: more from where it ends. **Vary**: its rhythm "
        "with other notes. **Edit**: change the settings and compose again. **Star**: add it to this server's data set "
        "of starred pieces. **Key and tempo**: the same notes, higher, lower, faster or slower. **Copy command**: the "
        "command that gives this piece. **Delete**: remove it, if you asked for it. **Stop**: end early and get the "
        "piece so far.",
    ),
    (
        "Menus of messages",
        "On any message with a MIDI file, under Apps: *Continue*, *Vary* and *Accompany* compose from it, *Describe* "
        "says what it holds.",
    ),
    (
        "Earlier pieces",
        "`/library mine` lists your pieces, `/library server` those of this server, `/library starred` its starred "
        "ones. The numbered buttons download a piece.",
    ),
    (
        "Your server's own model (admins)",
        "Collect MIDI files with `/dataset`, or with *Add to data set* in a message's menu under Apps. Train a model "
        "on them with `/train`, then manage it with `/model`.",
    ),
    (
        "Originality",
        "A card warns if much of the piece also occurs in the model's training music. **Copy command** shows the "
        "figures for every piece.",
    ),
)


def help_card(commands: Mapping[str, str], max_seed_bytes: int) -> discord.Embed:
    """What each of `commands` (name to description) is for, and the limits."""
    begin = "Send `/compose` and get a piece as MIDI, audio and a picture. Everything else is optional."
    listed = [f"`/{name}` {description}" for name, description in sorted(commands.items())]
    card = discord.Embed(
        title="Cadenza composes music", description="\n".join([begin, "", *listed]), colour=embeds.PLAIN
    )
    for name, value in (*_options(), *PARTS):
        card.add_field(name=name, value=value, inline=False)
    limits = (
        f"{MIN_LENGTH_S:.0f} to {MAX_LENGTH_S:.0f} seconds or {MIN_BARS} to {MAX_BARS} bars of new music; "
        f"seeds up to {size_words(max_seed_bytes)}."
    )
    card.add_field(name="Limits", value=limits, inline=False)
    return card


def _options() -> list[tuple[str, str]]:
    """The options of `/compose` in their groups, each with what Discord says of it."""
    return [
        (title, "\n".join(f"`{option.name}`: {option.help}" for option in OPTIONS if option.group == group))
        for group, title in GROUPS.items()
    ]


@app_commands.command(name="help", description="What Cadenza can do and how to start.")
async def command(interaction: Interaction) -> None:
    """Answer at once: nothing has to be looked up."""
    commands = interaction.client.tree.get_commands()
    described = {
        found.name: found.description
        for found in commands
        if isinstance(found, (app_commands.Command, app_commands.Group)) and found.default_permissions is None
    }
    card = help_card(described, interaction.client.max_seed_bytes)
    await answer(interaction, MessageParts(card=card))


@app_commands.command(name="ping", description="Check that everything is working.")
async def ping(interaction: Interaction) -> None:
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
