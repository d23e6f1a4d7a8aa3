"""The cards of `/help`, `/models` and `/ping`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import discord

from bot.cards import colours
from bot.cards.fields import fill
from bot.limits import cut
from bot.wording import harmless, plural, safe, size_words
from jobs.contract import MAX_BARS, MAX_LENGTH_S, MIN_BARS, MIN_LENGTH_S, ModelInfo, WorkerInfo

MOST_DESCRIBED = 300  # characters of a model's description or licence
MOST_STYLES = 12  # shown of a model; Discord suggests the others as they are typed
PARTS = (
    (
        "Sound",
        "All optional: `style`, `key`, `tempo`, `meter`, `density`, `instruments`, and `length` in seconds or `bars`. "
        "`/models` shows what each model supports. Without `model`, I choose the one that fits best.",
    ),
    (
        "Creativity",
        "`temperature` below 1 is safer, above 1 wilder. `top_p`, `top_k` and `min_p` rule out unlikely notes. "
        "`strength` is how closely a variation follows its seed. The same `random_seed` gives the same piece.",
    ),
    (
        "Buttons under a piece",
        "**Again**: the same settings, a different piece. **Continue**: more from where it ends. **Vary**: its rhythm "
        "with other notes. **Star**: add it to this server's data set of starred pieces. **Delete**: remove it, if you "
        "asked for it. **Stop**: end early and get the piece so far.",
    ),
    (
        "Your server's own model (admins)",
        "Collect MIDI files with `/dataset`, or with *Add to data set* in a message's menu under Apps. Train a model "
        "on them with `/train`, then manage it with `/model`.",
    ),
    (
        "Originality",
        "Every card shows how much of the piece also occurs in the model's training music, and the same figure for "
        "pieces that people wrote.",
    ),
)


def help_card(commands: Mapping[str, str], max_seed_bytes: int) -> discord.Embed:
    """What each of `commands` (name to description) is for, and the limits."""
    card = discord.Embed(
        title="Cadenza composes music",
        description="Send `/compose` and get a piece as MIDI, audio and a picture. "
        "Attach a MIDI file as `seed` to continue it, vary it or accompany it, depending on `mode`.",
        colour=colours.PLAIN,
    )
    for name, description in sorted(commands.items()):
        card.add_field(name=f"/{name}", value=description, inline=False)
    for name, value in PARTS:
        card.add_field(name=name, value=value, inline=False)
    limits = (
        f"{MIN_LENGTH_S:.0f} to {MAX_LENGTH_S:.0f} seconds or {MIN_BARS} to {MAX_BARS} bars of new music; "
        f"seeds up to {size_words(max_seed_bytes)}."
    )
    card.add_field(name="Limits", value=limits, inline=False)
    return card


def models_card(models: Sequence[ModelInfo], page: int = 1) -> discord.Embed:
    """The available models, the default first; with many, a page of them."""
    card = discord.Embed(title="Available models", colour=colours.PLAIN)
    fill(card, [(_model_name(model), _about(model)) for model in models], "; choose another with the option page", page)
    return card


def _model_name(model: ModelInfo) -> str:
    return f"{model.name} {safe(model.version)}{' · default' if model.default else ''}"


def _about(model: ModelInfo) -> str:
    """What the model says of itself, which strangers may have written, and what it can do."""
    described = [model.title, cut(model.description, MOST_DESCRIBED)]
    lines = [safe(text) for text in described if text]
    lines += [f"Licence: {safe(cut(model.licence, MOST_DESCRIBED))}"] if model.licence else []
    return "\n".join([*lines, *_abilities(model)])


def _abilities(model: ModelInfo) -> list[str]:
    lines = [f"Seed modes: {', '.join(model.modes)}"]
    if model.controls:
        lines.append(f"Options: {', '.join(name.removesuffix('_bpm') for name in model.controls)}")
    if model.styles:
        more = f" and {len(model.styles) - MOST_STYLES} more" if len(model.styles) > MOST_STYLES else ""
        lines.append(f"Styles: {safe(', '.join(model.styles[:MOST_STYLES]))}{more}")
    lines.append("Plays to a beat, with bars" if model.has_beat else "Plays in free time, without bars")
    return lines


def ping_card(gateway_s: float, redis_s: float, workers: Sequence[WorkerInfo], open_jobs: int) -> discord.Embed:
    """How fast each part answers; times in seconds, `gateway_s` may be NaN before the first heartbeat."""
    gateway = f"{gateway_s * 1000:.0f} ms" if math.isfinite(gateway_s) else "not measured yet"
    card = discord.Embed(title="Pong", colour=colours.PLAIN)
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
