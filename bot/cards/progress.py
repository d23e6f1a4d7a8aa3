"""A job on its way: its place in the queue, then a bar with the stage in words; and one that is stopping."""

from __future__ import annotations

import discord

from bot.cards import colours
from bot.cards.wording import length_words
from bot.wording import plain
from jobs.contract import AnyRequest, ComposeProgress, ComposeRequest, LibraryRequest, Stage, Update

BAR_CELLS = 20
WORDS = {
    Stage.QUEUED: "Waiting for a free worker",
    Stage.STARTING: "Getting ready",
    Stage.PRIMING: "Reading your seed",
    Stage.COMPOSING: "Composing",
    Stage.RENDERING: "Recording",
}
WORKING = "Working"  # on a library request, which has no stages of interest
KEPT = {
    "compose": "You'll get the piece so far in a moment.",
    "library": "What is done so far is kept.",
    "train": "What it learned so far is kept and evaluated; the result follows here.",
}
RECORDING = "The notes are finished. You'll get the piece as soon as it is recorded."


def progress_card(request: ComposeRequest | LibraryRequest, update: Update) -> discord.Embed:
    """The card of a job that is not finished."""
    queued = update.stage is Stage.QUEUED
    card = discord.Embed(
        title="In the queue" if queued else f"{WORDS.get(update.stage, WORKING)} …",
        description=place_words(update.position) if queued else bar(update.fraction, update.music),
        colour=colours.WAITING if queued else colours.WORKING,
    )
    if isinstance(request, ComposeRequest):
        said = [request.model, length_words(request), f"random seed {request.random_seed}"]
        said += [f"seed {plain(request.seed.name[:60])}"] if request.seed else []
        card.set_footer(text=" · ".join(part for part in said if part))
    return card


def stopping_card(request: AnyRequest, update: Update) -> discord.Embed:
    """The card of a job that somebody stopped and that has not ended yet."""
    words = RECORDING if update.stage is Stage.RENDERING else KEPT[request.kind]
    return discord.Embed(title="Stopping …", description=words, colour=colours.WAITING)


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
