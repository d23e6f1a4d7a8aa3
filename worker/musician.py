"""What a musician is and what it gives back: a model that is ready to compose, whoever plays it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from model.composing import ComposeOptions
from model.composing.fulfilment import Missed
from model.controls import Controls
from model.piece import Piece
from model.similarity.originality import Originality


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
        """Those asked for that the piece has."""

    @property
    def missed(self) -> tuple[Missed, ...]:
        """Those asked for that it does not have, and why."""

    @property
    def originality(self) -> Originality | None:
        """How much of it stands in the training music; None where the model has no index of that."""

    @property
    def ended(self) -> bool | None:
        """Whether it ended by itself; None where that is not known."""


class Musician(Protocol):
    """A model ready to compose, for several threads at once: see `model.composing.Composer`."""

    def compose(
        self,
        seed: Piece | None,
        options: ComposeOptions,
        on_progress: Callable[[str, float], None],
        should_stop: Callable[[], bool],
    ) -> Composed:
        """Compose what `options` say; `should_stop` is polled every chunk, `on_progress` told stage and 0..1.

        The fraction is one of musical time. Both may be called from another thread than the caller's.
        """

    @property
    def memory_bytes(self) -> int:
        """What it takes up in memory, about."""

    def close(self) -> None:
        """Free its memory. Called once, when nobody composes with it any more."""
