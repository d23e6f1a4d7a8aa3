"""What the message of a piece holds: a bar, then the card with the files that fit and the buttons."""

from __future__ import annotations

from bot.buttons import piece_view
from bot.features.compose.cards import progress_card, result_card
from bot.message import Attached, MessageParts
from bot.wording import size_words
from jobs import JobClient
from jobs.contract import BlobRef, ComposeRequest, ComposeResult, Update
from jobs.errors import BlobGone

RUNNING = ("stop",)
FINISHED = ("again", "continue", "vary", "star", "delete")
PLAIN = "Your piece is ready. Discord didn't accept its card, so here are the files alone."


def progress_parts(request: ComposeRequest, update: Update) -> MessageParts:
    """The parts while the piece is on its way."""
    return MessageParts(card=progress_card(request, update), buttons=piece_view(RUNNING, request))


async def finished_parts(
    board: JobClient, request: ComposeRequest, result: ComposeResult, limit_bytes: int
) -> MessageParts:
    """The parts of the finished piece; files over `limit_bytes` are left out with a sentence.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    attached, remarks = await files_of(board, result, limit_bytes)
    picture = file_name(result, "png")
    shown = picture if any(file.name == picture for file in attached) else None
    card = result_card(request, result, shown, remarks)
    return MessageParts(card=card, attached=attached, buttons=piece_view(FINISHED, request), plain=PLAIN)


async def files_of(board: JobClient, result: ComposeResult, limit_bytes: int) -> tuple[tuple[Attached, ...], list[str]]:
    """The piece's files, the MIDI file first, and a sentence for each that is missing."""
    attached, remarks = [], []
    for ref, suffix, what in (
        (result.midi, "mid", "MIDI file"),
        (result.audio, "mp3", "audio"),
        (result.picture, "png", "picture"),
    ):
        if ref is None:
            continue
        if ref.size > limit_bytes:
            remarks.append(_too_large(what, ref, limit_bytes))
            continue
        try:
            data = await board.get_blob(ref)
        except BlobGone:
            remarks.append(f"The {what} is no longer kept. Use **Again**, or `/compose` with the same random seed.")
            continue
        attached.append(Attached(file_name(result, suffix), data, optional=suffix == "mp3"))
    return tuple(attached), remarks


def file_name(result: ComposeResult, suffix: str) -> str:
    """How a file of the piece is called: `cadenza-<model>-<random seed>.<suffix>`."""
    return f"cadenza-{result.model}-{result.random_seed}.{suffix}"


def _too_large(what: str, ref: BlobRef, limit_bytes: int) -> str:
    sizes = f"{size_words(ref.size)}; the limit is {size_words(limit_bytes)}"
    return f"The {what} is too large for Discord here ({sizes}), so it was left out. Try a shorter `length`."
