"""From a request to a classic piece: what it starts from, so many notes more, and what to say of them."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.bundles import Bundle
from model.classic.sampling import ClassicSampler, ShouldStop
from model.classic.starts import Start
from model.errors import RequestError
from model.generation.options import SamplingParameters
from model.piece import Piece
from model.representation.notes import Notes

MOST_NOTES = 20_000
LONGEST_STRIDE = 100
STUCK_SHARE = 0.5  # of all notes; a piece in which one note has a larger share is stuck on it

STUCK = (
    "{share:.0%} of the notes are {name}: the network got stuck on it, as networks of this kind do when the likeliest "
    "note is always taken. Draw at a temperature of 1, or train it on more music."
)


@dataclass(frozen=True)
class ClassicRequest:
    """What is asked of a classic bundle."""

    notes: int = 500
    taste: SamplingParameters = field(default_factory=SamplingParameters)
    random_seed: int = 0
    stride: int = 1  # notes for each reading of the window

    def check(self) -> None:
        """Raises RequestError when a value is out of range."""
        if not 1 <= self.notes <= MOST_NOTES:
            raise RequestError(f"The number of notes must lie between 1 and {MOST_NOTES:,}.")
        if not 1 <= self.stride <= LONGEST_STRIDE:
            raise RequestError(f"The stride must lie between 1 and {LONGEST_STRIDE} notes.")
        if not 0.1 <= self.taste.temperature <= 2:
            raise RequestError("The temperature must lie between 0.1 and 2.")
        if self.taste.top_k < 0:
            raise RequestError("Top-k is a number of notes from 1 on, or 0 for all of them.")
        if self.random_seed < 0:
            raise RequestError("The random seed must be a whole number from 0 on.")


@dataclass(frozen=True)
class ClassicComposition:
    """A finished piece: `composed` are the indices of the new notes, `started` how many given ones come before."""

    piece: Piece
    composed: NDArray[np.int32]
    started: int
    remarks: tuple[str, ...]
    seconds_taken: float


class ClassicComposer:
    """Composes with one bundle of the classic kind."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.notes = Notes(vocabulary=bundle.config.vocabulary)
        self._sampler = ClassicSampler(bundle.classic_network())

    def compose(
        self, start: Start, request: ClassicRequest, should_stop: ShouldStop = lambda: False
    ) -> ClassicComposition:
        """`request.notes` new notes or chords after `start`; the same values give the same piece.

        Raises:
            RequestError: when a value is out of range.
        """
        request.check()
        began = time.perf_counter()
        composed = self._sampler.notes(
            start.notes, request.notes, request.taste, request.random_seed, request.stride, should_stop
        )
        given = start.notes if start.is_part_of_piece else start.notes[:0]
        piece = self.notes.decode(self.notes.steps_of_tokens(np.concatenate([given, composed])))
        remarks = (*start.remarks, *self._stuck(composed))
        return ClassicComposition(piece, composed, len(given), remarks, time.perf_counter() - began)

    def _stuck(self, composed: NDArray[np.int32]) -> tuple[str, ...]:
        counts = Counter(self.notes.names(composed[:, None]))
        name, count = counts.most_common(1)[0] if counts else ("", 0)
        share = count / max(1, len(composed))
        return (STUCK.format(share=share, name=name),) if share > STUCK_SHARE else ()
