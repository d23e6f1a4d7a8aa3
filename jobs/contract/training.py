"""The request for a training, its progress, and its evaluation. Losses are nats a note."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from jobs.contract.base import MAX_RANDOM_SEED, BlobRef, BundleName, BundleVersion, Contract, JobId, Request, Versioned
from jobs.contract.library import SetName

RateWord = Literal["gentle", "normal", "strong"]
MAX_EPOCHS = 200
MAX_MINUTES = 24 * 60
DEFAULT_MIX = 0.5
MIN_TRAINING_PIECES = 8  # smallest data set: some pieces are held out for evaluation


class TrainRequest(Request):
    """One `/train start`: fits a model to a data set of the server. The new version is not current until promoted."""

    kind: Literal["train"] = "train"
    data_set: SetName
    name: BundleName = Field(description="name of the trained model")
    base: BundleName | None = Field(default=None, description="the model to fine-tune; None: train from scratch")
    preset: str | None = Field(default=None, pattern=r"^[a-z0-9_-]{1,32}$", description="sizes of a new model")
    epochs: int | None = Field(default=None, ge=1, le=MAX_EPOCHS, description="limit; None: as the time allows")
    minutes: float | None = Field(default=None, gt=0, le=MAX_MINUTES, description="limit; None: the default")
    mix: float = Field(default=DEFAULT_MIX, ge=0, le=0.95, description="share of notes from the replay sample")
    rate: RateWord = "normal"
    random_seed: int = Field(default=0, ge=0, le=MAX_RANDOM_SEED)
    resumes: JobId | None = Field(default=None, description="the training whose checkpoint it resumes")
    nightly: bool = Field(default=False, description="started by the nightly schedule")

    @model_validator(mode="after")
    def _has_one_beginning(self) -> TrainRequest:
        if (self.base is None) == (self.preset is None):
            raise ValueError("a training begins with a base or from scratch with a preset")
        return self

    @property
    def folder(self) -> JobId:
        """Name of the checkpoint folder. A training that resumes another uses the folder of the first."""
        return self.resumes or self.job_id


class TrainProgress(Contract):
    """Progress of a training."""

    epoch: int = Field(ge=0, description="epochs done")
    epochs: int | None = Field(default=None, description="planned epochs; None: not known")
    train_nats: float | None = None
    val_nats: float | None = Field(default=None, description="validation loss on the server's held-out pieces")
    base_nats: float | None = Field(default=None, description="validation loss on held-out pieces of the base's data")
    best_epoch: int = 0
    remaining_s: float | None = Field(default=None, description="estimated seconds left")
    curve: BlobRef | None = Field(default=None, description="PNG; after the first epoch")


class Listening(Contract):
    """A held-out excerpt continued by the model before and after the training, each as an MP3 and its MIDI file.

    `before` is None for a model trained from scratch.
    """

    title: str
    seed_s: float = Field(ge=0)
    before: BlobRef | None = None
    after: BlobRef | None = None


class Verdict(Contract):
    """Evaluation before and after the training. None where there is nothing to compare with."""

    before_nats: float | None = None
    after_nats: float
    gain: float | None = Field(default=None, description="relative improvement of the loss on the server's pieces")
    base_before_nats: float | None = None
    base_after_nats: float | None = None
    loss: float | None = Field(default=None, description="relative worsening of the loss on the base's pieces")
    copy_share: float | None = Field(default=None, ge=0, le=1, description="share of 16-note runs copied")
    human_share: float | None = Field(default=None, ge=0, le=1, description="the same for the held-out pieces")
    longest_run: int | None = None
    copy_limit: float | None = None
    is_copying: bool = False
    sentences: tuple[str, ...] = ()


class TrainResult(Versioned):
    """The result of a training."""

    kind: Literal["train"] = "train"
    job_id: JobId
    name: BundleName
    model_version: BundleVersion
    verdict: Verdict
    epochs: int
    best_epoch: int
    stopped: bool = Field(default=False, description="an admin stopped it early")
    seconds: float = Field(ge=0)
    curve: BlobRef | None = None
    listening: tuple[Listening, ...] = ()
    remarks: tuple[str, ...] = ()
