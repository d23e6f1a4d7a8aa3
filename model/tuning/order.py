"""What a process of fine-tuning is asked: `order.json` in the folder of its run."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from model.bundles import Bundle, BundleStore, open_bundle
from model.bundles.store import NAME, VERSION
from model.errors import BundleError, RequestError
from model.tuning.about import About
from model.tuning.settings import TuningSettings

FILE = "order.json"


class Base(BaseModel):
    """The bundle to begin with: in a folder, or in a store by its name, and by its version if not the current one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path | None = None
    store: str | None = Field(default=None, description="a folder or fsspec URL")
    name: str | None = Field(default=None, pattern=f"^{NAME.pattern}$")
    version: str | None = Field(default=None, pattern=f"^{VERSION.pattern}$")

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.folder is None) == (self.store is None or self.name is None):
            raise ValueError("a base is a folder, or a store and a name")
        return self

    def open(self) -> Bundle:
        """The bundle.

        Raises:
            BundleError: when it is not there, or damaged.
        """
        if self.folder is not None:
            return open_bundle(str(self.folder))
        if self.store is None or self.name is None:
            raise BundleError("The order names no base.")
        return BundleStore(self.store).load(self.name, self.version)


class Order(BaseModel):
    """What is tuned to what, and how; one of `base` and `preset` is given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: Base | None = None
    preset: str | None = Field(default=None, description="of a network that begins from scratch")
    data: Path = Field(description="folder or archive of MIDI files")
    settings: TuningSettings = Field(default_factory=TuningSettings)
    about: About = Field(default_factory=About)

    @model_validator(mode="after")
    def _has_a_beginning(self) -> Self:
        if (self.base is None) == (self.preset is None):
            raise ValueError("one of base and preset is wanted")
        return self

    def start(self) -> Bundle | str:
        """What `tune` begins with.

        Raises:
            BundleError: when the base is not there, or damaged.
        """
        return self.preset or "" if self.base is None else self.base.open()


def read_order(folder: Path) -> Order:
    """The order in `folder`.

    Raises:
        RequestError: when there is none that can be read.
    """
    try:
        return Order.model_validate_json((folder / FILE).read_bytes())
    except OSError as error:
        raise RequestError(f"There is no {FILE} in {folder} that can be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise RequestError(f"{FILE} in {folder} cannot be used: {place}: {first['msg']}.") from error
