"""What the message of a training holds: its live card with the curve, then the verdict with the pieces to listen to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.buttons import admin_view
from bot.features.training.cards import live_card
from bot.features.training.result_card import verdict_card
from bot.message import Attached, MakesView, MessageParts
from bot.wording import size_words
from jobs import JobClient
from jobs.contract import BlobRef, Listening, TrainRequest, TrainResult, Update
from jobs.errors import BlobGone

CURVE = "curve.png"
MOST_LISTENED = 3  # with a player before and one after each: within the ten files of a message, and within patience
LIGHTER = "The recordings together were too large for Discord here, so they were left out."


async def progress_parts(board: JobClient, request: TrainRequest, update: Update) -> MessageParts:
    """The parts while the training is on its way.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    curve = await _curve(board, update.training.curve if update.training else None)
    card = live_card(request, update, CURVE if curve else None)
    return MessageParts(card=card, attached=curve, buttons=admin_view(("stop", request.job_id)))


async def finished_parts(
    board: JobClient, request: TrainRequest, result: TrainResult, limit_bytes: int
) -> MessageParts:
    """The parts of the verdict; recordings over `limit_bytes` are left out with a sentence.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    curve = await _curve(board, result.curve)
    players, remarks = await _players(board, result.listening[:MOST_LISTENED], limit_bytes)
    names = {file.name for file in players}
    card = verdict_card(request, result, names, CURVE if curve else None, remarks)
    return MessageParts(card=card, attached=(*curve, *players), buttons=_result_buttons(result), lighter=LIGHTER)


def _result_buttons(result: TrainResult) -> MakesView:
    """What can be done with the result."""
    version = f"{result.name}:{result.model_version}"
    return admin_view(("promote", version), ("resume", result.job_id), ("discard", version))


async def _curve(board: JobClient, ref: BlobRef | None) -> tuple[Attached, ...]:
    if ref is None:
        return ()
    try:
        return (Attached(CURVE, await board.get_blob(ref)),)
    except BlobGone:  # a picture less, and the figures stand on the card
        return ()


async def _players(
    board: JobClient, listening: Sequence[Listening], limit_bytes: int
) -> tuple[tuple[Attached, ...], list[str]]:
    """The recordings, before and after in turn, and a sentence for each that is missing."""
    files, remarks = [], []
    for name, ref in _named(listening):
        if ref.size > limit_bytes:
            remarks.append(f"`{name}` is too large for Discord here (limit {size_words(limit_bytes)}): left out.")
            continue
        try:
            files.append(Attached(name, await board.get_blob(ref), optional=True))
        except BlobGone:
            remarks.append(f"`{name}` is no longer kept.")
    return tuple(files), remarks


def _named(listening: Sequence[Listening]) -> Iterator[tuple[str, BlobRef]]:
    """The recordings by the names they are sent under, which sort as they are to be heard."""
    for number, one in enumerate(listening, start=1):
        for name, ref in ((f"{number}a-before.mp3", one.before), (f"{number}b-after.mp3", one.after)):
            if ref is not None:
                yield name, ref
