"""The embeds of a piece: one that is composed, and a finished one with its settings, remarks and picture."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.features import embeds
from bot.features.compose import wording
from bot.features.embeds import bar, place_words
from bot.limits import cut
from bot.wording import clock, harmless, plain
from jobs.contract import ComposeRequest, ComposeResult, Mode, Stage, Update

MAX_DESCRIPTION = 2000  # Discord takes 4096; a card is not a letter
SHORTEST_TOLD_S = 0.05
TIMING_WORDS = {  # what is shown, in this order; the rest is for whoever reads the record
    "queue": "waiting",
    "load": "loading the model",
    "prime": "reading the seed",
    "sample": "composing",
    "render": "recording",
    "total": "in total",
}


WORDS = {
    Stage.STARTING: "Getting ready",
    Stage.PRIMING: "Reading your seed",
    Stage.COMPOSING: "Composing",
    Stage.RENDERING: "Recording",
}


def progress_card(request: ComposeRequest, update: Update) -> discord.Embed:
    """The card of a piece that is not finished."""
    queued = update.stage is Stage.QUEUED
    card = discord.Embed(
        title="In the queue" if queued else f"{WORDS.get(update.stage, 'Working')} …",
        description=place_words(update.position) if queued else bar(update.fraction, update.music),
        colour=embeds.WAITING if queued else embeds.WORKING,
    )
    said = [request.model, wording.length_words(request), f"random seed {request.random_seed}"]
    said += [f"seed {plain(request.seed.name[:60])}"] if request.seed else []
    card.set_footer(text=" · ".join(part for part in said if part))
    return card


def result_card(
    request: ComposeRequest, result: ComposeResult, picture: str | None, remarks: Sequence[str] = ()
) -> discord.Embed:
    """The card of a finished piece; `picture` is the name of the attached file that it shows."""
    lines = ["Stopped early: this is the piece so far."] if result.stopped else []
    lines += [harmless(result.model_choice)] if result.model_choice else []
    lines += [harmless(said) for said in (*(missed.reason for missed in result.missed), *result.remarks)]
    lines += remarks
    description = cut("\n".join(lines), MAX_DESCRIPTION) or None
    colour = embeds.DOUBTFUL if result.missed else embeds.DONE
    card = discord.Embed(title=wording.piece_words(request), description=description, colour=colour)
    for name, value, inline in _parameters(request, result):
        card.add_field(name=name, value=value, inline=inline)
    if picture:
        card.set_image(url=f"attachment://{picture}")
    card.set_footer(text=_timings(result.timings) or None)
    return card


def _parameters(request: ComposeRequest, result: ComposeResult) -> list[tuple[str, str, bool]]:
    """Name, value, and whether it may stand beside another."""
    rows = [
        ("Random seed", f"`{result.random_seed}`", True),
        ("Model", f"{result.model} {result.model_version}", True),
        ("Length", _length(request, result), True),
        ("Notes", f"{result.notes:,}", True),
        ("Temperature", wording.sampling_words(request), True),
    ]
    if request.seed is not None:
        rows.append(("Seed", _seed_words(request, result), True))
    if request.strength is not None:
        rows.append(("Strength", f"{request.strength:g}", True))
    asked = wording.controls_words(request, result.controls)
    if asked:
        rows.append(("Requested", asked, False))
    if result.originality is not None:
        rows.append(("Originality", wording.originality_words(result.originality), False))
    return rows


def _seed_words(request: ComposeRequest, result: ComposeResult) -> str:
    """How much of the seed is in the file; a seed of one note lasts no time and is included all the same."""
    if not request.include_seed:
        return "not included"
    if request.mode is Mode.ACCOMPANY or result.seed_s < 1:
        return "included"
    return f"first {wording.seconds_words(result.seed_s)}"


def _length(request: ComposeRequest, result: ComposeResult) -> str:
    """'0:29', '0:29 (0:10 seed + 0:19 new)', '8 bars (0:19)'; what was asked for and missed is struck out."""
    missed = {one.control for one in result.missed}
    whole = clock(result.duration_s)
    if request.bars is not None:
        return f"{wording.length_words(request)} ({whole})"
    if "length" in missed:
        return f"{whole} ~~{wording.length_words(request)}~~"
    if request.seed is not None and request.mode is not Mode.ACCOMPANY and round(result.seed_s):
        new_s = max(0, round(result.duration_s) - round(result.seed_s))
        return f"{whole} ({clock(result.seed_s)} seed + {clock(new_s)} new)"
    return whole


def _timings(timings: dict[str, float]) -> str:
    told = {name: timings[name] for name in TIMING_WORDS if timings.get(name, 0.0) >= SHORTEST_TOLD_S}
    return " · ".join(f"{TIMING_WORDS[name]} {seconds:.1f} s" for name, seconds in told.items())
