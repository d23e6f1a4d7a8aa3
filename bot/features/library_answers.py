"""The answers to requests about data sets and models: an embed or a sentence for each kind, files, one button."""

from __future__ import annotations

import re
from collections.abc import Sequence

import discord

from bot.buttons import LISTINGS, admin_view, page_view, piece_buttons
from bot.context import Interaction
from bot.errors import OutdatedForm
from bot.features import embeds, library_requests
from bot.features.datasets import cards as data_set_cards
from bot.features.models import cards as model_cards
from bot.limits import FILES, cut
from bot.message import Attached, MakesView, MessageParts
from bot.permissions import check_admin
from bot.replies import replace_message, update_silently
from bot.wording import file_words, harmless, plural, size_words
from jobs import JobClient
from jobs.admission import validated
from jobs.contract import (
    AddToDataSet,
    Batch,
    BlobRef,
    DataSetPage,
    DataSets,
    DataSetSummary,
    Done,
    Files,
    JobId,
    LibraryRequest,
    LibraryResult,
    Models,
    NeedsConfirmation,
    PromoteModel,
    ShowDataSet,
    Stage,
    Update,
)
from jobs.errors import BlobGone

PICTURE = "data-set.png"
ANSWER, DATA_SET = "answer", "data_set"  # listings, as the ids of page buttons name them
_JOB_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
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
            return _listed(request.job_id, there)
        case DataSetPage() as page:
            picture = await _picture(board, page.summary, page.picture)
            card = data_set_cards.page_card(page, PICTURE if picture else None)
            buttons = page_view(DATA_SET, page.summary.name, page.page, page.pages)
            return MessageParts(card=card, attached=picture, buttons=buttons)
        case Batch() as batch:
            return await _batch(board, request, batch)
        case Models() as found:
            return (
                MessageParts(card=model_cards.info_card(found)) if found.is_detailed else _listed(request.job_id, found)
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


def _listed(job_id: JobId, found: DataSets | Models, page: int = 1) -> MessageParts:
    """A page of a list; its buttons name the job whose answer the list is."""
    cards = data_set_cards if isinstance(found, DataSets) else model_cards
    pages = cards.list_pages(found)
    page = min(max(1, page), pages)
    card = cards.list_card(found, page)
    return MessageParts(card=card, buttons=page_view(ANSWER, job_id, page, pages))


async def _turn_answer(interaction: Interaction, page: int, job_id: str) -> None:
    """Show another page of the list that answered the job.

    Raises:
        OutdatedForm: the answer is no longer kept, or was another member's.
    """
    record = await interaction.client.board.record(job_id) if _JOB_ID.fullmatch(job_id) else None
    found = record.result.answer if record is not None and isinstance(record.result, LibraryResult) else None
    if (
        record is None
        or record.request.requester_id != interaction.user.id
        or record.request.guild_id != interaction.guild_id
        or not isinstance(found, (DataSets, Models))
    ):
        raise OutdatedForm("list", "Use the command again.")
    await replace_message(interaction, _listed(job_id, found, page))


async def _turn_data_set(interaction: Interaction, page: int, name: str) -> None:
    """Have a worker show another page of a data set, in the same message.

    Raises:
        AdminsOnly: whoever presses may no longer manage the server.
    """
    check_admin(interaction)
    action = validated(ShowDataSet, {"name": name, "page": max(1, page)})
    await update_silently(interaction)
    await library_requests.submit(interaction, action, interaction.message.id if interaction.message else 0)


LISTINGS.update({ANSWER: _turn_answer, DATA_SET: _turn_data_set})


def _confirm_button(request: LibraryRequest, question: NeedsConfirmation) -> MakesView:
    label = "Promote anyway" if isinstance(question.action, PromoteModel) else "Delete for good"
    return admin_view(("insist", request.job_id, label))


async def _batch(board: JobClient, request: LibraryRequest, batch: Batch) -> MessageParts:
    if isinstance(request.action, AddToDataSet) and request.action.source == "starred":
        return MessageParts(content=data_set_cards.starred_words(batch), buttons=_unstar_button(request, batch))
    picture = await _picture(board, batch.summary, batch.picture)
    left_out = request.action.left_out if isinstance(request.action, AddToDataSet) else ()
    return MessageParts(card=data_set_cards.batch_card(batch, PICTURE if picture else None, left_out), attached=picture)


def _unstar_button(request: LibraryRequest, batch: Batch) -> MakesView | None:
    """Takes the star back; None where the piece was not starred."""
    piece = request.action.piece if isinstance(request.action, AddToDataSet) else None
    if piece is None or batch.refused:
        return None
    return piece_buttons(("unstar", piece, request.requester_id))


async def _picture(board: JobClient, summary: DataSetSummary, ref: BlobRef | None) -> tuple[Attached, ...]:
    """The picture of a data set, with its figures as alt text."""
    if ref is None:
        return ()
    try:
        alt_text = f"The music of {summary.name}: {plural(summary.pieces, 'piece')}, {plural(summary.notes, 'note')}."
        return (Attached(PICTURE, await board.get_blob(ref), description=alt_text),)
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
