"""The models at hand: which there are, and each ready to compose when it is asked for.

The boundary to `model`: nothing else in this package knows bundles or composers.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from jobs.contract import ModelInfo
from model.composing import ComposeOptions
from model.controls import Controls
from model.evaluation.originality import Originality
from model.piece import Piece
from worker.terms import abilities

if TYPE_CHECKING:
    from model.bundles import Bundle

log = logging.getLogger(__name__)


class Composed(Protocol):
    """What a musician gives back: see `model.composing.Composition`."""

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
        """Those asked for that the model knows."""

    @property
    def originality(self) -> Originality | None:
        """How much of it stands in the training music; None where the model has no index of that."""

    @property
    def ended(self) -> bool | None:
        """Whether it ended by itself; None where that is not known."""


class Musician(Protocol):
    """A model ready to compose: see `model.composing.Composer`."""

    def compose(
        self,
        seed: Piece | None,
        options: ComposeOptions,
        on_progress: Callable[[str, float], None],
        should_stop: Callable[[], bool],
    ) -> Composed:
        """Compose what `options` say; `should_stop` is polled every chunk, `on_progress` told stage and 0..1."""


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
    """The bundles of the store at `url` (None = the shipped ones); `default` composes when none is named.

    A name means the version it pointed at when the process started, so that what a worker says of itself stays true.
    """

    def __init__(self, url: str | None, default: str) -> None:
        from model.bundles import BundleStore  # late: it loads Keras, which takes seconds

        self._store = BundleStore() if url is None else BundleStore(url)
        self._default = default
        bundles = [self._store.load(name) for name in self._store.names()]
        self._infos = {bundle.name: self._info(bundle) for bundle in bundles if not _is_left_out(bundle)}

    def _info(self, bundle: Bundle) -> ModelInfo:
        return ModelInfo(
            name=bundle.name,
            version=bundle.version,
            title=bundle.card.title,
            description=bundle.card.description,
            licence=bundle.card.licence,
            default=bundle.name == self._default,
            **abilities(bundle.config),
        )

    def infos(self) -> tuple[ModelInfo, ...]:
        """Every bundle of the store, as its card describes it."""
        return tuple(self._infos.values())

    def musician(self, name: str) -> Musician:
        """The bundle `name` with its compiled loop built and warm.

        Raises:
            BundleError: when it is not there or fails its manifest.
        """
        from model.composing import Composer  # late, as above

        known = self._infos.get(name)
        return Composer(self._store.load(name, known.version if known else None))

    def device(self) -> str:
        """'gpu' where TensorFlow sees one."""
        import tensorflow  # late, as above

        return "gpu" if tensorflow.config.list_physical_devices("GPU") else "cpu"


def _is_left_out(bundle: Bundle) -> bool:
    """Whether members cannot be offered it: one of the classic kind knows neither seconds nor an end."""
    if bundle.is_classic:
        log.warning("the model %s is of the classic kind: only `python -m model compose` plays it", bundle.name)
    return bundle.is_classic
