"""The settings of a training run; each field is an option of `python -m model train`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from model.corpora.augmentation import InstrumentChanges


class TrainingSettings(BaseModel):
    """The defaults train the shipped piano bundle; two cores do about 14,000 notes a second with the torch backend."""

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
    style_weights: str = Field(
        default="",
        pattern=r"^([^=,]+=\d+(\.\d+)?(,[^=,]+=\d+(\.\d+)?)*)?$",
        description="how many times as often as that a style comes up, as in 'rock=3,air=0.5'",
    )
    vary_velocity: float = Field(
        default=0.0, ge=0, le=1, description="share of pieces made louder or softer ('score' only, as the next four)"
    )
    vary_programs: float = Field(
        default=0.0, ge=0, le=1, description="share of pieces whose lines and chords go to other instruments"
    )
    add_bass: float = Field(
        default=0.0, ge=0, le=1, description="share of pieces without bass whose lowest notes a bass plays"
    )
    add_drums: float = Field(
        default=0.0, ge=0, le=1, description="share of pieces without drums that a drummer of the data joins"
    )
    drop_parts: float = Field(default=0.0, ge=0, le=1, description="share of pieces some of whose players are left out")
    opening_weight: float = Field(
        default=1.0, gt=0, le=100, description="how much each of a piece's first 8 steps counts; controls decide them"
    )
    # how long
    epochs: int = Field(default=10, ge=1, description="passes over the training part")
    epoch_updates: int = Field(
        default=0, ge=0, description="updates that count as one epoch; 0: as many as one pass over the data takes"
    )
    checkpoint_minutes: float = Field(
        default=0.0, ge=0, description="validate and write the checkpoint every so many minutes too; 0: after epochs"
    )
    validation_notes: int = Field(
        default=0, ge=0, description="validate on about so many notes of each style; 0: on all that are held out"
    )
    patience: int = Field(default=3, ge=1, description="validations without a better one before stopping")
    # the optimiser: AdamW, linear warm-up, cosine decay to a twentieth
    learning_rate: float = Field(default=2e-3, gt=0, description="highest rate of the schedule")
    warmup_steps: int = Field(default=200, ge=0, description="updates until the highest rate")
    weight_decay: float = Field(default=0.01, ge=0, description="of AdamW")
    average: float = Field(
        default=0.999, ge=0, lt=1, description="momentum of the moving average of the weights; 0 keeps the last ones"
    )
    base_share: float = Field(
        default=0.0,
        ge=0,
        lt=1,
        description="with --base: share of its weights in those that are validated and kept, so that less is forgotten",
    )
    clip_norm: float = Field(default=1.0, gt=0, description="longest the whole gradient may be")
    # how
    precision: Literal["float32", "bfloat16"] = Field(
        default="float32", description="of activations; bfloat16 is about twice as fast"
    )
    random_seed: int = Field(default=0, ge=0, description="of weights, order and transposition")

    @property
    def weights_of_styles(self) -> dict[str, float]:
        """The parsed `style_weights`."""
        pairs = (pair.split("=") for pair in self.style_weights.split(",") if pair)
        return {style.strip(): float(weight) for style, weight in pairs}

    @property
    def instrument_changes(self) -> InstrumentChanges:
        """How often the instruments of a piece are changed."""
        return InstrumentChanges(self.vary_velocity, self.vary_programs, self.add_bass, self.add_drums, self.drop_parts)
