"""A finished piece: its parameters, the random seed to copy, remarks, and the picture of the notes."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.cards import colours, wording
from bot.cards.wording import clock
from jobs.contract import ComposeRequest, ComposeResult, Mode

MAX_VALUE = 1000  # of a field; Discord takes 1024
MAX_DESCRIPTION = 2000  # Discord takes 4096; a card is not a letter
SHORTEST_TOLD_S = 0.05
TIMING_WORDS = {  # what is shown, in this order; the rest is for whoever reads the record
    "queue": "waiting",
    "load": "loading the model",
    "prime": "hearing the seed",
    "sample": "composing",
    "render": "recording",
    "total": "in all",
}


def result_card(
    request: ComposeRequest, result: ComposeResult, picture: str | None, remarks: Sequence[str] = ()
) -> discord.Embed:
    """The card of a finished piece; `picture` is the name of the attached file that it shows."""
    lines = ["Stopped early: this is the piece so far."] if result.stopped else []
    lines += [result.model_choice] if result.model_choice else []
    lines += [*result.remarks, *remarks]
    description = "\n".join(lines)[:MAX_DESCRIPTION] or None
    card = discord.Embed(title=wording.piece_words(request), description=description, colour=colours.DONE)
    for name, value, inline in _parameters(request, result):
        card.add_field(name=name, value=value[:MAX_VALUE], inline=inline)
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
        ("Temperature", wording.taste_words(request), True),
    ]
    if request.seed is not None:
        kept = f"first {clock(result.seed_s)}" if result.seed_s > 0 else "left out"
        if request.mode is Mode.ACCOMPANY:
            kept = "all of it" if request.include_seed else "left out"
        rows.append(("Seed in the file", kept, True))
    if request.strength is not None:
        rows.append(("Strength", f"{request.strength:g}", True))
    asked = wording.controls_words(request, result.controls)
    if asked:
        rows.append(("Asked for", asked, False))
    if result.originality is not None:
        rows.append(("Originality", wording.originality_words(result.originality), False))
    return rows


def _length(request: ComposeRequest, result: ComposeResult) -> str:
    asked = wording.length_words(request)
    said = f" ({asked} asked)" if asked else ""
    return f"{clock(result.duration_s)}{said}{', comes to an end' if result.ended else ''}"


def _timings(timings: dict[str, float]) -> str:
    told = {name: timings[name] for name in TIMING_WORDS if timings.get(name, 0.0) >= SHORTEST_TOLD_S}
    return " · ".join(f"{TIMING_WORDS[name]} {seconds:.1f} s" for name, seconds in told.items())
