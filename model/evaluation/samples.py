"""The pieces that a report compares: generated ones, real ones for reference, and continuations of seeds.

Real music is chosen by split before it is parsed, in parallel, with the sustain pedal applied.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from model.analysis.key_and_tempo import agree, found_keys, tempo_of
from model.analysis.listening import seed_reuse
from model.controls import Controls
from model.corpora.corpus import split_by_hash
from model.corpora.readers.jsb import read_jsb
from model.corpora.sources import Source, read_sources
from model.errors import DataError, MidiError, RequestError
from model.evaluation.held_out import SPLITS
from model.midi import MidiLimits, read_midi
from model.piece import Piece, cut, excerpts, sustained
from model.representation.four_parts import piece_of

if TYPE_CHECKING:
    from model.bundles import Bundle

FILES_AT_A_TIME = 16  # that a process is handed
JSB_SPLITS = {"auto": "valid", "validation": "valid"}  # as the published file calls them
SEED_S = 15.0  # seconds of real music that are continued
FIRST_SEED = 200_000  # random seeds of these pieces


@dataclass(frozen=True)
class GenerationRequest:
    """One piece to generate; every other option has its default."""

    length_s: float
    random_seed: int
    controls: Controls = field(default_factory=Controls)
    seed: Piece | None = None  # is continued; the result is the new music without it


@dataclass(frozen=True)
class GeneratedPiece:
    """A generated piece, and whether it ended by itself."""

    piece: Piece
    ended: bool


# the results come in the order of the requests; the second argument labels the progress bar
Generate = Callable[[Sequence[GenerationRequest], str], list[GeneratedPiece]]


def generator_for(bundle: Bundle) -> Generate:
    """A `Generate` function for `bundle` with default settings. Compiling it takes some seconds."""
    from model.generation import ComposeOptions, Composer

    composer = Composer(bundle)

    def generate(requests: Sequence[GenerationRequest], purpose: str) -> list[GeneratedPiece]:
        options = [
            ComposeOptions(
                length_s=request.length_s,
                controls=request.controls,
                random_seed=request.random_seed,
                include_seed=False,
            )
            for request in requests
        ]
        seeds = [request.seed for request in requests]
        made: dict[int, GeneratedPiece] = {}
        composed = composer.compose_all(zip(seeds, options, strict=True))
        for place, composition in tqdm(composed, desc=purpose, total=len(requests), unit="piece", file=sys.stderr):
            made[place] = GeneratedPiece(composition.piece, composition.ended)
        return [made[place] for place in range(len(requests))]

    return generate


@dataclass(frozen=True)
class Reference:
    """Real pieces, pedal applied, with the name and the split of the data they are from."""

    name: str
    split: str
    pieces: list[Piece]
    refused: int  # files that could not be read


def read_reference(path: Path, split: str = "auto") -> Reference:
    """The pieces of `split` (see `evaluate`) under `path` (see `read_sources`).

    A file of the JSB chorales (see `model.corpora.readers.jsb`) is read as well; 'auto' is its part 'valid'.

    Raises:
        DataError: when there is no music that can be used.
        RequestError: when there is no such split.
    """
    if path.suffix == ".json":
        return _chorales(path, JSB_SPLITS.get(split, split))
    sources = read_sources(path)
    if split == "auto":
        split = "validation" if any(source.split for source in sources) else "all"
    read = _read_all(chosen(sources, split))
    pieces = [piece for piece in read if piece is not None]
    if not pieces:
        raise DataError(f"No piece in {path} can be read: name a folder of MIDI files.")
    return Reference(path.name, split, pieces, len(read) - len(pieces))


def chosen(sources: list[Source], split: str) -> list[Source]:
    """Those of `sources` in the part `split`: 'train', 'validation' or 'test' of a table, 'heldout' or 'all'.

    Raises:
        RequestError: when there is no such split, or nothing in it.
    """
    if split not in SPLITS:
        raise RequestError(f"There is no split '{split}': choose one of {', '.join(SPLITS)}.")
    if split == "all":
        return sources
    if split == "heldout":
        found = [source for source in sources if split_by_hash(source.data) == "validation"]
    else:
        found = [source for source in sources if source.split == split]
    if not found:
        raise RequestError(f"No piece of this data is in the split '{split}'.")
    return found


def _chorales(path: Path, split: str) -> Reference:
    splits = read_jsb(path)
    chosen_ones = [grid for part in splits.values() for grid in part] if split == "all" else splits.get(split)
    if not chosen_ones:
        raise RequestError(f"{path.name} has no split '{split}'; it has: {', '.join(splits)}.")
    return Reference(path.name, split, [piece_of(grid) for grid in chosen_ones], 0)


def _read_all(sources: list[Source]) -> list[Piece | None]:
    if len(sources) <= FILES_AT_A_TIME:
        return [_read(source) for source in sources]
    # spawned, because Keras may have started threads by now, and a fork would copy their locks as they happen to be
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_read, sources, chunksize=FILES_AT_A_TIME))


def _read(source: Source) -> Piece | None:
    try:
        return sustained(read_midi(source.data, MidiLimits.for_data()).piece)
    except MidiError:
        return None


def continuations(generate: Generate, pieces: Sequence[Piece], length_s: float, count: int) -> dict[str, Any]:
    """Continue seeds cut from `pieces`, and compare with the real continuations.

    Args:
        generate: the composer.
        pieces: real music from outside the training set.
        length_s: seconds of each continuation.
        count: most seeds; fewer if `pieces` are too short.
    """
    found = excerpts(list(pieces), SEED_S + length_s, count)
    seeds = [cut(one.piece, 0, SEED_S) for one in found]
    usable = [index for index, seed in enumerate(seeds) if len(seed)]
    seeds = [seeds[index] for index in usable]
    real = [cut(found[index].piece, SEED_S, length_s) for index in usable]
    requests = [GenerationRequest(length_s, FIRST_SEED + number, seed=seed) for number, seed in enumerate(seeds)]
    composed = [one.piece for one in generate(requests, "continuations")]
    kept = {"real": _kept(seeds, real), "composed": _kept(seeds, composed)}
    return {
        "seeds": len(seeds),
        "seed_s": SEED_S,
        "length_s": length_s,
        **kept,
        "of_real": {name: _share(kept["composed"][name], kept["real"][name]) for name in ("key", "tempo")},
    }


def _kept(seeds: Sequence[Piece], after: Sequence[Piece]) -> dict[str, float | None]:
    """How often the music after the seed keeps its key and tempo, and the share of its phrases that return."""
    keys = found_keys(seeds) == found_keys(after)
    tempi = [(tempo_of(seed), tempo_of(piece)) for seed, piece in zip(seeds, after, strict=True)]
    told = [agree(one, other) for one, other in tempi if one is not None and other is not None]
    reused = [seed_reuse(seed, piece) for seed, piece in zip(seeds, after, strict=True)]
    phrases = float(np.nanmean(reused)) if np.isfinite(reused).any() else None
    return {"key": float(np.mean(keys)), "tempo": float(np.mean(told)) if told else None, "phrases": phrases}


def _share(part: float | None, whole: float | None) -> float | None:
    return part / whole if part is not None and whole else None
