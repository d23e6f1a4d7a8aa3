"""Where models lie until they are asked for: the store of bundles. The boundary to `model`'s bundles and composers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from jobs.contract import ModelInfo, model_key
from model.devices import Device
from model.errors import BundleError
from worker.musician import Musician
from worker.terms import abilities

if TYPE_CHECKING:
    from model.bundles import BundleStore


class Shelf(Protocol):
    """Where models lie; safe to use from several threads."""

    def versions(self) -> Mapping[str, str]:
        """The version that each model means now, by its key (see `ModelInfo.key`).

        Raises:
            ModelError: the store cannot be read just now.
        """

    def info(self, key: str, version: str) -> ModelInfo:
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


class EmptyShelf:
    """That of a process which composes nothing."""

    def versions(self) -> Mapping[str, str]:
        """None."""
        return {}

    def info(self, key: str, version: str) -> ModelInfo:
        """Nothing is known.

        Raises:
            BundleError: always.
        """
        raise BundleError(f"This worker does not compose, so it has no model '{key}'.")

    def musician(self, info: ModelInfo) -> Musician:
        """There is none.

        Raises:
            BundleError: always.
        """
        raise BundleError(f"This worker does not compose, so it has no model '{info.name}'.")

    def device(self) -> str:
        """What a process without models runs on."""
        return "cpu"

    def remarks(self) -> tuple[str, ...]:
        """Nothing to say."""
        return ()


class BundleShelf:
    """The bundles of the store at `url` (None = the shipped ones); `default` composes when nothing tells for another.

    `servers`: the store under which each server has its own. `device`: what `model.devices.choose` found. `slots`: how
    many pieces each bundle draws at a time.
    """

    def __init__(self, url: str | None, default: str, device: Device, slots: int, servers: str | None = None) -> None:
        from model.bundles import BundleStore  # late: it loads Keras, which takes seconds

        self._store = BundleStore() if url is None else BundleStore(url)
        self._servers = None if servers is None else BundleStore(servers)
        self._default = default
        self._device = device
        self._slots = slots

    def versions(self) -> Mapping[str, str]:
        """The version that each key means now; a name that points at none is left out.

        Raises:
            BundleError: the store cannot be read just now.
        """
        found = dict(self._store.versions())
        for guild_id in self._servers.servers() if self._servers is not None else ():
            own = self._store_of(guild_id).versions()
            found |= {model_key(name, guild_id): version for name, version in own.items()}
        return found

    def _store_of(self, guild_id: int | None) -> BundleStore:
        return self._store if guild_id is None or self._servers is None else self._servers.of_server(guild_id)

    def info(self, key: str, version: str) -> ModelInfo:
        """What the bundle's card and configuration say.

        Raises:
            BundleError: it is not there, fails its manifest, or is of the classic kind, which knows neither seconds nor
                an end.
        """
        server, _, name = key.rpartition("/")
        guild_id = int(server) if server else None
        bundle = self._store_of(guild_id).load(name, version)
        if bundle.is_classic:
            raise BundleError(f"The model {name} is of the classic kind: only `python -m model compose` plays it.")
        return ModelInfo(
            name=bundle.name,
            version=bundle.version,
            title=bundle.card.title,
            description=bundle.card.description,
            licence=bundle.card.licence,
            default=guild_id is None and bundle.name == self._default,
            guild_id=guild_id,
            **abilities(bundle),
        )

    def musician(self, info: ModelInfo) -> Musician:
        """The bundle with its sampling engine running and warm.

        Raises:
            BundleError: it is not there, fails its manifest, or its weights do not fit it.
        """
        from model.composing import Composer  # late, as above

        return Composer(self._store_of(info.guild_id).load(info.name, info.version), self._slots, self._device.place)

    def device(self) -> str:
        """What TensorFlow computes on."""
        return self._device.name

    def remarks(self) -> tuple[str, ...]:
        """Why it is not the device that was asked for."""
        return () if self._device.warning is None else (self._device.warning,)
