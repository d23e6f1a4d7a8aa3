"""The sizes of a network, as data that travels in a bundle; and the named presets."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from model.errors import RequestError


class NetworkConfig(BaseModel):
    """Everything needed to build a network; two networks of equal config take each other's weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    representation: str = "performance"
    embedding: int = Field(default=256, ge=1, description="width of the summed input embeddings")
    units: int = Field(default=512, ge=1, description="cells of each recurrent layer")
    layers: int = Field(default=2, ge=1, description="recurrent layers")
    head_units: int = Field(default=256, ge=1, description="hidden units of each field's head")
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0, description="between layers, while training only")


PRESETS: dict[str, NetworkConfig] = {
    "cadenza": NetworkConfig(),  # 5.0 M weights, 10 MB in float16
    "small": NetworkConfig(embedding=128, units=256, head_units=128),
    "tiny": NetworkConfig(embedding=16, units=24, layers=1, head_units=16),  # for trying things and for tests
}


def preset(name: str, dropout: float | None = None) -> NetworkConfig:
    """The preset `name`, with another dropout where one is given.

    Raises:
        RequestError: when there is no such preset, or the dropout is out of range.
    """
    if name not in PRESETS:
        raise RequestError(f"There is no preset '{name}'. These are known: {', '.join(PRESETS)}.")
    if dropout is None:
        return PRESETS[name]
    if not 0 <= dropout < 1:
        raise RequestError("Dropout is a share from 0 to below 1.")
    return PRESETS[name].model_copy(update={"dropout": dropout})
