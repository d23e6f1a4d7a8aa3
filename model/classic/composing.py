"""Notes drawn from a classic network, a window read for each; and a piece of so many of them.

`ClassicComposer` is used by the command line and by the worker, where it stands beside `model.generation.Composer`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

import keras
import numpy as np
from numpy.typing import NDArray

from model.analysis.originality import Originality, originality_of
from model.bundles import Bundle
from model.classic.starts import Start, of_names
from model.classic.windows import after
from model.errors import RequestError
from model.generation.compose import Composition
from model.generation.control_checks import fulfilment_of
from model.generation.options import DEFAULT_LENGTH_S, DEFAULT_TOP_P, ComposeOptions, SamplingParameters
from model.generation.sampler import draw_one
from model.network.classic import ClassicNetwork, carrying_model, zero_states
from model.piece import Piece
from model.representation.notes import Notes, words_in
from model.representation.spelling import END, QUARTERS_PER_SECOND

MOST_NOTES = 20_000
LONGEST_STRIDE = 100
MOST_PER_SECOND = 40  # words a second that a piece of a given length is drawn at most
STUCK_SHARE = 0.5  # of all notes; a piece in which one note has a larger share is stuck on it

STUCK = (
    "{share:.0%} of the notes are {name}: the network got stuck on it, as networks of this kind do when the likeliest "
    "note is always taken. Draw at a temperature of 1, or train it on more music."
)
CONTINUES_ONLY = "A model of the classic kind can only continue a seed: choose the mode continue."
NO_BARS = "A model of the classic kind counts no bars: give a length in seconds."

ShouldStop = Callable[[], bool]
IsEnough = Callable[[NDArray[np.int32]], bool]


@dataclass(frozen=True)
class ClassicRequest:
    """What is asked of a classic bundle.

    Attributes:
        notes: words to compose at most: notes, chords, rests.
        sampling: how to draw; `top_k` 1 always takes the likeliest.
        random_seed: names the piece among all that could follow.
        stride: words drawn for each time that the window is read.
        until_end: whether the piece may end where the network draws its end; else no end is drawn.
    """

    notes: int = 500
    sampling: SamplingParameters = field(default_factory=SamplingParameters)
    random_seed: int = 0
    stride: int = 1
    until_end: bool = False

    def check(self) -> None:
        """Raises RequestError when a value is out of range."""
        if not 1 <= self.notes <= MOST_NOTES:
            raise RequestError(f"The number of notes must lie between 1 and {MOST_NOTES:,}.")
        if not 1 <= self.stride <= LONGEST_STRIDE:
            raise RequestError(f"The stride must lie between 1 and {LONGEST_STRIDE} notes.")
        if not 0.1 <= self.sampling.temperature <= 2:
            raise RequestError("The temperature must lie between 0.1 and 2.")
        if self.sampling.top_k < 0:
            raise RequestError("Top-k is a number of notes from 1 on, or 0 for all of them.")
        if self.random_seed < 0:
            raise RequestError("The random seed must be a whole number from 0 on.")


@dataclass(frozen=True)
class ClassicComposition:
    """A finished piece: `composed` are the indices of the new words, `started` how many given ones come before."""

    piece: Piece
    composed: NDArray[np.int32]
    started: int
    remarks: tuple[str, ...]
    seconds_taken: float
    originality: Originality | None = None


class ClassicComposer:
    """Composes with one bundle of the classic kind; safe to use from many threads."""

    def __init__(self, bundle: Bundle) -> None:
        """Load the bundle and compile its network, which takes some seconds."""
        self.bundle = bundle
        self.notes = Notes(vocabulary=bundle.config.vocabulary)
        self.network = bundle.classic_network()
        self._learnt_from = bundle.originality()
        self.network.probabilities(after(np.zeros(0, dtype=np.int32), bundle.config.window)[None])

    def write(
        self, start: Start, request: ClassicRequest, should_stop: ShouldStop = lambda: False
    ) -> ClassicComposition:
        """`request.notes` new words after `start`; the same values give the same piece.

        Raises:
            RequestError: a value is out of range.
        """
        began = time.perf_counter()
        composed = draw(self.network, start.notes, request, should_stop)
        given = start.notes if start.is_part_of_piece else start.notes[:0]
        piece = self.notes.decode(self.notes.steps_of_tokens(np.concatenate([given, composed])))
        remarks = (*start.remarks, *self._stuck(composed))
        seconds = time.perf_counter() - began
        originality = originality_of(self._decoded(composed), self._learnt_from)
        return ClassicComposition(piece, composed, len(given), remarks, seconds, originality)

    def compose(
        self,
        seed: Piece | None,
        options: ComposeOptions | None = None,
        on_progress: Callable[[str, float], None] = lambda stage, fraction: None,
        should_stop: ShouldStop = lambda: False,
    ) -> Composition:
        """A piece as `model.generation.Composer.compose` makes one, as far as the classic kind can: see there.

        Raises:
            RequestError: a value is out of range, or the classic kind cannot do it.
        """
        options = options or ComposeOptions()
        options.check()
        if seed is not None and options.mode != "continue":
            raise RequestError(CONTINUES_ONLY)
        if options.bars is not None:
            raise RequestError(NO_BARS)
        length_s = options.length_s or DEFAULT_LENGTH_S
        start = Start(np.zeros(0, dtype=np.int32)) if seed is None else self._start(seed)
        start = start if options.include_seed else replace(start, is_part_of_piece=False)

        passed_s, counted = 0.0, 0

        def is_enough(composed: NDArray[np.int32]) -> bool:
            nonlocal passed_s, counted
            passed_s += self._seconds(composed[counted:])
            counted = len(composed)
            on_progress("composing", min(1.0, passed_s / length_s))
            return passed_s >= length_s

        request = ClassicRequest(round(length_s * MOST_PER_SECOND), options.sampling, options.random_seed)
        began = time.perf_counter()
        composed = draw(self.network, start.notes, request, should_stop, is_enough)
        sampled = time.perf_counter() - began
        new = self._decoded(composed)
        given = start.notes if start.is_part_of_piece else start.notes[:0]
        piece = self._decoded(np.concatenate([given, composed]))
        stopped = not is_enough(composed) and should_stop()
        found = fulfilment_of(options, new, self.notes, new_s=None if stopped else passed_s)
        return Composition(
            piece=piece,
            seed_s=self._seconds(given),
            notes=len(piece),
            composed_notes=len(new),
            remarks=(*start.remarks, *self._stuck(composed)),
            stopped=stopped,
            ended=False,
            controls=found.controls,
            missed=found.missed,
            timings={"prime": 0.0, "sample": sampled},
            originality=originality_of(new, self._learnt_from),
        )

    def originality(self, piece: Piece) -> Originality | None:
        """How much of `piece`, whoever wrote it, occurs in the training set; None for a bundle without an index."""
        return originality_of(piece, self._learnt_from)

    def compose_all(self, requests: Iterable[tuple[Piece | None, ComposeOptions]]) -> Iterator[tuple[int, Composition]]:
        """Many pieces, one after another, each with its place among the requests."""
        for place, (seed, options) in enumerate(requests):
            yield place, self.compose(seed, options)

    @property
    def representation(self) -> Notes:
        """Of its network."""
        return self.notes

    @property
    def memory_bytes(self) -> int:
        """What it takes in memory: the weights as stored and as the network has them."""
        return sum(weight.nbytes + 4 * weight.size for weight in self.bundle.weights)

    def close(self) -> None:
        """Nothing runs that would have to be stopped."""

    def _start(self, seed: Piece) -> Start:
        words = words_in(seed, self.notes.spelling)
        if not words:
            raise RequestError("The seed has only drums: give one with notes that have a pitch.")
        return of_names([word for word in words if word != END], self.notes)

    def _decoded(self, words: NDArray[np.int32]) -> Piece:
        return self.notes.decode(self.notes.steps_of_tokens(words))

    def _seconds(self, words: NDArray[np.int32]) -> float:
        quarters = sum(map(self.notes.spelling.passing, self.notes.names(words[:, None])))
        return quarters / QUARTERS_PER_SECOND

    def _stuck(self, composed: NDArray[np.int32]) -> tuple[str, ...]:
        counts = Counter(self.notes.names(composed[:, None]))
        name, count = counts.most_common(1)[0] if counts else ("", 0)
        share = count / max(1, len(composed))
        return (STUCK.format(share=share, name=name),) if share > STUCK_SHARE else ()


def draw(
    network: ClassicNetwork,
    start: NDArray[np.int32],
    request: ClassicRequest,
    should_stop: ShouldStop = lambda: False,
    is_enough: IsEnough = lambda composed: False,
) -> NDArray[np.int32]:
    """`request.notes` words after those in `start`, indices int32 (words,); fewer where one of the functions says so.

    Args:
        network: what draws them.
        start: indices of given words, int32 (words,); its end is what the network hears first.
        request: how many, and how.
        should_stop: asked before each reading.
        is_enough: the same, told what is composed so far.

    Raises:
        RequestError: a value is out of range, or a stride is asked of a stack that carries no state.
    """
    request.check()
    vocabulary = network.config.vocabulary
    end = vocabulary.index(END) if END in vocabulary else -1
    stride = request.stride
    read = _StateReader(network) if stride > 1 else _WindowReader(network)
    uniforms = np.random.Generator(np.random.Philox(request.random_seed))
    line = [int(index) for index in start]
    while (left := request.notes + len(start) - len(line)) > 0:
        composed = np.array(line[len(start) :], dtype=np.int32)
        if should_stop() or is_enough(composed) or (request.until_end and line[len(start) :][-1:] == [end]):
            break
        for turn in range(min(stride, left)):
            chances = read.chances(line, is_anew=not turn)
            if end >= 0 and not request.until_end:
                chances[end] = 0.0
            line.append(_drawn(chances, float(uniforms.random()), request.sampling))
    return np.array(line[len(start) :], dtype=np.int32)


class _WindowReader:
    """Reads the window anew for every word."""

    def __init__(self, network: ClassicNetwork) -> None:
        self._network = network

    def chances(self, line: list[int], is_anew: bool) -> NDArray[np.float32]:
        """The probability of every word after `line`, (vocabulary,)."""
        window = after(np.array(line, dtype=np.int32), self._network.config.window)
        return np.array(self._network.probabilities(window[None])[0])


class _StateReader:
    """Reads the window once for several words, and carries the recurrent state between them."""

    def __init__(self, network: ClassicNetwork) -> None:
        self._network = network
        self._model: keras.Model = carrying_model(network.config)
        self._model.set_weights(network.get_weights())
        self._states = zero_states(network.config)

    def chances(self, line: list[int], is_anew: bool) -> NDArray[np.float32]:
        """The probability of every word after `line`, (vocabulary,): its window read anew, or its last word only."""
        words = np.array(line if is_anew else line[-1:], dtype=np.int32)
        if is_anew:
            words, self._states = after(words, self._network.config.window), zero_states(self._network.config)
        found, *self._states = self._model.predict_on_batch([self._network.inputs(words[None]), *self._states])
        return np.array(found[0])


def _drawn(chances: NDArray[np.float32], uniform: float, sampling: SamplingParameters) -> int:
    """A class out of probabilities (vocabulary,)."""
    top_p = DEFAULT_TOP_P if sampling.top_p is None else sampling.top_p
    with np.errstate(divide="ignore"):
        logits = np.log(np.maximum(chances, 0)).astype(np.float32)
    parameters = float(sampling.temperature), sampling.top_k, float(top_p), float(sampling.min_p)
    return int(draw_one(np.maximum(logits, -1e9), uniform, *parameters, np.zeros(len(logits))))
