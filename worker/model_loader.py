"""Loads models from the store of bundles. The boundary to `model`: what a loaded model can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from jobs.contract import ModelInfo, model_key
from model.analysis.originality import Originality
from model.controls import Controls
from model.devices import Device
from model.errors import BundleError
from model.generation import ComposeOptions
from model.generation.control_checks import Missed
from model.piece import Piece
from worker.mapping import abilities

if TYPE_CHECKING:
    from model.bundles import BundleStore


class ComposedPiece(Protocol):
    """What a model composed: see `model.generation.Composition`."""

    @property
    def piece(self) -> Piece:
        """The whole piece, the seed included where it was asked for."""

    @property
    def seed_s(self) -> float:
        """How much of its start is the seed, seconds."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Sentences for the member."""

    @property
    def stopped(self) -> bool:
        """Whether it was stopped before its end."""

    @property
    def timings(self) -> dict[str, float]:
        """Seconds by name."""

    @property
    def controls(self) -> Controls:
        """The requested controls that the piece has."""

    @property
    def missed(self) -> tuple[Missed, ...]:
        """The requested controls that it does not have, and why."""

    @property
    def originality(self) -> Originality | None:
        """How much of it occurs in the training music; None when the model has no index of that."""

    @property
    def ended(self) -> bool | None:
        """Whether it ended by itself; None when that is not known."""


class LoadedModel(Protocol):
    """A model ready to compose, for several threads at once: see `model.generation.Composer`."""

    def compose(
        self,
        seed: Piece | None,
        options: ComposeOptions,
        on_progress: Callable[[str, float], None],
        should_stop: Callable[[], bool],
    ) -> ComposedPiece:
        """Compose what `options` say; `should_stop` is polled every chunk, `on_progress` told stage and 0..1.

        The fraction is one of musical time. Both may be called from another thread than the caller's.
        """

    def originality(self, piece: Piece) -> Originality | None:
        """How much of `piece` occurs in its training music; None when it has no index of that."""

    @property
    def memory_bytes(self) -> int:
        """Its size in memory, approximately."""

    def close(self) -> None:
        """Free its memory. Called once, when it is no longer used."""


class ModelLoader(Protocol):
    """Loads models; safe to use from several threads."""

    def versions(self) -> Mapping[str, str]:
        """The current version of each model, by its key (see `ModelInfo.key`).

        Raises:
            ModelError: the store cannot be read just now.
        """

    def info(self, key: str, version: str) -> ModelInfo:
        """The description of one version of a model.

        Raises:
            ModelError: it is not there, is damaged, or cannot be offered to members.
        """

    def load(self, info: ModelInfo) -> LoadedModel:
        """The model, loaded and warm; takes seconds.

        Raises:
            ModelError: as above.
        """

    def device(self) -> str:
        """What its models run on: 'cpu', 'gpu:0', …"""

    def remarks(self) -> tuple[str, ...]:
        """Sentences about the device for whoever runs the worker."""


class EmptyModelLoader:
    """The loader of a process that composes nothing."""

    def versions(self) -> Mapping[str, str]:
        """None."""
        return {}

    def info(self, key: str, version: str) -> ModelInfo:
        """Nothing is known.

        Raises:
            BundleError: always.
        """
        raise BundleError(f"This worker does not compose, so it has no model '{key}'.")

    def load(self, info: ModelInfo) -> LoadedModel:
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


class BundleLoader:
    """The bundles of the store at `url`, and the shipped ones that it has no name of; None = the shipped ones alone.

    `default` composes when nothing tells for another.
    `servers`: the store under which each server has its own. `device`: what `model.devices.choose` found. `slots`: how
    many pieces each bundle draws at a time.
    """

    def __init__(self, url: str | None, default: str, device: Device, slots: int, servers: str | None = None) -> None:
        from model.bundles import BundleStore, shared_store  # late: it loads Keras, which takes seconds

        self._store = shared_store(url)
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
            BundleError: it is not there, or fails its manifest.
        """
        server, _, name = key.rpartition("/")
        guild_id = int(server) if server else None
        bundle = self._store_of(guild_id).load(name, version)
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

    def load(self, info: ModelInfo) -> LoadedModel:
        """The bundle, ready: with its sampling engine running and warm, or of the classic kind with its network.

        Raises:
            BundleError: it is not there, fails its manifest, or its weights do not fit it.
        """
        from model.classic.composing import ClassicComposer  # late, as above
        from model.generation import Composer

        bundle = self._store_of(info.guild_id).load(info.name, info.version)
        return ClassicComposer(bundle) if bundle.is_classic else Composer(bundle, self._slots, self._device.place)

    def device(self) -> str:
        """What TensorFlow computes on."""
        return self._device.name

    def remarks(self) -> tuple[str, ...]:
        """Why it is not the device that was asked for."""
        return () if self._device.warning is None else (self._device.warning,)
