"""What each `dataset_…` action does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from jobs.contract import (
    MOST_FILES,
    PIECES_ON_A_PAGE,
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
    Files,
    ListDataSets,
    ListedPiece,
    NeedsConfirmation,
    RemoveFromDataSet,
    ShowDataSet,
)
from model.errors import DataError
from worker.library.parts import joined, split

if TYPE_CHECKING:
    from model.uploads import BatchReport, DataSetInfo
    from worker.library.errand import Counter

MOST_TOLD = 10  # of files that were repaired, refused, or there already; the numbers tell of all
MOST_COUNTED = 8  # instruments and keys
LONGEST_SENTENCE = 300


def create(counter: Counter, action: CreateDataSet) -> Answer:
    """Make an empty data set."""
    info = counter.shelves.data_sets.create(action.name, action.licence, counter.requester_id, action.note)
    return DataSetPage(
        summary=summary(info), sentences=(f"Created `{info.name}`. Add MIDI files next, with `/dataset add`.",)
    )


def add(counter: Counter, action: AddToDataSet) -> Answer:
    """Add files, or the pieces of another set."""
    store = counter.shelves.data_sets
    if action.create_as is not None and action.name not in store.names():
        store.create(action.name, action.create_as, counter.requester_id)
    if action.from_set is not None:
        report = store.add_from(action.name, action.from_set, counter.requester_id)
        if not action.files:
            return _batch(counter, report)
    elif not action.files:
        raise DataError("There is nothing to add. Attach a MIDI file or a zip of them, or choose another data set.")
    files = joined([(ref.name, counter.blobs.get(ref)) for ref in action.files])
    return _batch(
        counter,
        store.add(action.name, files, action.source, counter.requester_id, counter.on_progress, counter.should_stop),
    )


def list_sets(counter: Counter, _action: ListDataSets) -> Answer:
    """All of them."""
    return DataSets(sets=tuple(summary(info) for info in counter.shelves.data_sets.infos()))


def show(counter: Counter, action: ShowDataSet) -> Answer:
    """One of them, with a page of its pieces."""
    return _page(counter, counter.shelves.data_sets.info(action.name), action.page)


def remove(counter: Counter, action: RemoveFromDataSet) -> Answer:
    """Take pieces out."""
    store = counter.shelves.data_sets
    removed = store.remove(action.name, action.pieces)
    names = ", ".join(piece.name for piece in removed)
    said = f"Removed {len(removed)} {'piece' if len(removed) == 1 else 'pieces'}: {names}."
    return _page(counter, store.info(action.name), 1, (said[:LONGEST_SENTENCE],))


def delete(counter: Counter, action: DeleteDataSet) -> Answer:
    """Delete one for good; the admin is asked first."""
    store = counter.shelves.data_sets
    if not action.confirmed:
        count = len(store.info(action.name).pieces)
        pieces = f" and its {count} {'piece' if count == 1 else 'pieces'}" if count else ""
        question = f"Delete the data set `{action.name}`{pieces}? This can't be undone."
        return NeedsConfirmation(sentence=question, action=action.model_copy(update={"confirmed": True}))
    return Done(sentence=f"Deleted the data set `{store.delete(action.name).name}`.")


def export(counter: Counter, action: ExportDataSet) -> Answer:
    """One of them as an archive."""
    archive = counter.shelves.data_sets.export(action.name)
    return in_parts(counter, archive, f"{action.name}.zip", "/dataset add")


def in_parts(counter: Counter, archive: bytes, name: str, taken_by: str) -> Files:
    """An archive as files that Discord takes, in parts where it is too large for one.

    Raises:
        DataError: it is too large for a message.
    """
    parts = split(name, archive, min(counter.upload_bytes, counter.blobs.limit_bytes))
    if len(parts) > MOST_FILES:
        raise DataError(
            f"{name} has {len(archive) / 2**20:.0f} MiB, which is too much for one message here. "
            "Ask whoever runs this bot for the file."
        )
    kept = tuple(counter.blobs.put(data, one, "application/octet-stream") for one, data in parts)
    if len(parts) == 1:
        return Files(files=kept)
    told = f"{name} is too large for one file here, so it comes in {len(parts)} parts."
    return Files(files=kept, sentences=(f"{told} To bring it back, attach all parts in one `{taken_by}`.",))


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


def _page(counter: Counter, info: DataSetInfo, page: int, sentences: tuple[str, ...] = ()) -> DataSetPage:
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
        summary=summary(info), sentences=sentences, picture=_picture(counter, info), pieces=tuple(listed), page=page,
        pages=pages,
    )  # fmt: skip


def _picture(counter: Counter, info: DataSetInfo) -> BlobRef | None:
    if not info.pieces:
        return None
    from model.pictures.data_set import draw_data_set  # late: drawing is for some errands only

    return counter.blobs.put(draw_data_set(info), f"{info.name}.png", "image/png")


def _batch(counter: Counter, report: BatchReport) -> Batch:
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
        picture=_picture(counter, report.info),
    )


def _some(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, said[:LONGEST_SENTENCE]) for name, said in list(pairs)[:MOST_TOLD])


DOERS: dict[str, Callable[[Any, Any], Answer]] = {
    "dataset_create": create,
    "dataset_add": add,
    "dataset_list": list_sets,
    "dataset_show": show,
    "dataset_remove": remove,
    "dataset_delete": delete,
    "dataset_export": export,
}
