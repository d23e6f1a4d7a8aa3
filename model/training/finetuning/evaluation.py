"""Composes with the new bundle: measures whether it copies the data set, and writes examples to listen to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from model.analysis.originality import OriginalityIndex
from model.bundles import Bundle
from model.errors import RequestError
from model.files import replace_file
from model.generation import ComposeOptions, Composer
from model.generation.seeds import first_part
from model.midi import write_midi
from model.piece import Piece
from model.training.finetuning.verdict import OriginalityFigures

if TYPE_CHECKING:
    from model.generation import Composition
    from model.representation import Representation

COMPOSED = 12  # pieces at defaults, half a minute each
LISTENING = "listening"  # folder
EXAMPLES = 3  # held-out pieces that are continued
SEED_S, CONTINUATION_S = 10.0, 20.0
SHORTEST_SEED = 4  # notes


class AnyComposer(Protocol):
    """Composes with a bundle: see `model.generation.Composer`."""

    @property
    def representation(self) -> Representation:
        """Of its network."""

    def compose(self, seed: Piece | None, options: ComposeOptions | None = None) -> Composition:
        """A piece."""

    def compose_all(self, requests: Iterable[tuple[Piece | None, ComposeOptions]]) -> Iterator[tuple[int, Composition]]:
        """Many pieces, each with its place among the requests."""

    def close(self) -> None:
        """Free its memory."""


OnShare = Callable[[float], None]  # how much is done, 0..1


def judged(
    bundle: Bundle,
    before: Bundle | None,
    pieces: tuple[Sequence[NDArray[np.int32]], Sequence[NDArray[np.int32]]],
    folder: Path,
    on_share: OnShare,
    composer_of: Callable[[Bundle], AnyComposer] = Composer,
) -> tuple[OriginalityFigures, tuple[str, ...]]:
    """Compose with `bundle`, measure the originality of its pieces, and write examples to listen to into `folder`.

    Args:
        bundle: the new one.
        before: the bundle it was fine-tuned from, if any.
        pieces: raw steps of the set's training pieces and of its held-out ones.
        folder: of the run.
        on_share: receives the progress, 0..1.
        composer_of: makes a composer of a bundle.

    Returns:
        The originality, and the example files, relative to `folder`.
    """
    train, held_out = pieces
    on_share(0.0)
    with closing(composer_of(bundle)) as composer:
        representation = composer.representation
        decoded = [representation.decode(np.asarray(steps)) for steps in held_out]
        composed = []
        for _, one in composer.compose_all((None, ComposeOptions(random_seed=number)) for number in range(COMPOSED)):
            composed.append(one.piece)
            on_share(0.6 * len(composed) / COMPOSED)
        index = OriginalityIndex.of((representation.decode(np.asarray(steps)) for steps in train), exact=True)
        written = [*_continued(composer, decoded, folder, "after")]
    on_share(0.8)
    if before is not None:
        with closing(composer_of(before)) as composer:
            written += _continued(composer, decoded, folder, "before")
    on_share(1.0)
    return _originality(index, composed, decoded), tuple(sorted(written))


def _originality(index: OriginalityIndex, composed: Sequence[Piece], held_out: Sequence[Piece]) -> OriginalityFigures:
    return OriginalityFigures(
        pieces=len(composed),
        share_16=index.pooled(composed, 16).value,
        longest_run=max((index.longest_run(piece) for piece in composed), default=0),
        human_share_16=index.pooled(held_out, 16).value,
        human_longest_run=max((index.longest_run(piece) for piece in held_out), default=0),
    )


def _continued(composer: AnyComposer, held_out: Sequence[Piece], folder: Path, when: str) -> Iterator[str]:
    """Write continuations of the first pieces as `listening/1-after.mid` and so on; yields the names."""
    (folder / LISTENING).mkdir(parents=True, exist_ok=True)
    seeds = [first_part(piece, SEED_S) for piece in held_out]
    seeds = [seed for seed in seeds if len(seed) >= SHORTEST_SEED][:EXAMPLES]
    for number, seed in enumerate(seeds, start=1):
        options = ComposeOptions(length_s=CONTINUATION_S, random_seed=number)
        try:
            piece = composer.compose(seed, options).piece
        except RequestError:  # nothing in it that the model can go on from
            continue
        name = f"{LISTENING}/{number}-{when}.mid"
        with replace_file(folder / name) as file:
            file.write(write_midi(piece))
        yield name
