"""Plain data of fine-tuning: settings, card text, progress, and the choice of the epoch to keep. Loads no Keras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from model.training.settings import TrainingSettings

LONGEST_TITLE = 80  # letters
Rate = Literal["gentle", "normal", "strong"]
RATES: dict[Rate, float] = {"gentle": 1e-4, "normal": 3e-4, "strong": 8e-4}  # of AdamW, from a bundle
FROM_SCRATCH = 8  # times as much for a network that knows nothing yet
DEFAULT_EPOCHS, DEFAULT_MINUTES = 24, 12.0
STREAMS, WINDOW = 8, 64  # rows of a batch and steps of an update: small, so that few pieces make many updates
FEWEST_UPDATES = 24  # of an epoch, however few pieces there are
Stage = Literal["preparing", "training", "judging"]
MOST_FORGOTTEN = 0.02  # of the likelihood of the base's own music, nats per note


class CardText(BaseModel):
    """Text for the new bundle's card; empty fields follow from the base and the data set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(default="", max_length=LONGEST_TITLE)
    licence: str = Field(default="", description="of the set")
    data: str = Field(default="", description="what the set is")
    non_commercial: bool = Field(default=False, description="whether the set's licence bars commercial use")
    command: str = Field(default="", description="what makes the bundle again")


class TuningSettings(BaseModel):
    """Settings of a fine-tuning run. docs/fine-tuning.md shows the results of the defaults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int | None = Field(
        default=None, ge=1, le=1000, description=f"most passes over the set (default: {DEFAULT_EPOCHS})"
    )
    minutes: float | None = Field(
        default=None, gt=0, le=24 * 60, description=f"most minutes of training (default: {DEFAULT_MINUTES:g})"
    )
    mix: float = Field(
        default=0.5, ge=0, le=0.875, description="share of the base's own music in each batch, in eighths"
    )
    rate: Rate = Field(default="normal", description="how far the network may move from the base")
    patience: int = Field(default=4, ge=1, description="epochs without a better one before stopping")
    random_seed: int = Field(default=0, ge=0, description="of order, transposition and dropout")
    more: int = Field(
        default=0,
        ge=0,
        description="how often a run that was over is to go on; epochs, minutes and patience begin anew",
    )
    threads: int | None = Field(default=None, ge=1, le=256, description="processor threads (default: as many as cores)")

    @property
    def most_epochs(self) -> int:
        """Epochs after which training ends; the defaults apply only if neither limit is set."""
        return self.epochs or (DEFAULT_EPOCHS if self.minutes is None else 1000)

    @property
    def most_s(self) -> float:
        """Seconds of training after which it ends."""
        if self.minutes is not None:
            return self.minutes * 60
        return DEFAULT_MINUTES * 60 if self.epochs is None else float("inf")

    def training(self, from_scratch: bool) -> TrainingSettings:
        """Settings for the training loop: a constant rate after a warm-up, and weights averaged over about two epochs.

        A falling rate would need to know the run's length, which minutes and stop requests decide. Averaging the
        weights has the same effect (Sandler et al. 2023, "Training trajectories, mini-batch losses and the curious role
        of the learning rate").
        """
        return TrainingSettings(
            streams=STREAMS,
            window=WINDOW,
            learning_rate=RATES[self.rate] * (FROM_SCRATCH if from_scratch else 1),
            warmup_steps=100 if from_scratch else FEWEST_UPDATES,
            average=0.98,
            random_seed=self.random_seed,
        )


class EpochFigures(BaseModel):
    """The figures of one epoch in nats per note, lower is better; epoch 0 is the initial network."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int
    train_nats: float | None = None  # while training, dropout on, of the set and the base's music together
    val_nats: float  # of the set's held-out pieces
    base_nats: float | None = None  # of the base's held-out music; None without a replay sample
    seconds: float = 0.0  # of training until then, validation included
    is_whole: bool = True  # False for an epoch that was stopped before its end


class TuningProgress(BaseModel):
    """The progress of a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: Stage
    epoch: int = 0  # epochs done
    epochs: int = 0  # at most
    fraction: float = Field(default=0.0, ge=0, le=1)  # of the whole run, judging included
    remaining_s: float | None = None  # seconds; an estimate, None where there is none yet
    train_nats: float | None = None  # of the epoch under way
    val_nats: float | None = None  # the latest
    base_nats: float | None = None  # the latest
    history: list[EpochFigures] = Field(default_factory=list)


OnTuning = Callable[[TuningProgress], None]


def forgotten(figures: EpochFigures, before: EpochFigures) -> float:
    """The share by which the error on the base's own music rose since `before`; 0 if unknown."""
    if figures.base_nats is None or before.base_nats is None:
        return 0.0
    return figures.base_nats / before.base_nats - 1


def chosen_epoch(history: Sequence[EpochFigures]) -> EpochFigures:
    """The figures of the epoch to keep; epoch 0 only if there is no other.

    It is the epoch with the lowest error on the set's held-out pieces among those whose error on the base's music rose
    by at most MOST_FORGOTTEN. If every epoch forgets more, it is the one with the least sum of both errors, each
    relative to its value before: a per cent gained then counts as much as a per cent lost.

    Args:
        history: of all epochs, the initial network first; at least that one.
    """
    before, *others = history
    return min(others, key=lambda figures: _rank(figures, before), default=before)


def _rank(figures: EpochFigures, before: EpochFigures) -> tuple[int, float]:
    loss, cost = forgotten(figures, before), figures.val_nats / before.val_nats
    return (0, cost) if loss <= MOST_FORGOTTEN else (1, cost + loss)
