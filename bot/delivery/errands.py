"""What the answer to an errand holds: one card or sentence for each kind of answer, its files, its one button."""

from __future__ import annotations

from collections.abc import Sequence

from bot.buttons.rows import insisting_row, roll_back_row
from bot.cards import data_sets, models
from bot.cards.progress import progress_card
from bot.delivery.message import Attached, MakesView, MessageParts
from bot.limits import FILES, cut
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
    Update,
)
from jobs.errors import BlobGone

PICTURE = "data-set.png"
MAX_CONTENT = 1900  # characters, so that `LIGHTER` may follow
LIGHTER = "The files together were too large for Discord here, so they were left out."


def progress_parts(request: LibraryRequest, update: Update) -> MessageParts:
    """The parts while the errand is on its way."""
    return MessageParts(card=progress_card(request, update))


async def finished_parts(
    board: JobClient, request: LibraryRequest, result: LibraryResult, limit_bytes: int
) -> MessageParts:
    """The parts of the answer; files over `limit_bytes` are left out with a sentence.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    match result.answer:
        case DataSets() as there:
            return MessageParts(card=data_sets.list_card(there))
        case DataSetPage() as page:
            picture = await _picture(board, page.picture)
            return MessageParts(card=data_sets.page_card(page, PICTURE if picture else None), attached=picture)
        case Batch() as batch:
            return await _batch(board, request, batch)
        case Models() as found:
            return MessageParts(card=models.info_card(found) if found.is_detailed else models.list_card(found))
        case Files() as files:
            return await _files(board, files, limit_bytes)
        case Done() as done:
            way_back: MakesView | None = roll_back_row(done.model) if done.model else None
            return MessageParts(content=cut(harmless(done.sentence), MAX_CONTENT), buttons=way_back)
        case NeedsConfirmation() as question:
            return MessageParts(
                content=cut(harmless(question.sentence), MAX_CONTENT), buttons=insisting_row(request.job_id, question)
            )


async def _batch(board: JobClient, request: LibraryRequest, batch: Batch) -> MessageParts:
    if isinstance(request.action, AddToDataSet) and request.action.source == "starred":
        return MessageParts(content=data_sets.starred_words(batch))
    picture = await _picture(board, batch.picture)
    left_out = request.action.left_out if isinstance(request.action, AddToDataSet) else ()
    return MessageParts(card=data_sets.batch_card(batch, PICTURE if picture else None, left_out), attached=picture)


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
