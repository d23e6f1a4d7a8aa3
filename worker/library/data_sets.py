"""The `dataset_…` actions: each takes the context and its action, and returns the answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from jobs.contract import (
    PIECES_ON_A_PAGE,
    STARRED,
    AddToDataSet,
    Answer,
    Batch,
    BlobRef,
    CreateDataSet,
    DataSetPage,
    DataSets,
    DataSetSummary,
    DeleteDataSet,
    Done,
    ExportDataSet,
    ListDataSets,
    ListedPiece,
    NeedsConfirmation,
    RemoveFromDataSet,
    RemoveStar,
    ShowDataSet,
)
from jobs.pieces import Star
from model.errors import DataError
from worker.library.server_library import LibraryContext, in_parts, joined

if TYPE_CHECKING:
    from model.uploads import BatchReport, DataSetInfo

MOST_TOLD = 10  # of files that were repaired, refused, or there already; the numbers tell of all
MOST_COUNTED = 8  # instruments and keys
LONGEST_SENTENCE = 300


def create(context: LibraryContext, action: CreateDataSet) -> Answer:
    """Make an empty data set."""
    info = context.server.data_sets.create(action.name, action.licence, context.requester_id, action.note)
    return DataSetPage(
        summary=summary(info), sentences=(f"Created `{info.name}`. Add MIDI files next, with `/dataset add`.",)
    )


def add(context: LibraryContext, action: AddToDataSet) -> Answer:
    """Add files, or the pieces of another set."""
    store = context.server.data_sets
    if action.create_as is not None and action.name not in store.names():
        store.create(action.name, action.create_as, context.requester_id)
    if action.from_set is not None:
        report = store.add_from(action.name, action.from_set, context.requester_id)
        if not action.files:
            return _batch(context, report)
    elif not action.files:
        raise DataError("There is nothing to add. Attach a MIDI file or a zip of them, or choose another data set.")
    files = joined([(ref.name, context.blobs.get(ref)) for ref in action.files])
    report = store.add(
        action.name, files, action.source, context.requester_id, context.on_progress, context.should_stop
    )
    if action.piece is not None and not report.refused and not report.stopped:
        star = Star(piece=action.piece, member_id=context.requester_id, at=time.time(), digest=action.files[0].digest)
        context.pieces.add_star(context.server.guild_id, star)
    return _batch(context, report)


def remove_star(context: LibraryContext, action: RemoveStar) -> Answer:
    """Take the star from a piece; the data set of starred pieces loses it too, where it is still there.

    Raises:
        DataError: it has no star.
    """
    guild_id = context.server.guild_id
    star = context.pieces.star(guild_id, action.piece)
    if star is None:
        raise DataError("This piece isn't starred any more.")
    store = context.server.data_sets
    if STARRED in store.names():
        found = [piece.sha256 for piece in store.info(STARRED).pieces if piece.original == star.digest]
        if found:
            store.remove(STARRED, found)
    context.pieces.remove_star(guild_id, action.piece)
    return Done(sentence="The star is gone, and the piece is no longer in this server's data set `starred`.")


def list_sets(context: LibraryContext, _action: ListDataSets) -> Answer:
    """All of them."""
    return DataSets(sets=tuple(summary(info) for info in context.server.data_sets.infos()))


def show(context: LibraryContext, action: ShowDataSet) -> Answer:
    """One of them, with a page of its pieces."""
    return _page(context, context.server.data_sets.info(action.name), action.page)


def remove(context: LibraryContext, action: RemoveFromDataSet) -> Answer:
    """Take pieces out."""
    store = context.server.data_sets
    removed = store.remove(action.name, action.pieces)
    names = ", ".join(piece.name for piece in removed)
    said = f"Removed {len(removed)} {'piece' if len(removed) == 1 else 'pieces'}: {names}."
    return _page(context, store.info(action.name), 1, (said[:LONGEST_SENTENCE],))


def delete(context: LibraryContext, action: DeleteDataSet) -> Answer:
    """Delete one for good; the admin is asked first."""
    store = context.server.data_sets
    if not action.confirmed:
        count = len(store.info(action.name).pieces)
        pieces = f" and its {count} {'piece' if count == 1 else 'pieces'}" if count else ""
        question = f"Delete the data set `{action.name}`{pieces}? This can't be undone."
        return NeedsConfirmation(sentence=question, action=action.model_copy(update={"confirmed": True}))
    return Done(sentence=f"Deleted the data set `{store.delete(action.name).name}`.")


def export(context: LibraryContext, action: ExportDataSet) -> Answer:
    """One of them as an archive."""
    archive = context.server.data_sets.export(action.name)
    return in_parts(context, archive, f"{action.name}.zip", "/dataset add")


def summary(info: DataSetInfo) -> DataSetSummary:
    """A data set in figures."""
    return DataSetSummary(
        name=info.name,
        licence=info.licence,
        non_commercial=info.non_commercial,
        pieces=len(info.pieces),
        notes=info.notes,
        minutes=info.minutes,
        size=info.bytes,
        instruments=tuple(info.instruments.most_common(MOST_COUNTED)),
        keys=tuple(info.keys.most_common(MOST_COUNTED)),
    )


def _page(context: LibraryContext, info: DataSetInfo, page: int, sentences: tuple[str, ...] = ()) -> DataSetPage:
    pages = max(1, -(-len(info.pieces) // PIECES_ON_A_PAGE))
    page = min(page, pages)
    first = (page - 1) * PIECES_ON_A_PAGE
    listed = [
        ListedPiece(
            number=number, name=piece.name, digest=piece.short, notes=piece.facts.notes, seconds=piece.facts.seconds
        )
        for number, piece in enumerate(info.pieces[first : first + PIECES_ON_A_PAGE], start=first + 1)
    ]
    return DataSetPage(
        summary=summary(info), sentences=sentences, picture=_picture(context, info), pieces=tuple(listed), page=page,
        pages=pages,
    )  # fmt: skip


def _picture(context: LibraryContext, info: DataSetInfo) -> BlobRef | None:
    if not info.pieces:
        return None
    from model.pictures.data_set import draw_data_set  # late: only some actions draw

    return context.blobs.put(draw_data_set(info), f"{info.name}.png", "image/png")


def _batch(context: LibraryContext, report: BatchReport) -> Batch:
    repaired = {name: " ".join(repairs) for name, repairs in report.repaired.items()}
    same = ((one.name, one.of if one.is_exact else f"{one.of} (nearly)") for one in report.duplicates)
    return Batch(
        accepted=len(report.accepted),
        repaired=_some(repaired.items()),
        refused=_some((one.name, one.sentence) for one in report.refused),
        duplicates=_some(same),
        repaired_count=len(repaired),
        refused_count=len(report.refused),
        duplicate_count=len(report.duplicates),
        summary=summary(report.info),
        picture=_picture(context, report.info),
    )


def _some(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, said[:LONGEST_SENTENCE]) for name, said in list(pairs)[:MOST_TOLD])


ACTIONS: dict[str, Callable[[Any, Any], Answer]] = {
    "dataset_create": create,
    "dataset_add": add,
    "dataset_list": list_sets,
    "dataset_show": show,
    "dataset_remove": remove,
    "star_remove": remove_star,
    "dataset_delete": delete,
    "dataset_export": export,
}
