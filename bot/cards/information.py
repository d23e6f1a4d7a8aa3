"""The cards of `/help`, `/models` and `/ping`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import discord

from bot.cards import colours
from jobs.contract import MAX_BARS, MAX_LENGTH_S, MIN_BARS, MIN_LENGTH_S, ModelInfo, WorkerInfo

MAX_FIELDS = 25  # Discord's limit
MOST_STYLES = 12  # shown of a model; Discord suggests the others as they are typed
PARTS = (
    (
        "What it is to sound like",
        "All optional: `style`, `key`, `tempo`, `meter`, `density`, `instruments`, and `length` in seconds or `bars`. "
        "A model that does not know one of them says so; `/models` tells what each knows. "
        "Without `model`, the one that fits your seed and wishes composes.",
    ),
    (
        "How boldly",
        "`temperature` below 1 is safer, above 1 wilder. `top_p`, `top_k` and `min_p` rule out unlikely notes. "
        "`strength` says how closely a variation keeps to its seed. The same `random_seed` gives the same piece.",
    ),
    (
        "Under a piece",
        "**Again**: the same with another random seed. **Continue**: goes on from its end. **Vary**: its rhythm with "
        "other notes. **Star**: into this server's data set of starred pieces. "
        "**Delete**: for whoever asked for it. While it is being composed, **Stop** gives you the piece "
        "so far.",
    ),
    (
        "A model of your server's own, for admins",
        "`/dataset` collects MIDI files (so does *Add to data set* in a message's menu, under Apps), `/train` fits a "
        "model to them, `/model` puts it into use and takes it back.",
    ),
    (
        "Originality",
        "Every card says how much of the piece also stands in the music its model learnt from, beside the same figure "
        "for pieces that people wrote.",
    ),
)


def help_card(commands: Mapping[str, str], max_seed_bytes: int) -> discord.Embed:
    """What each of `commands` (name to description) is for, and the limits."""
    card = discord.Embed(
        title="Cadenza composes",
        description="Type `/compose` and send it: a piece comes back as `.mid`, as audio and as a picture. "
        "Attach a MIDI file as `seed`, and the piece continues it, varies it, or accompanies it, as `mode` says.",
        colour=colours.PLAIN,
    )
    for name, description in sorted(commands.items()):
        card.add_field(name=f"/{name}", value=description, inline=False)
    for name, value in PARTS:
        card.add_field(name=name, value=value, inline=False)
    limits = (
        f"{MIN_LENGTH_S:.0f} to {MAX_LENGTH_S:.0f} seconds or {MIN_BARS} to {MAX_BARS} bars of new music; "
        f"seeds up to {max_seed_bytes / 2**20:g} MiB."
    )
    card.add_field(name="Limits", value=limits, inline=False)
    return card


def models_card(models: Sequence[ModelInfo]) -> discord.Embed:
    """The live models, the default first."""
    card = discord.Embed(title="Models that can compose now", colour=colours.PLAIN)
    for model in models[:MAX_FIELDS]:
        default = " · the default" if model.default else ""
        licence = f"\nLicence: {model.licence}" if model.licence else ""
        about = f"{model.title}\n{model.description}{licence}{_abilities(model)}".strip()
        card.add_field(name=f"{model.name} {model.version}{default}"[:256], value=about[:1000], inline=False)
    return card


def _abilities(model: ModelInfo) -> str:
    lines = [f"Makes of a seed: {', '.join(model.modes)}"]
    if model.controls:
        lines.append(f"Follows: {', '.join(name.removesuffix('_bpm') for name in model.controls)}")
    if model.styles:
        more = f" and {len(model.styles) - MOST_STYLES} more" if len(model.styles) > MOST_STYLES else ""
        lines.append(f"Styles: {', '.join(model.styles[:MOST_STYLES])}{more}")
    lines.append("Plays to a beat, so in bars too" if model.has_beat else "Plays freely, without bars")
    return "".join(f"\n{line}" for line in lines)


def ping_card(gateway_s: float, redis_s: float, workers: Sequence[WorkerInfo], open_jobs: int) -> discord.Embed:
    """How far each part is away; times in seconds, `gateway_s` may be NaN before the first heartbeat."""
    gateway = f"{gateway_s * 1000:.0f} ms" if math.isfinite(gateway_s) else "not measured yet"
    card = discord.Embed(title="Pong", colour=colours.PLAIN)
    card.add_field(name="Discord", value=gateway)
    card.add_field(name="Redis", value=f"{redis_s * 1000:.1f} ms")
    card.add_field(name="Workers", value=_at_work(workers))
    card.add_field(name="Queue", value=f"{open_jobs} open")
    for remark in dict.fromkeys(remark for worker in workers for remark in worker.remarks):
        card.add_field(name="Note", value=remark, inline=False)
    return card


def _at_work(workers: Sequence[WorkerInfo]) -> str:
    """Who composes, on what, and how many pieces of those they could at a time; and how many others there are."""
    composing = [worker for worker in workers if "compose" in worker.does]
    train = sum("train" in worker.does for worker in workers)
    others = f"; training: {train}" if train else ""
    if not composing:
        return f"none: nothing can be composed just now{others}"
    devices = ", ".join(sorted({worker.device for worker in composing}))
    running, most = (sum(parts) for parts in zip(*((len(one.job_ids), one.slots) for one in composing), strict=True))
    return f"{len(composing)} on {devices}, composing {running} of {most} pieces at a time{others}"
