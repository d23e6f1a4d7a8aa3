"""What messages of several features share: colours, a bar, lists in pages, and Stop, which says what is kept."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.context import Interaction
from bot.limits import EMBED_TOTAL, FIELDS, cut
from bot.message import MessageParts
from bot.replies import answer, replace_message, update_silently
from jobs.client import CancelOutcome
from jobs.contract import AnyRequest, ComposeProgress, Record, Stage, Update

# each colour has one meaning
WAITING = discord.Colour.from_str("#8a8f98")
WORKING = discord.Colour.from_str("#5b8def")
DONE = discord.Colour.from_str("#3fb27f")
PLAIN = discord.Colour.from_str("#7a6ff0")
DOUBTFUL = discord.Colour.from_str("#d9a441")

BAR_CELLS = 20
MAX_VALUE = 1000  # characters of a row; Discord takes 1024
RESERVE = 500  # characters of a card, for its title, description and footer

Rows = Sequence[tuple[str, str]]
KEPT = {
    "compose": "You'll get the piece so far in a moment.",
    "describe": "Nothing is kept.",
    "library": "What is done so far is kept.",
    "train": "What it learned so far is kept and evaluated; the result follows here.",
}
RECORDING = "The notes are finished. You'll get the piece as soon as it is recorded."


def stopping_card(request: AnyRequest, update: Update) -> discord.Embed:
    """The card of a job that somebody stopped and that has not ended yet."""
    words = RECORDING if update.stage is Stage.RENDERING else KEPT[request.kind]
    return discord.Embed(title="Stopping …", description=words, colour=WAITING)


def place_words(position: int | None) -> str:
    """A place in the queue in words; None where it is about to start."""
    if position is None:
        return "Waiting for a free worker …"
    return "You are next." if position == 1 else f"You are number {position} in line."


def bar(fraction: float, music: ComposeProgress | None = None) -> str:
    """A share 0..1 as a bar, with how much music that is where it is known."""
    filled = round(fraction * BAR_CELLS)
    so_far = f" · {int(music.done)} of {music.whole:g} {music.unit}" if music is not None else ""
    return f"`{'█' * filled}{'░' * (BAR_CELLS - filled)}` {fraction:.0%}{so_far}"


def pages_of(rows: Rows) -> list[Rows]:
    """`rows` (name, value) in pages that each fit on one card; at least one page."""
    pages: list[list[tuple[str, str]]] = [[]]
    size = 0
    for name, value in rows:
        value = cut(value, MAX_VALUE)
        if len(pages[-1]) == FIELDS or size + len(name) + len(value) > EMBED_TOTAL - RESERVE:
            pages.append([])
            size = 0
        pages[-1].append((name, value))
        size += len(name) + len(value)
    return list(pages)


def fill(card: discord.Embed, rows: Rows, rest: str = "", page: int = 1) -> int:
    """Put page `page` of `rows` on `card`, and how many pages there are; `rest` says how to see the others."""
    pages = pages_of(rows)
    number = min(max(1, page), len(pages))
    for name, value in pages[number - 1]:
        card.add_field(name=name, value=value, inline=False)
    if len(pages) > 1:
        card.set_footer(text=f"Page {number} of {len(pages)}{rest}")
    return len(pages)


async def stop(interaction: Interaction, record: Record, over: str) -> None:
    """End the job of `record`, whose message holds the button; `over` is said where it has ended."""
    client = interaction.client
    outcome, message = await client.tracker.stop(record)
    if outcome is CancelOutcome.TOO_LATE:
        await answer(interaction, over)
        return
    update = await client.board.state(record.job_id)
    async with message as may_edit:
        if may_edit and outcome is CancelOutcome.STOPPING and not update.stage.is_final:
            await replace_message(interaction, MessageParts(card=stopping_card(record.request, update)))
            return
    await update_silently(interaction)  # the result shows in a moment
