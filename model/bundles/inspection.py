"""Checks an untrusted bundle before anything is built from it: sizes, texts, numbers, shapes of weights.

`unpack` checks that a bundle is complete. This module also checks that Cadenza's own training could have written it.
The shapes are computed from the configuration, in the order of `get_weights`, without building the network.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from model.bundles.bundle import (
    CARD,
    CONFIG,
    HISTORY,
    LARGEST_BYTES,
    MANIFEST,
    ORIGINALITY,
    PAGE,
    PRIORS,
    WEIGHTS,
    Card,
    read_manifest,
    unpack,
    verify,
)
from model.bundles.priors import Priors
from model.bundles.zip_format import LARGEST, MIB, REPLAY_SAMPLE, plain_arrays
from model.errors import BundleError, ModelError
from model.network.config import NetworkConfig
from model.piece import NOTE, Piece, table
from model.representation import representation_of

MOST = {"layers": 16, "units": 2_048, "embedding": 2_048, "head_units": 2_048, "memory": 8_192, "window": 1_024}
MOST_STATE = 1 << 24  # size of one piece's state: memory times units, per layer of a Transformer
MOST_WORDS = {"styles": 256, "vocabulary": 20_000}
NOUNS = {"styles": "styles", "vocabulary": "words in its vocabulary"}
LONGEST_WORD = {"styles": 64, "vocabulary": 200}  # letters
LONGEST_NAME = 64  # letters of the representation's name
LONGEST_TEXT = {"title": 80, "description": 400, "data": 4_000, "licence": 1_000, "command": 2_000}  # of a card
MOST_FIGURES, LONGEST_FIGURE = 64, 64  # figures of a card, and letters of a figure's name
MOST_EPOCHS, MOST_VALUES = 20_000, 64  # of a history
LARGEST_VALUE = 1e12
MOST_DENSITIES, DENSEST = 1_000, 1_000.0  # of the priors; notes a second
KINDS = ("f2", "f4")  # of weights

Model = TypeVar("Model", bound=BaseModel)
Shape = tuple[int, ...]
LOOK_BACK = 128  # width of the look-back attention's keys and values
CLASSIC_KERNEL = 5  # notes that a convolution of the classic kind reads
CLASSIC_HEAD = 64  # width of an attention head there
WIDENING = 4  # factor of a Transformer's feed-forward width


def inspect(files: Mapping[str, bytes], name: str) -> None:
    """Check the files of an untrusted bundle called `name`.

    Raises:
        BundleError: names the first thing that is wrong.
    """
    manifest = read_manifest(files.get(MANIFEST, b""), name)
    if unnamed := sorted(set(files) - {MANIFEST} - set(manifest.files)):
        raise BundleError(f"{unnamed[0]} is not in the manifest: export the model again.")
    verify(manifest, files, name)
    if large := next((file for file, data in files.items() if len(data) > LARGEST.get(file, 0)), None):
        raise BundleError(f"{large} is larger than {LARGEST.get(large, 0) / MIB:g} MiB.")
    shapes = _check_config(_parsed(NetworkConfig, files, CONFIG))
    _check_weights(files[WEIGHTS], shapes)
    _check_card(_parsed(Card, files, CARD))
    _check_history(files[HISTORY])
    if PAGE in files:
        _check_text(_decoded(files[PAGE], PAGE), PAGE, LARGEST[PAGE])
    if PRIORS in files:
        _check_priors(_parsed(Priors, files, PRIORS))
    if ORIGINALITY in files:
        _check_originality(files[ORIGINALITY])
    if REPLAY_SAMPLE in files:
        plain_arrays(files[REPLAY_SAMPLE], REPLAY_SAMPLE, LARGEST[REPLAY_SAMPLE])
    unpack(files, name)


def _parsed(kind: type[Model], files: Mapping[str, bytes], file: str) -> Model:
    if file not in files:
        raise BundleError(f"{file} is missing: export the model again.")
    try:
        return kind.model_validate_json(files[file])
    except (ValidationError, ValueError, RecursionError) as error:
        where = ""
        if isinstance(error, ValidationError) and error.errors()[0]["loc"]:
            where = f" ('{str(error.errors()[0]['loc'][0])[:40]}' is wrong)"
        raise BundleError(
            f"{file} is not what this version of Cadenza writes{where}: export the model again."
        ) from error


def _decoded(data: bytes, file: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BundleError(f"{file} is not text: export the model again.") from error


def _check_text(text: str, place: str, longest: int) -> None:
    if len(text) > longest:
        raise BundleError(f"{place} has {len(text):,} characters; the limit is {longest:,}.")
    if any(unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn") and sign != "\n" for sign in text):
        raise BundleError(f"{place} contains invisible or text-reversing characters.")


def _check_config(config: NetworkConfig) -> list[Shape]:
    """The weight shapes of a network of this configuration, if it is within the limits."""
    for size, most in MOST.items():
        if getattr(config, size) > most:
            raise BundleError(f"The network has more than {most:,} {size}, which is the limit.")
    if config.memory * config.units * (config.layers if config.stack == "transformer" else 1) > MOST_STATE:
        raise BundleError("The network needs too much memory per piece.")
    _check_text(config.representation, "The representation's name", LONGEST_NAME)
    for words, most in MOST_WORDS.items():
        held: tuple[str, ...] = getattr(config, words)
        if len(held) > most:
            raise BundleError(f"The network has {len(held):,} {NOUNS[words]}; the limit is {most:,}.")
        for word in held:
            _check_text(word, f"A word of the network's {words}", LONGEST_WORD[words])
        if len(set(held)) < len(held):
            raise BundleError(f"The network's {words} contain duplicates: export the model again.")
    if config.window and (config.representation != "notes" or not config.vocabulary):
        raise BundleError("A network with a window needs the representation 'notes' and a vocabulary.")
    return _shapes(config)


def _shapes(config: NetworkConfig) -> list[Shape]:
    try:
        representation_of(config.representation, config.styles, config.vocabulary)  # raises for words that are none
        shapes = weight_shapes(config)
    except ModelError as error:
        raise BundleError(error.sentence) from error
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:  # a meaningless vocabulary
        raise BundleError(
            f"{CONFIG} has a vocabulary that does not fit the representation '{config.representation}'."
        ) from error
    if 2 * sum(math.prod(shape) for shape in shapes) > LARGEST_BYTES:
        raise BundleError(f"The network would have more than {LARGEST_BYTES // MIB} MiB of weights.")
    return shapes


def _check_weights(data: bytes, shapes: list[Shape]) -> None:
    arrays = plain_arrays(data, WEIGHTS, LARGEST_BYTES)
    if sorted(arrays) != [f"{index:03d}" for index in range(len(arrays))]:
        raise BundleError(f"The arrays of {WEIGHTS} are not numbered consecutively: export the model again.")
    found = [arrays[key] for key in sorted(arrays)]
    if any(array.dtype.str[1:] not in KINDS for array in found):
        raise BundleError(f"{WEIGHTS} contains arrays of the wrong type: export the model again.")
    if len(found) != len(shapes):
        raise BundleError(f"{WEIGHTS} contains {len(found)} arrays; this network has {len(shapes)}.")
    wrong = next((index for index, array in enumerate(found) if array.shape != shapes[index]), None)
    if wrong is not None:
        raise BundleError(f"The weights do not fit the network: array {wrong} has the wrong shape.")


def _check_card(card: Card) -> None:
    for part, longest in LONGEST_TEXT.items():
        _check_text(getattr(card, part), f"The {part} of the card", longest)
    if not card.title.strip():
        raise BundleError("The card has no title: export the model again.")
    if len(card.figures) > MOST_FIGURES:
        raise BundleError(f"The card has {len(card.figures):,} figures; the limit is {MOST_FIGURES}.")
    for figure in card.figures:
        _check_text(figure, "The name of a figure of the card", LONGEST_FIGURE)
    _check_finite(card.figures.values(), "The card")


def _check_finite(values: Iterable[float], place: str) -> None:
    if not all(-LARGEST_VALUE <= value <= LARGEST_VALUE for value in values):  # also false for NaN
        raise BundleError(f"{place} contains NaN, infinite or enormous figures.")


def _check_history(data: bytes) -> None:
    try:
        epochs = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{HISTORY} can't be read: export the model again.") from error
    if not isinstance(epochs, list) or len(epochs) > MOST_EPOCHS:
        raise BundleError(f"{HISTORY} is not a list of at most {MOST_EPOCHS:,} epochs: export the model again.")
    for epoch in epochs:
        if not isinstance(epoch, dict) or len(epoch) > MOST_VALUES:
            raise BundleError(f"{HISTORY} is not a list of figures by name: export the model again.")
        if not all(isinstance(value, int | float) for value in epoch.values()):
            raise BundleError(f"{HISTORY} is not a list of figures by name: export the model again.")
        for name in epoch:
            _check_text(name, f"The name of a figure in {HISTORY}", LONGEST_FIGURE)
        _check_finite(epoch.values(), HISTORY)


def _check_priors(priors: Priors) -> None:
    _check_finite([*priors.notes_per_s, *priors.keys], PRIORS)
    if len(priors.notes_per_s) > MOST_DENSITIES or any(not 0 <= rate <= DENSEST for rate in priors.notes_per_s):
        raise BundleError(f"{PRIORS} contains impossible note densities: export the model again.")


def _check_originality(data: bytes) -> None:
    """Load the index and look up a piece, so that a damaged index fails here and not in a worker."""
    from model.analysis.originality import LARGEST_THINNING, LARGEST_UNPACKED, OriginalityIndex

    arrays = plain_arrays(data, ORIGINALITY, LARGEST_UNPACKED)
    every: NDArray = arrays.get("every", np.zeros(0, dtype=np.int64)).astype(np.float64)
    if every.shape != (2,) or any(one < 1 or one > LARGEST_THINNING or int(one) & (int(one) - 1) for one in every):
        raise BundleError(f"{ORIGINALITY} has no valid thinning factors: export the model again.")
    try:
        index = OriginalityIndex.load(data)
        index.measure(_scale())
    except (ModelError, ValueError, LookupError, TypeError, ArithmeticError, MemoryError) as error:
        raise BundleError(f"{ORIGINALITY} is not an originality index: export the model again.") from error


def _scale() -> Piece:
    return Piece(notes=table(NOTE, [(100 * step, 100, 40 + step, 64, 0) for step in range(40)]))


def weight_shapes(config: NetworkConfig) -> list[Shape]:
    """The shape of every weight array.

    Raises:
        RequestError: the representation is unknown.
    """
    if config.window:
        return _classic(config)
    representation = representation_of(config.representation, config.styles, config.vocabulary)
    fields, contexts = representation.fields, representation.context_sizes
    shapes: list[Shape] = [(field.size + 1, config.embedding) for field in fields]
    shapes += _dense(contexts["input"], config.embedding)
    shapes += _STACKS[config.stack](config)
    for index, field in enumerate(fields):
        shapes += _dense(config.units, config.head_units)
        shapes.append((contexts[field.name], config.head_units))
        shapes += [(other.size, config.head_units) for other in fields[:index]]
        shapes += _dense(config.head_units, field.size)
    return shapes


def _dense(width: int, units: int) -> list[Shape]:
    return [(width, units), (units,)]


def _classic(config: NetworkConfig) -> list[Shape]:
    is_embedded = config.note_input == "embedding"
    width, units = config.embedding if is_embedded else 1, config.units
    shapes: list[Shape] = [(len(config.vocabulary) + 1, width)] if is_embedded else []
    shapes += _CLASSIC_STACKS[config.stack](config, width)
    return [*shapes, *_dense(units, config.head_units), *_dense(config.head_units, len(config.vocabulary))]


def _classic_convolutions(config: NetworkConfig, width: int) -> list[Shape]:
    taps: list[Shape] = [(CLASSIC_KERNEL, config.units, config.units), (config.units,)]
    return [*_dense(width, config.units), *taps * config.layers]


def _classic_transformer(config: NetworkConfig, width: int) -> list[Shape]:
    units, heads = config.units, config.units // CLASSIC_HEAD
    norm: list[Shape] = [(units,), (units,)]
    asks: list[Shape] = [(units, heads, CLASSIC_HEAD), (heads, CLASSIC_HEAD)] * 3
    attention: list[Shape] = [*asks, (heads, CLASSIC_HEAD, units), (units,)]
    wide = [*_dense(units, WIDENING * units), *_dense(WIDENING * units, units)]
    blocks = [*norm, *attention, *norm, *wide] * config.layers
    return [*_dense(width, units), (config.window, units), *blocks, *norm]


def _layers(config: NetworkConfig, width: int, gates: int, bias: Shape) -> list[Shape]:
    """Kernel, recurrent kernel and bias of every recurrent layer; the first layer's inputs have `width`."""
    wide = gates * config.units
    widths = [width, *[config.units] * (config.layers - 1)]
    return [shape for one in widths for shape in ((one, wide), (config.units, wide), bias)]


def _lstm(config: NetworkConfig) -> list[Shape]:
    return _layers(config, config.embedding, 4, (4 * config.units,)) + _look_back(config)


def _gru(config: NetworkConfig) -> list[Shape]:
    return _layers(config, config.embedding, 3, (2, 3 * config.units)) + _look_back(config)


def _look_back(config: NetworkConfig) -> list[Shape]:
    if not config.memory:
        return []
    asks = [*_dense(config.units, LOOK_BACK), *_dense(config.units, LOOK_BACK), *_dense(config.embedding, LOOK_BACK)]
    return [*asks, *_dense(LOOK_BACK, config.units)]


def _convolution(config: NetworkConfig) -> list[Shape]:
    taps = _dense(2 * config.units, 2 * config.units) * config.layers
    return [*_dense(config.embedding, config.units), *taps, *_dense(config.units, config.units) * config.layers]


def _transformer(config: NetworkConfig) -> list[Shape]:
    units = config.units
    norms: list[Shape] = [(units,)] * 4
    attention = [*_dense(units, 3 * units), *_dense(units, units)]
    wide = [*_dense(units, WIDENING * units), *_dense(WIDENING * units, units)]
    blocks = [*norms, *attention, *wide] * config.layers
    return [*_dense(config.embedding, units), *blocks, (units,), (units,)]


_CLASSIC_STACKS = {
    "lstm": lambda config, width: _layers(config, width, 4, (4 * config.units,)),
    "gru": lambda config, width: _layers(config, width, 3, (2, 3 * config.units)),
    "conv": _classic_convolutions,
    "transformer": _classic_transformer,
}
_STACKS = {"lstm": _lstm, "gru": _gru, "conv": _convolution, "transformer": _transformer}
