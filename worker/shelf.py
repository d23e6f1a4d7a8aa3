"""Where models lie until they are asked for: the store of bundles. The boundary to `model`'s bundles and composers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from jobs.contract import ModelInfo
from model.devices import Device
from model.errors import BundleError
from worker.musician import Musician
from worker.terms import abilities


class Shelf(Protocol):
    """Where models lie; safe to use from several threads."""

    def versions(self) -> Mapping[str, str]:
        """The version that each name points at now.

        Raises:
            ModelError: the store cannot be read just now.
        """

    def info(self, name: str, version: str) -> ModelInfo:
        """What there is to know of one version of a model.

        Raises:
            ModelError: it is not there, is damaged, or cannot be offered to members.
        """

    def musician(self, info: ModelInfo) -> Musician:
        """That version, loaded and warm; takes seconds.

        Raises:
            ModelError: as above.
        """

    def device(self) -> str:
        """What its models run on: 'cpu', 'gpu:0', …"""

    def remarks(self) -> tuple[str, ...]:
        """Sentences about that for whoever runs the worker."""


class BundleShelf:
    """The bundles of the store at `url` (None = the shipped ones); `default` composes when nothing tells for another.

    `device`: what `model.devices.choose` found. `slots`: how many pieces each bundle draws at a time.
    """

    def __init__(self, url: str | None, default: str, device: Device, slots: int) -> None:
        from model.bundles import BundleStore  # late: it loads Keras, which takes seconds

        self._store = BundleStore() if url is None else BundleStore(url)
        self._default = default
        self._device = device
        self._slots = slots

    def versions(self) -> Mapping[str, str]:
        """The version that each name points at now; a name that points at none is left out.

        Raises:
            BundleError: the store cannot be read just now.
        """
        return self._store.versions()

    def info(self, name: str, version: str) -> ModelInfo:
        """What the bundle's card and configuration say.

        Raises:
            BundleError: it is not there, fails its manifest, or is of the classic kind, which knows neither seconds nor
                an end.
        """
        bundle = self._store.load(name, version)
        if bundle.is_classic:
            raise BundleError(f"The model {name} is of the classic kind: only `python -m model compose` plays it.")
        return ModelInfo(
            name=bundle.name,
            version=bundle.version,
            title=bundle.card.title,
            description=bundle.card.description,
            licence=bundle.card.licence,
            default=bundle.name == self._default,
            **abilities(bundle.config),
        )

    def musician(self, info: ModelInfo) -> Musician:
        """The bundle with its sampling engine running and warm.

        Raises:
            BundleError: it is not there, fails its manifest, or its weights do not fit it.
        """
        from model.composing import Composer  # late, as above

        return Composer(self._store.load(info.name, info.version), self._slots, self._device.place)

    def device(self) -> str:
        """What TensorFlow computes on."""
        return self._device.name

    def remarks(self) -> tuple[str, ...]:
        """Why it is not the device that was asked for."""
        return () if self._device.warning is None else (self._device.warning,)
