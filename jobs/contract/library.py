"""What admins do with their server's data sets and models, and what they are told: one request, one answer.

Each action is a model of its own, told apart by `do`; each answer by `what`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from jobs.contract.base import BlobRef, BundleName, BundleVersion, Contract, JobId, Request, Versioned

SetName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$")]
PieceName = Annotated[str, StringConstraints(min_length=1, max_length=200)]
LicenceWord = Literal[
    "own-work", "public-domain", "cc0", "cc-by", "cc-by-sa", "cc-by-nc", "cc-by-nc-sa", "permission", "composed"
]
SourceWord = Literal["attachment", "message", "starred"]
STARRED = "starred"  # the data set that the button Star fills
MOST_FILES = 10  # of one request: a Discord message has no more
PIECES_ON_A_PAGE = 20


class CreateDataSet(Contract):
    """A new, empty data set."""

    do: Literal["dataset_create"] = "dataset_create"
    name: SetName
    licence: LicenceWord
    note: str = Field(default="", max_length=200, description="of the licence, in the admin's words")


class AddToDataSet(Contract):
    """MIDI files or archives of them, or the pieces of another data set, into a data set."""

    do: Literal["dataset_add"] = "dataset_add"
    name: SetName
    files: tuple[BlobRef, ...] = Field(default=(), max_length=MOST_FILES)
    source: SourceWord = "attachment"
    from_set: SetName | None = None
    left_out: tuple[tuple[str, str], ...] = Field(default=(), description="files that were not taken, and why")
    create_as: LicenceWord | None = Field(default=None, description="make the data set under this licence if need be")


class ListDataSets(Contract):
    """What data sets there are."""

    do: Literal["dataset_list"] = "dataset_list"


class ShowDataSet(Contract):
    """One data set, with a page of its pieces."""

    do: Literal["dataset_show"] = "dataset_show"
    name: SetName
    page: int = Field(default=1, ge=1)


class RemoveFromDataSet(Contract):
    """Pieces out of a data set, by what the listing shows: number, name or short hash."""

    do: Literal["dataset_remove"] = "dataset_remove"
    name: SetName
    pieces: tuple[PieceName, ...] = Field(min_length=1, max_length=100)


class DeleteDataSet(Contract):
    """A data set, for good; the admin is asked first unless `confirmed`."""

    do: Literal["dataset_delete"] = "dataset_delete"
    name: SetName
    confirmed: bool = False


class ExportDataSet(Contract):
    """A data set as an archive."""

    do: Literal["dataset_export"] = "dataset_export"
    name: SetName


class ListModels(Contract):
    """The server's models in all their versions, and those that all servers share."""

    do: Literal["model_list"] = "model_list"


class ShowModel(Contract):
    """One model: its card and its versions."""

    do: Literal["model_info"] = "model_info"
    name: BundleName


class RenameModel(Contract):
    """Another name for a model of the server."""

    do: Literal["model_rename"] = "model_rename"
    name: BundleName
    new_name: BundleName


class PromoteModel(Contract):
    """Let a name mean a version; `confirmed` where the admin was told that it copies and wants it all the same."""

    do: Literal["model_promote"] = "model_promote"
    name: BundleName
    version: BundleVersion | None = Field(default=None, description="None: the newest that was never in use")
    confirmed: bool = False


class RollBackModel(Contract):
    """Let a name mean the version before."""

    do: Literal["model_rollback"] = "model_rollback"
    name: BundleName


class DeleteModel(Contract):
    """One version of a model that is not in use, or all of it; the admin is asked first unless `confirmed`."""

    do: Literal["model_delete"] = "model_delete"
    name: BundleName
    version: BundleVersion | None = None
    confirmed: bool = False


class ExportModel(Contract):
    """A version of a model as files."""

    do: Literal["model_export"] = "model_export"
    name: BundleName
    version: BundleVersion | None = None


class ImportModel(Contract):
    """A model out of what an export gave, in one file or in its parts; it is not in use yet."""

    do: Literal["model_import"] = "model_import"
    name: BundleName
    files: tuple[BlobRef, ...] = Field(min_length=1, max_length=MOST_FILES)


DataSetAction = (
    CreateDataSet | AddToDataSet | ListDataSets | ShowDataSet | RemoveFromDataSet | DeleteDataSet | ExportDataSet
)
ModelAction = (
    ListModels | ShowModel | RenameModel | PromoteModel | RollBackModel | DeleteModel | ExportModel | ImportModel
)
Action = Annotated[DataSetAction | ModelAction, Field(discriminator="do")]


class LibraryRequest(Request):
    """One thing to be done with the data sets or models of the server `guild_id`."""

    kind: Literal["library"] = "library"
    action: Action


class DataSetSummary(Contract):
    """A data set in figures."""

    name: SetName
    licence: str = Field(description="as a sentence")
    non_commercial: bool = False
    pieces: int = Field(ge=0)
    notes: int = Field(ge=0)
    minutes: float = Field(ge=0)
    size: int = Field(ge=0, description="bytes")
    instruments: tuple[tuple[str, int], ...] = Field(default=(), description="family and in how many pieces")
    keys: tuple[tuple[str, int], ...] = Field(default=(), description="key and of how many pieces")


class ListedPiece(Contract):
    """One line of a data set's listing."""

    number: int = Field(ge=1)
    name: str
    digest: str = Field(description="short")
    notes: int
    seconds: float


class DataSets(Contract):
    """Every data set of the server."""

    what: Literal["data_sets"] = "data_sets"
    sets: tuple[DataSetSummary, ...]


class DataSetPage(Contract):
    """One data set, its picture, and some of its pieces."""

    what: Literal["data_set"] = "data_set"
    summary: DataSetSummary
    sentences: tuple[str, ...] = Field(default=(), description="what was done just now")
    picture: BlobRef | None = None
    pieces: tuple[ListedPiece, ...] = ()
    page: int = 1
    pages: int = 1


class Batch(Contract):
    """What became of files that were added."""

    what: Literal["batch"] = "batch"
    accepted: int = Field(ge=0)
    repaired: tuple[tuple[str, str], ...] = Field(default=(), description="file and what was mended, some of them")
    refused: tuple[tuple[str, str], ...] = Field(default=(), description="file and why, some of them")
    duplicates: tuple[tuple[str, str], ...] = Field(default=(), description="file and what it is the same as, some")
    repaired_count: int = 0
    refused_count: int = 0
    duplicate_count: int = 0
    summary: DataSetSummary
    picture: BlobRef | None = None


class ModelVersion(Contract):
    """One version of a model."""

    version: BundleVersion
    created_at: float | None = Field(default=None, description="epoch seconds; None where the store does not know")
    size: int = Field(ge=0, description="bytes")
    is_current: bool = False
    title: str = ""
    description: str = ""
    data: str = ""
    licence: str = ""
    non_commercial: bool = False
    figures: dict[str, float] = Field(default_factory=dict)


class ModelVersions(Contract):
    """A model in all its versions, the newest last."""

    name: BundleName
    is_shared: bool = Field(default=False, description="whether it comes with the bot and belongs to no server")
    versions: tuple[ModelVersion, ...]


class Models(Contract):
    """The models that were asked after; one with `is_detailed` where it is one model's card."""

    what: Literal["models"] = "models"
    models: tuple[ModelVersions, ...]
    is_detailed: bool = False


class Files(Contract):
    """What was exported."""

    what: Literal["files"] = "files"
    files: tuple[BlobRef, ...]
    sentences: tuple[str, ...] = ()


class Done(Contract):
    """It was done; `sentence` says what."""

    what: Literal["done"] = "done"
    sentence: str
    model: BundleName | None = Field(default=None, description="which can be rolled back with one click")


class NeedsConfirmation(Contract):
    """It was not done yet: `sentence` says why, and the admin may insist."""

    what: Literal["confirm"] = "confirm"
    sentence: str
    action: Action = Field(description="what insisting does")


Answer = Annotated[
    DataSets | DataSetPage | Batch | Models | Files | Done | NeedsConfirmation, Field(discriminator="what")
]


class LibraryResult(Versioned):
    """What came of a `LibraryRequest`."""

    kind: Literal["library"] = "library"
    job_id: JobId
    answer: Answer
