"""What a classic training run can be told; its defaults are the tutorial's."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class ClassicSettings(BaseModel):
    """Each field is an option of `python -m model classic`; the sizes of the network are in its configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch: int = Field(default=64, ge=1, description="windows in a batch")
    epochs: int = Field(default=10, ge=1, description="passes over the training part")
    optimizer: Literal["adam", "rmsprop"] = Field(default="adam", description="how weights are moved")
    learning_rate: float = Field(default=1e-3, gt=0, description="of the optimiser")
    clip_norm: float = Field(default=5.0, gt=0, description="longest the whole gradient may be")
    targets: Literal["last", "every"] = Field(
        default="last", description="notes of a window that count: the one after it, as in the tutorial, or every one"
    )
    keep: Literal["all", "best", "last"] = Field(default="all", description="epochs whose weights stay in RUN/weights")
    validation_notes: int = Field(default=2000, ge=1, description="held-out notes, spread evenly, tried after an epoch")
    precision: Literal["float32", "bfloat16"] = Field(default="float32", description="of activations")
    random_seed: int = Field(default=0, ge=0, description="of weights, order and dropout")
