"""The configuration of a network, which a bundle stores, and the named presets."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from model.errors import RequestError


class NetworkConfig(BaseModel):
    """Everything needed to build a network; networks with equal configurations accept each other's weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    representation: str = "performance"
    styles: tuple[str, ...] = Field(default=(), description="kinds of music in the training data, as it names them")
    vocabulary: tuple[str, ...] = Field(default=(), description="of a representation that builds one from a corpus")
    stack: Literal["lstm", "gru", "conv", "transformer"] = Field(
        default="lstm", description="what carries the past: see `model.network.stacks`"
    )
    memory: int = Field(default=0, ge=0, description="steps of its own past that the stack can look back at")
    window: int = Field(default=0, ge=0, description="notes read anew for each note, as the classic did; 0 = carried")
    note_input: Literal["number", "embedding"] = Field(
        default="number", description="with a window: notes as one number each, as the classic did, or as an embedding"
    )
    embedding: int = Field(default=256, ge=1, description="width of the summed input embeddings")
    units: int = Field(default=512, ge=1, description="cells of each recurrent layer")
    layers: int = Field(default=2, ge=1, description="recurrent layers")
    head_units: int = Field(default=256, ge=1, description="hidden units of each field's head")
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0, description="between layers, while training only")
    input_dropout: float = Field(default=0.0, ge=0.0, lt=1.0, description="of embeddings and situations, likewise")
    head_dropout: float = Field(default=0.0, ge=0.0, lt=1.0, description="of each head's hidden units, likewise")

    @model_validator(mode="after")
    def _can_look_back(self) -> Self:
        if self.stack in ("lstm", "gru") and self.memory and self.layers < 2:
            raise ValueError("a look-back needs two layers: one that asks and one that reads the answer")
        if self.stack == "transformer" and (not (self.memory or self.window) or self.units % 64):
            raise ValueError("a Transformer needs a memory, which is its window, and units in heads of 64")
        return self


# The tutorial "How to Generate Music using a LSTM Neural Network in Keras" and the projects made after it: 5,474,406
# weights for a vocabulary of 358.
CLASSIC = NetworkConfig(representation="notes", window=100, units=512, layers=3, head_units=256, dropout=0.3)

PRESETS: dict[str, NetworkConfig] = {
    "cadenza": NetworkConfig(memory=512),  # 5.3 M weights, 10.5 MB in float16
    "small": NetworkConfig(embedding=128, units=256, head_units=128),
    "tiny": NetworkConfig(embedding=16, units=24, layers=1, head_units=16),  # for trying things and for tests
    "classic": CLASSIC,
    "classic-small": CLASSIC.model_copy(update={"units": 128, "head_units": 64}),  # a sixteenth of the work
    # the same around other stacks; those without recurrence read notes as an embedding
    "gru": CLASSIC.model_copy(update={"stack": "gru"}),
    "conv": CLASSIC.model_copy(update={"stack": "conv", "units": 256, "note_input": "embedding", "embedding": 64}),
    "transformer": CLASSIC.model_copy(
        update={"stack": "transformer", "units": 256, "note_input": "embedding", "embedding": 64}
    ),
    # few pieces: more is dropped than by any other; 1.4 M weights
    "chorale": NetworkConfig(
        representation="voices", embedding=192, units=192, dropout=0.5, input_dropout=0.2, head_dropout=0.5
    ),
    # several instruments on a beat grid; 4.7 M weights, 9.5 MB in float16, so that a sample and an index fit in 12 MB
    "ensemble": NetworkConfig(
        representation="score", units=448, memory=256, embedding=208, head_units=192, dropout=0.15
    ),
    "events": NetworkConfig(representation="events"),  # Performance RNN's stream, to compare with
    "char": NetworkConfig(representation="characters", embedding=64, units=512, head_units=256),
}


def preset(name: str, dropout: float | None = None) -> NetworkConfig:
    """The preset `name`, with another dropout where one is given.

    Raises:
        RequestError: when there is no such preset, or the dropout is out of range.
    """
    if name not in PRESETS:
        raise RequestError(f"There is no preset '{name}'. These are known: {', '.join(PRESETS)}.")
    return with_dropout(PRESETS[name], dropout)


def with_dropout(config: NetworkConfig, dropout: float | None) -> NetworkConfig:
    """`config` with another dropout between its layers; unchanged if None.

    Raises:
        RequestError: when the dropout is out of range.
    """
    if dropout is None:
        return config
    if not 0 <= dropout < 1:
        raise RequestError("Dropout must be at least 0 and less than 1.")
    return config.model_copy(update={"dropout": dropout})
