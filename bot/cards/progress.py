"""A piece or an errand on its way: its place in the queue, then a bar with the stage in words."""

from __future__ import annotations

import discord

from bot.cards import colours
from bot.cards.wording import length_words
from jobs.contract import ComposeProgress, ComposeRequest, LibraryRequest, Stage, Update

BAR_CELLS = 20
WORDS = {
    Stage.QUEUED: "Waiting for a free worker",
    Stage.STARTING: "Getting ready",
    Stage.PRIMING: "Listening to your seed",
    Stage.COMPOSING: "Composing",
    Stage.RENDERING: "Recording and drawing",
}
AT_WORK = "At it"  # of an errand, whose stages are nobody's concern


def progress_card(request: ComposeRequest | LibraryRequest, update: Update) -> discord.Embed:
    """The card of a job that is not finished."""
    queued = update.stage is Stage.QUEUED
    title = "In the queue" if queued else f"{WORDS.get(update.stage, AT_WORK)} …"
    card = discord.Embed(
        title="Stopping …" if update.stopping else title,
        description=place_words(update.position) if queued else bar(update.fraction, update.music),
        colour=colours.WAITING if queued else colours.WORKING,
    )
    if isinstance(request, ComposeRequest):
        said = [request.model, length_words(request), f"random seed {request.random_seed}"]
        said += [f"seed {request.seed.name[:60]}"] if request.seed else []
        card.set_footer(text=" · ".join(part for part in said if part))
    return card


def place_words(position: int | None) -> str:
    """A place in the queue in words; None where it is about to start."""
    if position is None:
        return WORDS[Stage.QUEUED] + " …"
    return "You are next." if position == 1 else f"You are number {position}."


def bar(fraction: float, music: ComposeProgress | None = None) -> str:
    """A share 0..1 as a bar, with how much music that is where it is known."""
    filled = round(fraction * BAR_CELLS)
    so_far = f" · {int(music.done)} of {music.whole:g} {music.unit}" if music is not None else ""
    return f"`{'█' * filled}{'░' * (BAR_CELLS - filled)}` {fraction:.0%}{so_far}"
