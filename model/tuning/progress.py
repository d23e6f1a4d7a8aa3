"""Where a run of fine-tuning stands, as plain data that crosses processes as JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["preparing", "training", "judging"]


class EpochFigures(BaseModel):
    """What was measured after one epoch; epoch 0 is the network that was begun with. Nats per note, lower is better."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epoch: int
    train_nats: float | None = None  # while training, dropout on, of the set and the base's music together
    val_nats: float  # of the set's held-out pieces
    base_nats: float | None = None  # of the base's held-out music; None without a rehearsal
    seconds: float = 0.0  # of training until then, validation included
    is_whole: bool = True  # False for an epoch that was stopped before its end


class TuningProgress(BaseModel):
    """One report of a run."""

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
