"""Everything a training run can be told: each field is an option of `python -m model train`, which is built from it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TrainingSettings(BaseModel):
    """Defaults train the shipped piano bundle: about 14,000 notes a second on two cores with the torch backend."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    # how the data is walked
    streams: int = Field(default=32, ge=1, description="pieces played side by side; rows of a batch")
    window: int = Field(default=128, ge=2, description="steps between two updates; states carry over")
    transpose: int = Field(
        default=3, ge=0, le=11, description="each piece moves by up to so many semitones, up or down"
    )
    stretch: float = Field(default=0.1, ge=0, le=0.5, description="each piece is up to this share faster or slower")
    excerpts: float = Field(
        default=0.5, ge=0, le=1, description="share of pieces cut to a beginning and an ending, as short pieces have"
    )
    controls_hidden: float = Field(
        default=0.5, ge=0, le=1, description="chance that nothing is asked of a piece, and of each control otherwise"
    )
    length_hidden: float = Field(default=0.5, ge=0, le=1, description="chance that a piece does not say its length")
    balance: float = Field(
        default=0.0, ge=0, le=1, description="0: styles have the share of their music; 1: all styles have the same"
    )
    opening_weight: float = Field(
        default=1.0, gt=0, le=100, description="how much each of a piece's first 8 steps counts; wishes decide them"
    )
    # how long
    epochs: int = Field(default=10, ge=1, description="passes over the training part")
    patience: int = Field(default=3, ge=1, description="epochs without a better validation before stopping")
    # the optimiser: AdamW, linear warm-up, cosine decay to a twentieth
    learning_rate: float = Field(default=2e-3, gt=0, description="highest rate of the schedule")
    warmup_steps: int = Field(default=200, ge=0, description="updates until the highest rate")
    weight_decay: float = Field(default=0.01, ge=0, description="of AdamW")
    average: float = Field(
        default=0.999, ge=0, lt=1, description="momentum of the moving average of the weights; 0 keeps the last ones"
    )
    clip_norm: float = Field(default=1.0, gt=0, description="longest the whole gradient may be")
    # how
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", description="of activations; bfloat16 is about twice as fast"
    )
    random_seed: int = Field(default=0, ge=0, description="of weights, order and transposition")
