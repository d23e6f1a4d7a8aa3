"""Held-out likelihood of a bundle: every figure together with the words that say what it means.

Figures can be compared across papers only if data, split, events and pedal are the same, so the words travel with them.
The likelihood of the JSB chorales follows its published protocol (Huang et al. 2019, "Music Transformer", table 2):
sixteenths, every pitch in the order soprano, alto, tenor, bass, each predicted from all before it. The network gets no
controls and no length, and the end of a piece is neither predicted nor counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from model.corpora.corpus import Corpus, EncodedFile, encode_files
from model.corpora.readers.jsb import split_of
from model.errors import DataError, RequestError
from model.evaluation.ngrams import floors
from model.representation import Performance, Representation

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.network import NoteNetwork

SPLITS = ("auto", "train", "validation", "test", "heldout", "all")
FITTED_ON_TRAIN = "train part of the same data"
FITTED_ON_OTHERS = "the other pieces of the same data"
EVENTS_DEFINITION = (
    "Performance RNN's 388 events (Oore et al. 2018): 128 note-ons, 128 note-offs, 100 time shifts of 10 ms to 1 s, "
    "32 velocities said when they change; the nats are those of the whole piece, its end included, to the 10 ms step."
)
NAME = "jsb16"
DEFINITION = (
    "JSB chorales on a grid of sixteenths, four tokens a step in the order soprano, alto, tenor, bass, one MIDI pitch "
    "(or silence) per token; mean negative log-likelihood in nats over all tokens of the split, ends not counted, "
    "nothing told to the model beforehand."
)
STREAMS, WINDOW = 32, 128  # how the pieces are read; they change the speed and nothing else


@dataclass(frozen=True)
class Parts:
    """The files to evaluate, the name of their split, and the files that the baselines are fitted on."""

    split: str
    evaluated: list[EncodedFile]
    fitted: list[EncodedFile]  # empty: each piece is judged by all the other evaluated ones


def evaluate(bundle: Bundle, path: Path, split: str = "auto", is_rounded: bool = False) -> dict[str, Any]:
    """How well `bundle` predicts the pieces under `path`, beside n-gram baselines; plain JSON.

    Args:
        bundle: the bundle to evaluate.
        path: a folder or archive of MIDI files (see `model.corpora.sources`).
        split: 'train', 'validation' or 'test' as a table in the data names them; 'heldout' for the pieces that training
            without a table holds out; 'all'; or 'auto': 'validation' where a table names splits, else 'all'.
        is_rounded: with products in whole numbers of 8 bits, as the engine draws on a CPU.

    Raises:
        RequestError: there is no such split, or `is_rounded` with a classic bundle.
        DataError: the data holds no usable music.
    """
    from model.training.likelihood import nats  # imports Keras, which the processes that read MIDI do not need

    if bundle.is_classic:
        return _classic(bundle, path, split, is_rounded)
    corpus = encode_files(path, bundle.representation)
    parts = choose(corpus, split)
    pieces = [file.steps for file in parts.evaluated]
    network = bundle.network(is_rounded)
    likelihood = nats(network, pieces)
    return {
        **_shared_among(network.representation, likelihood.nats_total, parts),
        "pieces": len(pieces),
        "notes": likelihood.notes,
        "nats_per_note": likelihood.nats_per_note,
        "per_field": likelihood.field_nats_per_note,
        "split": parts.split,
        "rounded": is_rounded,
        "left_out": len(corpus.refused),
        "floors_fitted_on": FITTED_ON_TRAIN if parts.fitted else FITTED_ON_OTHERS,
        "bundle": bundle.name,
        "version": bundle.version,
    }


def _classic(bundle: Bundle, path: Path, split: str, is_rounded: bool) -> dict[str, Any]:
    if is_rounded:
        raise RequestError(f"'{bundle.name}' is of the classic kind, which is never drawn from with rounding.")
    from model.classic.evaluating import evaluate_classic

    return evaluate_classic(bundle, path, split)


def _shared_among(representation: Representation, nats_total: float, parts: Parts) -> dict[str, Any]:
    """Nats per event with baselines if the representation is made of pieces' 388 events; else per symbol."""
    count = sum(representation.count(file.steps) for file in parts.evaluated)
    if representation.symbol != Performance.symbol:
        return {"nats_per_token": nats_total / count, "tokens": count, "symbol": representation.symbol}
    # every representation that counts by 388-events has them as its symbols
    events, fitted = (
        [symbols for file in part if (symbols := representation.symbols(file.steps)) is not None]
        for part in (parts.evaluated, parts.fitted)
    )
    floor = floors(events, fitted)
    return {
        "nats_per_event": nats_total / count,
        "events": count,
        "unigram": floor.unigram,
        "trigram": floor.trigram,
        "pedal": "applied",
        "events_definition": EVENTS_DEFINITION,
    }


def choose(corpus: Corpus, split: str) -> Parts:
    """The files of `split` (see `evaluate`) and the files that the baselines are fitted on.

    Raises:
        RequestError: when there is no such split, or no file in it.
    """
    if split not in SPLITS:
        raise RequestError(f"There is no split '{split}': choose one of {', '.join(SPLITS)}.")
    if split == "auto":
        split = "validation" if any(file.split for file in corpus.files) else "all"
    if split == "all":
        return Parts(split, corpus.files, [])
    part_of = {file.name: (file.hash_split if split == "heldout" else file.split) for file in corpus.files}
    wanted = "validation" if split == "heldout" else split
    evaluated = [file for file in corpus.files if part_of[file.name] == wanted]
    if not evaluated:
        parts = sorted({part for part in part_of.values() if part}) or ["none"]
        raise RequestError(f"No piece of this data is in the split '{split}'; it has: {', '.join(parts)}.")
    fitted = [] if wanted == "train" else [file for file in corpus.files if part_of[file.name] == "train"]
    return Parts(split, evaluated, fitted)


def evaluate_jsb16(bundle: Bundle, path: Path, split: str = "valid", is_rounded: bool = False) -> dict[str, Any]:
    """Nats per pitch of the chorales under `bundle`; plain JSON.

    Args:
        bundle: of a network that reads the `voices` representation.
        path: JSON of chorales (see `model.corpora.readers.jsb`).
        split: the name of one of its lists.
        is_rounded: with products in whole numbers of 8 bits, as the engine draws on a CPU.

    Raises:
        RequestError: when the bundle's network reads something else.
        DataError: when the file cannot be used.
    """
    if bundle.representation != "voices":
        raise RequestError(
            f"The protocol {NAME} needs a model of four voices; '{bundle.name}' reads '{bundle.representation}'. "
            "The bundle 'chorale' is one."
        )
    pieces = split_of(path, split)
    nats = pitch_nats(bundle.network(is_rounded), pieces)
    steps = sum(map(len, pieces))
    voices = ("soprano", "alto", "tenor", "bass")
    return {
        "nll_per_token": float(nats.sum()) / (steps * nats.size),
        "nll_per_step": float(nats.sum()) / steps,
        "tokens": steps * nats.size,
        "steps": steps,
        "pieces": len(pieces),
        "per_voice": dict(zip(voices, (nats / steps).tolist(), strict=True)),
        "split": split,
        "rounded": is_rounded,
        "protocol": NAME,
        "definition": DEFINITION,
        "bundle": bundle.name,
        "version": bundle.version,
    }


def pitch_nats(network: NoteNetwork, pieces: list[NDArray[np.int32]]) -> NDArray[np.float64]:
    """Total nats of the pitches of all pieces, by voice, (4,).

    Args:
        network: of the `voices` representation, on any backend.
        pieces: pitches from soprano to bass, int32 (sixteenths, 4) each, -1 = silent.

    Raises:
        DataError: a voice leaps further than the network's classes allow.
    """
    from model.corpora.windows import WindowStreams
    from model.training.likelihood import CarriedLikelihood

    _check_leaps(pieces)
    streams = min(STREAMS, len(pieces))
    model = CarriedLikelihood(network, streams)  # its own carried states
    model.compile(jit_compile=False)
    total = np.zeros(len(network.representation.fields))
    for (batch,) in WindowStreams(network.representation, pieces, streams, WINDOW).once():
        logits = [np.asarray(part, dtype=np.float64) for part in model.predict_on_batch(batch)]
        logits[0][..., network.representation.end_class] = -np.inf  # given that the piece goes on
        counts = batch["weight"] * (batch["target"][..., :1] != network.representation.end_class)
        for voice, part in enumerate(logits):
            chosen = np.take_along_axis(part, batch["target"][..., voice, None], axis=-1)[..., 0]
            cost = np.logaddexp.reduce(part, axis=-1) - chosen
            total[voice] += cost[counts[..., voice] > 0].sum()
    return total


def _check_leaps(pieces: list[NDArray[np.int32]]) -> None:
    from model.representation.four_parts import WIDEST, within_reach

    for number, piece in enumerate(pieces, 1):
        if not np.array_equal(within_reach(piece), piece):
            raise DataError(
                f"A voice of piece {number} leaps by more than {WIDEST} semitones, further than a chorale and this "
                "model go."
            )
