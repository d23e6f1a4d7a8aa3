"""The contract between the bot and the workers: versioned models that are plain JSON in Redis.

base         the base classes, ids, files, stages, failures
compose      requests for a piece, and their results
description  requests to describe a MIDI file, and their results
library      requests about a server's data sets and models, and the answers
training     requests for a training, its progress and its evaluation
records      the record of a job and its updates; what live workers report

Within a version a field is never renamed and never changes its meaning. A reader accepts the versions in `OLDER`, whose
fields mean the same today, and refuses any version that it does not know.
"""

# ruff: noqa: F401 - everything imported here is exported

from jobs.contract.base import (
    MAX_RANDOM_SEED,
    OLDER,
    VERSION,
    BlobRef,
    BundleName,
    BundleVersion,
    Contract,
    Digest,
    Failure,
    JobId,
    Kind,
    Request,
    Stage,
    Versioned,
    Words,
)
from jobs.contract.compose import (
    DEFAULT_LENGTH_S,
    DENSITY_WORDS,
    MAX_BARS,
    MAX_COUNT,
    MAX_INSTRUMENTS,
    MAX_LENGTH_S,
    MAX_MIN_P,
    MAX_SEMITONES,
    MAX_TEMPERATURE,
    MAX_TEMPO_BPM,
    MAX_TEMPO_PERCENT,
    MAX_TOP_K,
    MIN_BARS,
    MIN_LENGTH_S,
    MIN_TEMPERATURE,
    MIN_TEMPO_BPM,
    MIN_TEMPO_PERCENT,
    MIN_TOP_P,
    Alternative,
    ComposeProgress,
    ComposeRequest,
    ComposeResult,
    Controls,
    Creativity,
    KeyName,
    MeterName,
    Missed,
    Mode,
    Originality,
    PieceFacts,
    Recast,
    random_seed_after,
)
from jobs.contract.description import (
    DescribedKey,
    DescribedPart,
    DescribeRequest,
    DescribeResult,
)
from jobs.contract.library import (
    MOST_FILES,
    PIECES_ON_A_PAGE,
    STARRED,
    Action,
    AddToDataSet,
    Answer,
    Batch,
    CreateDataSet,
    DataSetAction,
    DataSetPage,
    DataSets,
    DataSetSummary,
    DeleteDataSet,
    DeleteModel,
    Done,
    ExportDataSet,
    ExportModel,
    Files,
    ForgetMember,
    ImportModel,
    LibraryRequest,
    LibraryResult,
    LicenceWord,
    ListDataSets,
    ListedPiece,
    ListModels,
    ModelAction,
    Models,
    ModelVersion,
    ModelVersions,
    NeedsConfirmation,
    PieceName,
    PromoteModel,
    RemoveFromDataSet,
    RemoveStar,
    RenameModel,
    RollBackModel,
    SetName,
    ShowDataSet,
    ShowModel,
    SourceWord,
)
from jobs.contract.records import (
    AnyRequest,
    AnyResult,
    Delivery,
    ModelInfo,
    Record,
    Update,
    WorkerInfo,
    model_key,
)
from jobs.contract.training import (
    DEFAULT_MIX,
    MAX_EPOCHS,
    MAX_MINUTES,
    MIN_TRAINING_PIECES,
    Listening,
    RateWord,
    TrainProgress,
    TrainRequest,
    TrainResult,
    Verdict,
)
