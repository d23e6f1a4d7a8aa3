"""What is asked of a training, how it goes, and the verdict on what came of it. Likelihoods are nats per note."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from jobs.contract.base import MAX_RANDOM_SEED, BlobRef, BundleName, BundleVersion, Contract, JobId, Request, Versioned
from jobs.contract.library import SetName

RateWord = Literal["gentle", "normal", "strong"]
MAX_EPOCHS = 200
MAX_MINUTES = 24 * 60
DEFAULT_MIX = 0.5
MIN_TRAINING_PIECES = 8  # in a data set that anything can be learnt from and judged by


class TrainRequest(Request):
    """One `/train start`: fit a model to a data set of the server; what comes of it is not in use until promoted."""

    kind: Literal["train"] = "train"
    data_set: SetName
    name: BundleName = Field(description="of the model that comes of it")
    base: BundleName | None = Field(default=None, description="the model to begin with; None: from scratch")
    preset: str | None = Field(default=None, pattern=r"^[a-z0-9_-]{1,32}$", description="sizes, from scratch")
    epochs: int | None = Field(default=None, ge=1, le=MAX_EPOCHS, description="at most; None: as fits the time")
    minutes: float | None = Field(default=None, gt=0, le=MAX_MINUTES, description="at most; None: as is usual")
    mix: float = Field(default=DEFAULT_MIX, ge=0, le=0.95, description="share of notes from the base's own data")
    rate: RateWord = "normal"
    random_seed: int = Field(default=0, ge=0, le=MAX_RANDOM_SEED)
    resumes: JobId | None = Field(default=None, description="the training whose checkpoint it goes on from")
    nightly: bool = Field(default=False, description="the bot asked for it by itself, as the server wished")

    @model_validator(mode="after")
    def _has_one_beginning(self) -> TrainRequest:
        if (self.base is None) == (self.preset is None):
            raise ValueError("a training begins with a base or from scratch with a preset")
        return self

    @property
    def folder(self) -> JobId:
        """The name of the folder that holds its checkpoints: that of the first of those that resumed one another."""
        return self.resumes or self.job_id


class TrainProgress(Contract):
    """How far a training is."""

    epoch: int = Field(ge=0, description="epochs done")
    epochs: int | None = Field(default=None, description="as planned")
    train_nats: float | None = None
    val_nats: float | None = Field(default=None, description="on the server's held-out pieces")
    base_nats: float | None = Field(default=None, description="on held-out pieces of the base's data")
    best_epoch: int = 0
    remaining_s: float | None = Field(default=None, description="an estimate")
    curve: BlobRef | None = Field(default=None, description="PNG; after the first epoch")


class Listening(Contract):
    """One held-out beginning, continued by the model before and after; each an MP3, with the MIDI it was played from.

    `before` is None for a model from scratch.
    """

    title: str
    seed_s: float = Field(ge=0)
    before: BlobRef | None = None
    after: BlobRef | None = None


class Verdict(Contract):
    """Before and after in figures; None where there is nothing to compare."""

    before_nats: float | None = None
    after_nats: float
    gain: float | None = Field(default=None, description="share by which the server's held-out pieces became likelier")
    base_before_nats: float | None = None
    base_after_nats: float | None = None
    loss: float | None = Field(default=None, description="share by which the base's held-out pieces became less likely")
    copy_share: float | None = Field(default=None, ge=0, le=1, description="of composed 16-note runs, found in the set")
    human_share: float | None = Field(default=None, ge=0, le=1, description="the same of the held-out pieces")
    longest_run: int | None = None
    copy_limit: float | None = None
    is_copying: bool = False
    sentences: tuple[str, ...] = ()


class TrainResult(Versioned):
    """What came of a training."""

    kind: Literal["train"] = "train"
    job_id: JobId
    name: BundleName
    model_version: BundleVersion
    verdict: Verdict
    epochs: int
    best_epoch: int
    stopped: bool = Field(default=False, description="by the admin, before it was through")
    seconds: float = Field(ge=0)
    curve: BlobRef | None = None
    listening: tuple[Listening, ...] = ()
    remarks: tuple[str, ...] = ()
