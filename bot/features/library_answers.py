"""The answers to requests about data sets and models: an embed or a sentence for each kind, files, one button."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.buttons import admin_view, piece_buttons
from bot.features import embeds
from bot.features.datasets import cards as data_set_cards
from bot.features.models import cards as model_cards
from bot.limits import FILES, cut
from bot.message import Attached, MakesView, MessageParts
from bot.wording import file_words, harmless, plural, size_words
from jobs import JobClient
from jobs.contract import (
    AddToDataSet,
    Batch,
    BlobRef,
    DataSetPage,
    DataSets,
    Done,
    Files,
    LibraryRequest,
    LibraryResult,
    Models,
    NeedsConfirmation,
    PromoteModel,
    Stage,
    Update,
)
from jobs.errors import BlobGone

PICTURE = "data-set.png"
MAX_CONTENT = 1900  # characters, so that `LIGHTER` may follow
LIGHTER = "The files together were too large for Discord here, so they were left out."


def progress_parts(update: Update) -> MessageParts:
    """The parts while the request is on its way."""
    queued = update.stage is Stage.QUEUED
    card = discord.Embed(
        title="In the queue" if queued else "Working …",
        description=embeds.place_words(update.position) if queued else embeds.bar(update.fraction),
        colour=embeds.WAITING if queued else embeds.WORKING,
    )
    return MessageParts(card=card)


async def finished_parts(
    board: JobClient, request: LibraryRequest, result: LibraryResult, limit_bytes: int
) -> MessageParts:
    """The parts of the answer; files over `limit_bytes` are left out with a sentence.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    match result.answer:
        case DataSets() as there:
            return MessageParts(card=data_set_cards.list_card(there))
        case DataSetPage() as page:
            picture = await _picture(board, page.picture)
            return MessageParts(card=data_set_cards.page_card(page, PICTURE if picture else None), attached=picture)
        case Batch() as batch:
            return await _batch(board, request, batch)
        case Models() as found:
            return MessageParts(
                card=model_cards.info_card(found) if found.is_detailed else model_cards.list_card(found)
            )
        case Files() as files:
            return await _files(board, files, limit_bytes)
        case Done() as done:
            way_back: MakesView | None = admin_view(("rollback", done.model)) if done.model else None
            return MessageParts(content=cut(harmless(done.sentence), MAX_CONTENT), buttons=way_back)
        case NeedsConfirmation() as question:
            return MessageParts(
                content=cut(harmless(question.sentence), MAX_CONTENT), buttons=_confirm_button(request, question)
            )


def _confirm_button(request: LibraryRequest, question: NeedsConfirmation) -> MakesView:
    label = "Promote anyway" if isinstance(question.action, PromoteModel) else "Delete for good"
    return admin_view(("insist", request.job_id, label))


async def _batch(board: JobClient, request: LibraryRequest, batch: Batch) -> MessageParts:
    if isinstance(request.action, AddToDataSet) and request.action.source == "starred":
        return MessageParts(content=data_set_cards.starred_words(batch), buttons=_unstar_button(request, batch))
    picture = await _picture(board, batch.picture)
    left_out = request.action.left_out if isinstance(request.action, AddToDataSet) else ()
    return MessageParts(card=data_set_cards.batch_card(batch, PICTURE if picture else None, left_out), attached=picture)


def _unstar_button(request: LibraryRequest, batch: Batch) -> MakesView | None:
    """Takes the star back; None where the piece was not starred."""
    piece = request.action.piece if isinstance(request.action, AddToDataSet) else None
    if piece is None or batch.refused:
        return None
    return piece_buttons(("unstar", piece, request.requester_id))


async def _picture(board: JobClient, ref: BlobRef | None) -> tuple[Attached, ...]:
    if ref is None:
        return ()
    try:
        return (Attached(PICTURE, await board.get_blob(ref)),)
    except BlobGone:  # the figures stand on the card
        return ()


async def _files(board: JobClient, files: Files, limit_bytes: int) -> MessageParts:
    attached, remarks = [], list(files.sentences)
    for ref in files.files[:FILES]:
        if ref.size > limit_bytes:
            remarks.append(_too_large(ref, limit_bytes))
            continue
        try:
            attached.append(Attached(ref.name, await board.get_blob(ref), optional=True))
        except BlobGone:
            remarks.append(f"{file_words(ref.name)} is no longer kept. Export it again.")
    remarks += _left_over(files.files[FILES:])
    return MessageParts(content=cut("\n".join(remarks), MAX_CONTENT) or None, attached=tuple(attached), lighter=LIGHTER)


def _too_large(ref: BlobRef, limit_bytes: int) -> str:
    sizes = f"{size_words(ref.size)}; the limit is {size_words(limit_bytes)}"
    return f"{file_words(ref.name)} is too large for Discord here ({sizes}), so it was left out."


def _left_over(refs: Sequence[BlobRef]) -> list[str]:
    if not refs:
        return []
    return [f"A message holds {FILES} files; {plural(len(refs), 'more file')} didn't fit."]
