"""The models at hand: which there are, and each ready to compose when it is asked for.

The boundary to `model`: nothing else in this package knows bundles or composers.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from jobs.contract import ModelInfo
from model.piece import Piece

log = logging.getLogger(__name__)


class Composed(Protocol):
    """What a musician gives back: see `model.composing.Composition`."""

    piece: Piece
    seed_s: float
    remarks: tuple[str, ...]
    stopped: bool
    timings: dict[str, float]


class Musician(Protocol):
    """A model ready to compose: see `model.composing.Composer`."""

    def compose(
        self,
        *,
        seed: Piece | None,
        length_s: float,
        temperature: float,
        random_seed: int,
        include_seed: bool,
        on_progress: Callable[[str, float], None],
        should_stop: Callable[[], bool],
    ) -> Composed:
        """Compose `length_s` seconds; `should_stop` is polled every chunk, `on_progress` told stage and 0..1."""


class Shelf(Protocol):
    """Where models lie until they are asked for."""

    def infos(self) -> tuple[ModelInfo, ...]:
        """Every model there is."""

    def musician(self, name: str) -> Musician:
        """The model `name`, loaded and warm; takes seconds."""

    def device(self) -> str:
        """What its models run on: 'cpu' or 'gpu'."""


class Repertoire:
    """The musicians of one process; the one unused longest is let go when `kept` are in memory."""

    def __init__(self, shelf: Shelf, kept: int) -> None:
        self._shelf = shelf
        self._kept = kept
        self._ready: OrderedDict[str, Musician] = OrderedDict()
        self.models = shelf.infos()
        self._infos = {info.name: info for info in self.models}

    def musician(self, name: str) -> Musician:
        """The model `name`, ready to compose; loads it when it is not in memory."""
        if name in self._ready:
            self._ready.move_to_end(name)
            return self._ready[name]
        while len(self._ready) >= self._kept:
            gone, _ = self._ready.popitem(last=False)
            log.info("let go of model %s", gone)
        self._ready[name] = self._shelf.musician(name)
        return self._ready[name]

    def version(self, name: str) -> str:
        """The version of the model `name`."""
        return self._infos[name].version

    def device(self) -> str:
        """What the models run on: 'cpu' or 'gpu'."""
        return self._shelf.device()


class BundleShelf:
    """The bundles of a store; `default` is the one that composes when none is named."""

    def __init__(self, store: Path, default: str) -> None:
        # imported late: loading the model's libraries takes seconds, which importing this package must not
        from model.bundles import BundleStore

        self._store = BundleStore(store)
        self._default = default

    def infos(self) -> tuple[ModelInfo, ...]:
        """Every bundle of the store, as its card describes it."""
        return tuple(self._info(name) for name in self._store.names())

    def _info(self, name: str) -> ModelInfo:
        bundle = self._store.load(name)
        return ModelInfo(
            name=bundle.name,
            version=bundle.version,
            title=str(bundle.card.get("title", bundle.name)),
            description=str(bundle.card.get("description", "")),
            licence=str(bundle.card.get("licence", "")),
            default=bundle.name == self._default,
        )

    def musician(self, name: str) -> Musician:
        """The bundle `name` with its compiled loop built and warm."""
        from model.composing import Composer

        return Composer(self._store.load(name))

    def device(self) -> str:
        """'gpu' where TensorFlow sees one."""
        import tensorflow

        return "gpu" if tensorflow.config.list_physical_devices("GPU") else "cpu"
