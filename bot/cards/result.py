"""A finished piece: its parameters, the random seed to copy, remarks, and the picture of the notes."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.cards import colours
from jobs.contract import ComposeRequest, ComposeResult

MAX_DESCRIPTION = 2000  # Discord takes 4096; a card is not a letter
TIMING_WORDS = {  # what is shown, in this order; the rest is for whoever reads the record
    "queue": "waiting",
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
    lines += [*result.remarks, *remarks]
    card = discord.Embed(
        title=_title(request), description="\n".join(lines)[:MAX_DESCRIPTION] or None, colour=colours.DONE
    )
    for name, value in _parameters(request, result):
        card.add_field(name=name, value=value)
    if picture:
        card.set_image(url=f"attachment://{picture}")
    card.set_footer(text=_timings(result.timings) or None)
    return card


def _title(request: ComposeRequest) -> str:
    if request.seed is None:
        return "A new piece"
    return f"A continuation of {discord.utils.escape_markdown(request.seed.name[:100])}"


def _parameters(request: ComposeRequest, result: ComposeResult) -> list[tuple[str, str]]:
    rows = [
        ("Random seed", f"`{result.random_seed}`"),
        ("Model", f"{result.model} {result.model_version}"[:100]),
        ("Length", clock(result.duration_s)),
        ("Notes", f"{result.notes:,}"),
        ("Temperature", f"{request.temperature:g}"),
    ]
    if request.seed is not None:
        kept = f"first {clock(result.seed_s)}" if result.seed_s > 0 else "left out"
        rows.append(("Seed in the file", kept))
    return rows


def clock(seconds: float) -> str:
    """Seconds as `m:ss`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def _timings(timings: dict[str, float]) -> str:
    return " · ".join(f"{words} {timings[name]:.1f} s" for name, words in TIMING_WORDS.items() if name in timings)
