"""Requests of admins about the data sets and models of their server, and the answers: one answer for each request.

The field `do` tells the classes of actions apart, the field `what` the classes of answers.
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
    """Create an empty data set."""

    do: Literal["dataset_create"] = "dataset_create"
    name: SetName
    licence: LicenceWord
    note: str = Field(default="", max_length=200, description="the admin's note about the licence")


class AddToDataSet(Contract):
    """Add MIDI files, archives of MIDI files, or the pieces of another data set to a data set."""

    do: Literal["dataset_add"] = "dataset_add"
    name: SetName
    files: tuple[BlobRef, ...] = Field(default=(), max_length=MOST_FILES)
    source: SourceWord = "attachment"
    from_set: SetName | None = None
    left_out: tuple[tuple[str, str], ...] = Field(default=(), description="name and reason of each file not accepted")
    create_as: LicenceWord | None = Field(default=None, description="licence to create a missing data set under")
    piece: JobId | None = Field(default=None, description="the piece that is starred with this")


class ListDataSets(Contract):
    """List the data sets of the server."""

    do: Literal["dataset_list"] = "dataset_list"


class ShowDataSet(Contract):
    """Show a data set and one page of its pieces."""

    do: Literal["dataset_show"] = "dataset_show"
    name: SetName
    page: int = Field(default=1, ge=1)


class RemoveFromDataSet(Contract):
    """Remove pieces from a data set, each named by its number, name or short hash in the listing."""

    do: Literal["dataset_remove"] = "dataset_remove"
    name: SetName
    pieces: tuple[PieceName, ...] = Field(min_length=1, max_length=100)


class RemoveStar(Contract):
    """Take the star from a piece, and the piece out of the data set of starred pieces."""

    do: Literal["star_remove"] = "star_remove"
    piece: JobId


class ForgetMember(Contract):
    """Delete whatever is kept about the member who asks, on all servers."""

    do: Literal["member_forget"] = "member_forget"


class DeleteDataSet(Contract):
    """Delete a data set for good. Asks for confirmation unless `confirmed`."""

    do: Literal["dataset_delete"] = "dataset_delete"
    name: SetName
    confirmed: bool = False


class ExportDataSet(Contract):
    """Export a data set as an archive."""

    do: Literal["dataset_export"] = "dataset_export"
    name: SetName


class ListModels(Contract):
    """List the models of the server and the shared models, with all their versions."""

    do: Literal["model_list"] = "model_list"


class ShowModel(Contract):
    """Show the card and the versions of a model."""

    do: Literal["model_info"] = "model_info"
    name: BundleName


class RenameModel(Contract):
    """Rename a model of the server."""

    do: Literal["model_rename"] = "model_rename"
    name: BundleName
    new_name: BundleName


class PromoteModel(Contract):
    """Make a version the current one of a model. `confirmed`: even if the version copies from its training set."""

    do: Literal["model_promote"] = "model_promote"
    name: BundleName
    version: BundleVersion | None = Field(default=None, description="None: the newest version that was never current")
    confirmed: bool = False


class RollBackModel(Contract):
    """Make the previous version of a model the current one."""

    do: Literal["model_rollback"] = "model_rollback"
    name: BundleName


class DeleteModel(Contract):
    """Delete a model, or one version that is not current. Asks for confirmation unless `confirmed`."""

    do: Literal["model_delete"] = "model_delete"
    name: BundleName
    version: BundleVersion | None = None
    confirmed: bool = False


class ExportModel(Contract):
    """Export a version of a model as files."""

    do: Literal["model_export"] = "model_export"
    name: BundleName
    version: BundleVersion | None = None


class ImportModel(Contract):
    """Import an exported model from one file or from its parts. The imported version is not current yet."""

    do: Literal["model_import"] = "model_import"
    name: BundleName
    files: tuple[BlobRef, ...] = Field(min_length=1, max_length=MOST_FILES)


DataSetAction = (
    CreateDataSet
    | AddToDataSet
    | ListDataSets
    | ShowDataSet
    | RemoveFromDataSet
    | RemoveStar
    | ForgetMember
    | DeleteDataSet
    | ExportDataSet
)
ModelAction = (
    ListModels | ShowModel | RenameModel | PromoteModel | RollBackModel | DeleteModel | ExportModel | ImportModel
)
Action = Annotated[DataSetAction | ModelAction, Field(discriminator="do")]


class LibraryRequest(Request):
    """One action on the data sets or models of the server `guild_id`."""

    kind: Literal["library"] = "library"
    action: Action


class DataSetSummary(Contract):
    """Figures of a data set."""

    name: SetName
    licence: str = Field(description="as a sentence")
    non_commercial: bool = False
    pieces: int = Field(ge=0)
    notes: int = Field(ge=0)
    minutes: float = Field(ge=0)
    size: int = Field(ge=0, description="bytes")
    instruments: tuple[tuple[str, int], ...] = Field(default=(), description="family, number of pieces")
    keys: tuple[tuple[str, int], ...] = Field(default=(), description="key, number of pieces")


class ListedPiece(Contract):
    """One line in the listing of a data set."""

    number: int = Field(ge=1)
    name: str
    digest: str = Field(description="short hash")
    notes: int
    seconds: float


class DataSets(Contract):
    """Answer: all data sets of the server."""

    what: Literal["data_sets"] = "data_sets"
    sets: tuple[DataSetSummary, ...]


class DataSetPage(Contract):
    """Answer: a data set, its picture, and one page of its pieces."""

    what: Literal["data_set"] = "data_set"
    summary: DataSetSummary
    sentences: tuple[str, ...] = Field(default=(), description="what the action changed")
    picture: BlobRef | None = None
    pieces: tuple[ListedPiece, ...] = ()
    page: int = 1
    pages: int = 1


class Batch(Contract):
    """Answer: which of the added files were accepted, repaired, refused, or known already."""

    what: Literal["batch"] = "batch"
    accepted: int = Field(ge=0)
    repaired: tuple[tuple[str, str], ...] = Field(default=(), description="file, what was repaired; the first ones")
    refused: tuple[tuple[str, str], ...] = Field(default=(), description="file, reason; the first ones")
    duplicates: tuple[tuple[str, str], ...] = Field(default=(), description="file, piece it repeats; the first ones")
    repaired_count: int = 0
    refused_count: int = 0
    duplicate_count: int = 0
    summary: DataSetSummary
    picture: BlobRef | None = None


class ModelVersion(Contract):
    """A version of a model."""

    version: BundleVersion
    created_at: float | None = Field(default=None, description="epoch seconds; None: unknown")
    size: int = Field(ge=0, description="bytes")
    is_current: bool = False
    title: str = ""
    description: str = ""
    data: str = ""
    licence: str = ""
    non_commercial: bool = False
    figures: dict[str, float] = Field(default_factory=dict)


class ModelVersions(Contract):
    """A model with all its versions, newest last."""

    name: BundleName
    is_shared: bool = Field(default=False, description="comes with the bot and belongs to no server")
    versions: tuple[ModelVersion, ...]


class Models(Contract):
    """Answer: the requested models. `is_detailed`: the card of a single model is wanted."""

    what: Literal["models"] = "models"
    models: tuple[ModelVersions, ...]
    is_detailed: bool = False


class Files(Contract):
    """Answer: the exported files."""

    what: Literal["files"] = "files"
    files: tuple[BlobRef, ...]
    sentences: tuple[str, ...] = ()


class Done(Contract):
    """Answer: the action was done; `sentence` says what changed."""

    what: Literal["done"] = "done"
    sentence: str
    model: BundleName | None = Field(default=None, description="the model that a button offers to roll back")


class NeedsConfirmation(Contract):
    """Answer: nothing was done yet. `sentence` says why; the admin may confirm."""

    what: Literal["confirm"] = "confirm"
    sentence: str
    action: Action = Field(description="the action to send when the admin confirms")


Answer = Annotated[
    DataSets | DataSetPage | Batch | Models | Files | Done | NeedsConfirmation, Field(discriminator="what")
]


class LibraryResult(Versioned):
    """The result of a library job."""

    kind: Literal["library"] = "library"
    job_id: JobId
    answer: Answer
