"""An endless supply of training windows with carried state from encoded pieces; styles can be weighted.

Each of `streams` rows plays whole pieces one after another, cut into windows of `length` steps. A row continues in the
next batch, so the recurrent state carries over; `fresh` marks the start of a piece. No window spans two pieces; the
last window of a piece is padded, and the padding has no weight.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import repeat

import numpy as np
from numpy.typing import NDArray

from model.corpora.augmentation import InstrumentAugmentation, InstrumentChanges
from model.representation.base import BLOCK, UNKNOWN, Representation

Steps = NDArray[np.int32]  # raw steps of one piece, (notes, fields)
STYLE = "style"  # the control that says it
OPENING = 8  # steps; they decide meter, tempo and who plays, and there is one such place in hundreds of steps
SHORTEST_EXCERPT, LONGEST_EXCERPT = 48, 1536  # steps, both parts together


def endless_order(
    sizes: Sequence[int],
    styles: Sequence[str],
    balance: float,
    rng: np.random.Generator,
    weights: Mapping[str, float] | None = None,
) -> Iterator[int]:
    """An endless sequence of piece indices; within a style, every piece comes once before any is repeated.

    Args:
        sizes: steps of each piece.
        styles: of each piece; '' counts as a style.
        balance: 0 gives every style the share of the music that it has, 1 the same to each; between, its share is
            drawn in proportion to its steps to the power of 1 - `balance`, as languages are sampled (Conneau et al.
            2020, "Unsupervised Cross-lingual Representation Learning at Scale").
        rng: random generator.
        weights: factor for the frequency of a style; 1 by default, 0 leaves a style out.
    """
    if not balance and not weights:
        while True:
            yield from rng.permutation(len(sizes)).tolist()
    members = {style: [i for i, name in enumerate(styles) if name == style] for style in sorted(set(styles))}
    steps = np.array([sum(sizes[index] for index in indices) for indices in members.values()], dtype=float)
    pieces = np.array([len(indices) for indices in members.values()])
    chances = np.maximum(steps, 1) ** (1 - balance) / (np.maximum(steps, 1) / pieces)
    chances *= [(weights or {}).get(style, 1.0) for style in members]
    waiting: dict[str, list[int]] = {style: [] for style in members}
    names = list(members)
    while True:
        style = names[int(rng.choice(len(names), p=chances / chances.sum()))]
        if not waiting[style]:
            waiting[style] = rng.permutation(members[style]).tolist()
        yield waiting[style].pop()


@dataclass(frozen=True)
class Augmentation:
    """How, and how often, a piece is changed each time it comes up in training."""

    balance: float = 0.0  # see `endless_order`
    opening_weight: float = 1.0  # of each of a piece's first OPENING steps in the loss
    transpose: int = 0  # by up to so many semitones, up or down
    stretch: float = 0.0  # in tempo by up to this share, faster or slower
    excerpts: float = 0.0  # share of pieces cut to a beginning and an ending, as short pieces have them
    controls_hidden: float = 0.5  # chance that nothing is asked of a piece, and of each control where something is
    length_hidden: float = 0.5  # chance that a whole piece does not say how long it is; an excerpt always does
    style_hidden: float | None = None  # chance that a piece does not say its style; None: as of the other controls
    style_weights: Mapping[str, float] = field(default_factory=dict)  # see `endless_order`
    instruments: InstrumentChanges = field(default_factory=InstrumentChanges)  # of representations that know them


@dataclass(frozen=True)
class Played:
    """A piece as it comes up: raw steps, the controls of each block, and its length if told."""

    steps: Steps
    controls: NDArray[np.float32]  # (blocks, width)
    left: int  # own time units until the last onset, or UNKNOWN


class WindowStreams:
    """Batches for `NoteNetwork.call`: one pass over the pieces with `once`, endless with `shuffled`."""

    def __init__(
        self,
        representation: Representation,
        pieces: Sequence[Steps],
        streams: int,
        length: int,
        styles: Sequence[str] = (),
    ) -> None:
        self.representation = representation
        self.pieces = pieces
        self.styles = styles or [""] * len(pieces)
        self.streams = streams
        self.length = length

    @property
    def batches_per_pass(self) -> int:
        """The approximate number of batches in one pass over the pieces."""
        return -(-sum(self._windows(piece) for piece in self.pieces) // self.streams)

    def _windows(self, piece: Steps) -> int:
        return -(-(len(piece) + 1) // self.length)  # END is a step as well

    def shuffled(self, rng: np.random.Generator, augmentation: Augmentation) -> Iterator[tuple[dict]]:
        """Endless batches of the pieces in random order; see `endless_order`."""

        def order() -> Iterator[Played]:
            for piece, style in self.drawn(rng, augmentation):
                yield self._changed(piece, style, rng, augmentation)

        for (batch,) in self._batches(order()):
            batch["weight"][batch["fresh"], :OPENING] *= augmentation.opening_weight
            yield (batch,)

    def drawn(self, rng: np.random.Generator, augmentation: Augmentation) -> Iterator[tuple[Steps, str]]:
        """Endless pieces as they come up in training, each with its style, and augmented if asked for."""
        players = None
        if augmentation.instruments.is_any and self.representation.name == "score":
            players = InstrumentAugmentation(self.pieces, augmentation.instruments)
        sizes = [len(piece) for piece in self.pieces]
        for index in endless_order(sizes, self.styles, augmentation.balance, rng, augmentation.style_weights):
            piece, style = self.pieces[index], self.styles[index]
            yield (piece if players is None else players.changed(piece, style, rng)), style

    def once(self, with_style: bool = False) -> Iterator[tuple[dict]]:
        """Batches that hold every piece once, the longest first so that the rows end together.

        The network is told no controls, or, `with_style`, the style of each piece only.
        """
        ordered = sorted(zip(self.pieces, self.styles, strict=True), key=lambda pair: len(pair[0]), reverse=True)
        return self._batches(
            Played(piece, self._style_alone(piece, style if with_style else ""), UNKNOWN) for piece, style in ordered
        )

    def _style_alone(self, piece: Steps, style: str) -> NDArray[np.float32]:
        """Controls that ask for a style only, (1, width)."""
        controls = np.zeros((1, self.representation.controls.width), dtype=np.float32)
        part = self.representation.controls.slices.get(STYLE)
        if style and part is not None:
            controls[0, part] = self.representation.measured(piece, style)[0, part]
        return controls

    def _changed(self, steps: Steps, style: str, rng: np.random.Generator, how: Augmentation) -> Played:
        """`steps` transposed, stretched and cut at random, with a random choice of their controls."""
        representation = self.representation
        is_excerpt = rng.random() < how.excerpts and len(steps) > LONGEST_EXCERPT
        if is_excerpt:
            steps = representation.excerpt(steps, *_beginning_and_end(rng))
        if how.stretch:
            steps = representation.stretched(steps, float(np.exp(rng.uniform(-how.stretch, how.stretch))))
        steps = representation.transposed(steps, int(rng.integers(-how.transpose, how.transpose + 1)))
        controls = representation.measured(steps, style)
        hide_all = rng.random() < how.controls_hidden
        for name, part in representation.controls.slices.items():
            is_hidden = hide_all or rng.random() < how.controls_hidden
            if name == STYLE and how.style_hidden is not None:
                is_hidden = rng.random() < how.style_hidden
            if is_hidden:
                controls[:, part] = 0
        says_length = is_excerpt or rng.random() >= how.length_hidden
        return Played(steps, controls, int(representation.onsets(steps)[-1]) if says_length else UNKNOWN)

    def _batches(self, order: Iterator[Played]) -> Iterator[tuple[dict]]:
        rows = [_Row(self.representation, self.length) for _ in range(self.streams)]
        with ThreadPoolExecutor(thread_name_prefix="windows") as threads:
            while True:
                for row in rows:
                    if row.is_spent and (piece := next(order, None)) is not None:
                        row.load(piece)
                if all(row.is_spent for row in rows):
                    return
                fresh = np.array([row.is_fresh for row in rows])
                batch = self._blank()
                # the law of a step is compiled and runs without the GIL
                list(threads.map(_Row.fill, rows, repeat(batch), range(len(rows))))
                yield ({**batch, "fresh": fresh},)  # a tuple of inputs alone, as fit wants it

    def _blank(self) -> dict[str, NDArray]:
        """An empty batch."""
        representation, shape = self.representation, (self.streams, self.length)
        fields = len(representation.fields)
        return {
            "previous": np.zeros((*shape, fields), dtype=np.int32),
            "target": np.zeros((*shape, fields), dtype=np.int32),
            "features": np.zeros((*shape, sum(representation.context_sizes.values())), dtype=np.float32),
            "allowed": np.ones((*shape, sum(field.size for field in representation.fields)), dtype=bool),
            "weight": np.zeros((*shape, fields), dtype=np.float32),
            "residual": np.zeros(shape, dtype=np.float32),
        }


def _beginning_and_end(rng: np.random.Generator) -> tuple[int, int]:
    """The number of steps from the beginning and the end that make a short piece out of a long one."""
    length = int(np.exp(rng.uniform(np.log(SHORTEST_EXCERPT), np.log(LONGEST_EXCERPT))))
    first = int(length * rng.uniform(0.2, 0.8))
    return first, length - first


class _Row:
    """The position of one stream in its piece."""

    def __init__(self, representation: Representation, length: int) -> None:
        self._representation, self._length = representation, length
        self._starts = np.array([field.size for field in representation.fields], dtype=np.int32)
        self._previous, self._states = self._starts, representation.new_states()
        self.piece: Played | None = None
        self.position = 0

    @property
    def is_spent(self) -> bool:
        """Whether it has no piece."""
        return self.piece is None

    @property
    def is_fresh(self) -> bool:
        """Whether a piece begins with the next window, or there is none."""
        return self.position == 0

    def load(self, piece: Played) -> None:
        """Begin a piece."""
        self.piece, self.position = piece, 0
        self._previous, self._states = self._starts, self._representation.new_states(piece.left)

    def fill(self, batch: dict[str, NDArray], row: int) -> None:
        """Put the next window into a row of a batch; what pads it at the end of the piece weighs nothing."""
        if self.piece is None:
            return
        controls = self.piece.controls[min(self.position // BLOCK, len(self.piece.controls) - 1)]
        raw = np.ones((self._length, len(self._starts)), dtype=np.int32)
        steps = self.piece.steps[self.position : self.position + self._length]
        raw[: len(steps)] = steps
        trace = self._representation.trace(raw, self._states, controls)
        target, weight = trace.classes, batch["weight"][row]
        weight[: len(steps)] = 1
        batch["residual"][row] = self._representation.quantisation_nats(target) * weight[:, 0]
        if len(steps) < self._length:
            target[len(steps), 0] = self._representation.end_class
            weight[len(steps), 0] = 1
        batch["previous"][row], batch["target"][row] = np.vstack([self._previous, target[:-1]]), target
        batch["features"][row], batch["allowed"][row] = trace.features, trace.allowed
        self._previous = target[-1]
        self.position += self._length
        if len(steps) < self._length:
            self.piece, self.position = None, 0
