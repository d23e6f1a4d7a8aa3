"""The numbers of a network as compiled code reads them: matrices packed one after another, biases and tables likewise.

Beside them the memory of one piece (the decoder state of its stack) and a thread's scratch for intermediate results.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.generation.kernels.products import PANEL, pack, padded_size
from model.network import NoteNetwork
from model.network.attention import HEAD_UNITS, HEADS, LookBack
from model.network.stacks import RecurrentStack

__all__ = ["HEADS", "HEAD_UNITS", "Memory", "Scratch", "Weights", "new_memory", "new_scratch", "weights_of"]

LSTM, GRU = 0, 1
WIDTH = HEADS * HEAD_UNITS  # of a look-back
# columns of `Weights.layers`; places are in `packed` for matrices, in `floats` for biases, in the memory for STATE
KIND, INPUTS, UNITS, KERNEL, BIAS, STATE, RECURRENT_KERNEL, RECURRENT_BIAS = range(8)
# of `Weights.look`
BEFORE_LAYER, IS_WAITING, ASK, ASK_BIAS, VALUE, VALUE_BIAS, ANSWER, ANSWER_BIAS = range(8)
COUNT, NEXT = 0, 1  # of `Memory.moments`
MOST_FIELDS = 5  # of a step

# where the parts of the input embedding lie, and those of one head: matrices in `packed`, the rest in `floats`
EMBED = np.dtype(
    [
        ("features", np.int64),
        ("features_size", np.int64),
        ("width", np.int64),
        ("bias", np.int64),
        ("tables", np.int64, (MOST_FIELDS,)),  # of each field
    ],
    align=True,
)
HEAD = np.dtype(
    [
        ("stack", np.int64),
        ("stack_units", np.int64),
        ("units", np.int64),
        ("stack_bias", np.int64),
        ("features", np.int64),
        ("features_size", np.int64),
        ("classes", np.int64),
        ("size", np.int64),
        ("classes_bias", np.int64),
        ("tables", np.int64, (MOST_FIELDS,)),  # of the fields before
    ],
    align=True,
)


class Weights(NamedTuple):
    """A network.

    Attributes:
        packed: all matrices, uint8, see `products.pack`.
        floats: biases and embedding tables, float32.
        embed, heads: records, where the parts of the input embedding and of each head lie.
        layers: int64 (layers, 8), of a recurrent stack; no rows for other stacks.
        look: int64 (8,), of its look-back; BEFORE_LAYER is -1 where there is none.
    """

    packed: NDArray[np.uint8]
    floats: NDArray[np.float32]
    embed: NDArray[np.void]
    heads: NDArray[np.void]
    layers: NDArray[np.int64]
    look: NDArray[np.int64]


class Memory(NamedTuple):
    """What a recurrent stack remembers of one piece.

    Attributes:
        states: float32, hidden and cell of every layer, then the look-back's waiting key and whether there is one.
        keys, values: float32 (width, moments) and (moments, width), a ring of the look-back's moments.
        moments: int64 (2,), how many are filled, and where the next goes.
    """

    states: NDArray[np.float32]
    keys: NDArray[np.float32]
    values: NDArray[np.float32]
    moments: NDArray[np.int64]


class Scratch(NamedTuple):
    """Room for the intermediate results of one thread.

    Attributes:
        floats: float32 (7, widest), see the names of its rows.
        rounded: uint8, inputs of a product.
        probabilities: float64 (classes,).
        masks: uint8 (2, classes).
    """

    floats: NDArray[np.float32]
    rounded: NDArray[np.uint8]
    probabilities: NDArray[np.float64]
    masks: NDArray[np.uint8]


STACK_INPUT, STACK_OUTPUT, GATES, MORE_GATES, FOUND, FEATURES, LOGITS = range(7)  # rows of `Scratch.floats`


class _Store:
    """Matrices and vectors laid one after another."""

    def __init__(self) -> None:
        self.matrices: list[NDArray[np.uint8]] = []
        self.vectors: list[NDArray[np.float32]] = []

    def matrix(self, values: NDArray) -> int:
        """Where a matrix (inputs, outputs) begins."""
        at = sum(map(len, self.matrices))
        self.matrices.append(pack(np.asarray(values, dtype=np.float32)).data)
        return at

    def vector(self, values: NDArray) -> int:
        """Where a bias, or a table row by row, begins."""
        at = sum(map(len, self.vectors))
        self.vectors.append(np.asarray(values, dtype=np.float32).reshape(-1))
        return at


def weights_of(network: NoteNetwork) -> Weights:
    """The numbers of `network`; those of a stack that is not recurrent stay with Keras."""
    store, fields = _Store(), len(network.representation.fields)
    embed, heads = np.zeros(1, dtype=EMBED), np.zeros(fields, dtype=HEAD)
    kernel, bias = (np.asarray(weight) for weight in network.embed_situation.get_weights())
    tables = [store.vector(table.get_weights()[0]) for table in network.embed_fields]
    embed[0] = store.matrix(kernel), *kernel.shape, store.vector(bias), _padded(tables)
    for place, head in enumerate(network.heads):
        (stack, stack_bias), (features,) = head.from_stack.get_weights(), head.from_context.get_weights()
        classes, classes_bias = head.to_classes.get_weights()
        tables = [store.vector(table.get_weights()[0]) for table in head.from_fields]
        of_stack = store.matrix(stack), *stack.shape, store.vector(stack_bias)
        of_classes = store.matrix(classes), len(classes_bias), store.vector(classes_bias)
        heads[place] = *of_stack, store.matrix(features), len(features), *of_classes, _padded(tables)
    layers, look = np.zeros((0, 8), dtype=np.int64), np.full(8, -1, dtype=np.int64)
    if isinstance(network.stack, RecurrentStack):
        layers, states = _layers(network.stack, store)
        if network.stack.look_back is not None:
            look = _look_back(network.stack.look_back, len(layers) - 1, states + WIDTH, store)
    packed, floats = np.concatenate(store.matrices), np.concatenate(store.vectors)
    return Weights(packed, floats, embed, heads, layers, look)


def _padded(tables: list[int]) -> list[int]:
    return tables + [0] * (MOST_FIELDS - len(tables))


def _layers(stack: RecurrentStack, store: _Store) -> tuple[NDArray[np.int64], int]:
    """A row for each layer, and how many numbers their states take."""
    rows, at = [], 0
    for layer in stack.recurrent:
        kernel, recurrent, bias = (np.asarray(weight) for weight in layer.cell.get_weights())
        is_lstm = layer.parts == ("hidden", "cell")
        biases = (store.vector(bias), 0) if is_lstm else (store.vector(bias[0]), store.vector(bias[1]))
        kind = LSTM if is_lstm else GRU
        places = store.matrix(kernel), biases[0], at, store.matrix(recurrent), biases[1]
        rows.append([kind, kernel.shape[0], layer.units, *places])
        at += layer.units * len(layer.parts)
    return np.array(rows, dtype=np.int64), at


def _look_back(look_back: LookBack, before_layer: int, is_waiting: int, store: _Store) -> NDArray[np.int64]:
    query, key, value, output = (
        layer.get_weights() for layer in (look_back.to_query, look_back.to_key, look_back.to_value, look_back.to_output)
    )
    asking = [np.concatenate(pair, axis=-1) for pair in zip(query, key, strict=True)]
    places = [before_layer, is_waiting]
    for kernel, bias in (asking, value, output):
        places += [store.matrix(kernel), store.vector(bias)]
    return np.array(places, dtype=np.int64)


def new_memory(network: NoteNetwork) -> Memory:
    """Nothing remembered yet; without room where the stack is not recurrent."""
    stack, look_back = network.stack, getattr(network.stack, "look_back", None)
    states = 0
    if isinstance(stack, RecurrentStack):
        states = sum(layer.units * len(layer.parts) for layer in stack.recurrent) + WIDTH + 1
    moments = look_back.moments if look_back is not None else 0
    return Memory(
        np.zeros(states, dtype=np.float32),
        np.zeros((WIDTH, moments), dtype=np.float32),
        np.zeros((moments, WIDTH), dtype=np.float32),
        np.zeros(2, dtype=np.int64),
    )


def new_scratch(network: NoteNetwork) -> Scratch:
    """Room for one thread."""
    config, representation = network.config, network.representation
    contexts, classes = max(representation.context_sizes.values()), max(f.size for f in representation.fields)
    widest = max(
        config.embedding, 4 * network.stack.units, 2 * WIDTH, config.head_units, classes, contexts, config.memory
    )
    longest = padded_size(max(config.embedding, network.stack.units, WIDTH, contexts, config.head_units))
    return Scratch(
        np.zeros((LOGITS + 1, widest + PANEL), dtype=np.float32),
        np.zeros(longest, dtype=np.uint8),
        np.zeros(classes, dtype=np.float64),
        np.zeros((2, classes), dtype=np.uint8),
    )
