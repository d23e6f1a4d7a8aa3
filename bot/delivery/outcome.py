"""What the finished message holds: the card, the files that fit, the buttons; or the sentence that says what failed."""

from __future__ import annotations

from bot.buttons.rows import FINISHED
from bot.cards.result import result_card
from bot.delivery.message import Attached, MessageParts
from bot.errors import Explained
from jobs import JobBoard
from jobs.contract import BlobRef, ComposeRequest, ComposeResult, Failure, Stage, Update
from jobs.errors import BlobGone

CANCELLED = "Stopped before there was anything to hear. Use `/compose` to ask for another piece."


async def final_parts(board: JobBoard, request: ComposeRequest, update: Update, limit_bytes: int) -> MessageParts:
    """The parts for a final `update`; files over `limit_bytes` are left out with a sentence.

    Raises:
        BoardUnreachable: Redis does not answer.
    """
    if update.result is not None:
        return await _finished(board, request, update.result, limit_bytes)
    if update.stage is Stage.CANCELLED:
        return MessageParts(request, content=CANCELLED)
    failure = update.failure or Failure(code="unknown", sentence="The piece could not be composed. Try again.")
    return MessageParts(request, content=str(Explained(failure.sentence, failure.incident)))


async def _finished(board: JobBoard, request: ComposeRequest, result: ComposeResult, limit_bytes: int) -> MessageParts:
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
            remarks.append(f"The {what} is no longer kept. Use **Again** or `/compose` with the same random seed.")
            continue
        attached.append(Attached(file_name(result, suffix), data, optional=suffix == "mp3"))
    picture = file_name(result, "png")
    shown = picture if any(file.name == picture for file in attached) else None
    card = result_card(request, result, shown, remarks)
    return MessageParts(request, card=card, attached=tuple(attached), buttons=FINISHED)


def file_name(result: ComposeResult, suffix: str) -> str:
    """How a file of the piece is called: `cadenza-<model>-<random seed>.<suffix>`."""
    return f"cadenza-{result.model}-{result.random_seed}.{suffix}"


def _too_large(what: str, ref: BlobRef, limit_bytes: int) -> str:
    sizes = f"{ref.size / 2**20:.1f} MiB, {limit_bytes / 2**20:.0f} MiB are allowed"
    return f"The {what} is larger than Discord takes here ({sizes}), so it was left out. A shorter `length` fits."
