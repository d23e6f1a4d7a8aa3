"""The numbers of a recurrent stack, packed for the machine, and room for what the slots remember of it.

What a row remembers lies in its slot: hidden and cell of each layer, and the look-back's moments in a ring, so that a
step writes one moment instead of moving all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.engine.matmul import PANEL, pack, padded
from model.engine.sharing import Joint, new_board
from model.network.stacks.lookback import HEAD_UNITS, HEADS, LookBack
from model.network.stacks.recurrent import RecurrentStack

LSTM, GRU = 0, 1
# columns of `Stack.layers`
KIND, INPUTS, UNITS, WEIGHTS, BIAS, STATE, RECURRENT_WEIGHTS, RECURRENT_BIAS = range(8)
# places of `Stack.look`
BEFORE_LAYER, MOMENTS, WAITING, ASK_WEIGHTS, ASK_BIAS, VALUE_WEIGHTS, VALUE_BIAS, ANSWER_WEIGHTS, ANSWER_BIAS = range(9)
WIDTH = HEADS * HEAD_UNITS
COUNT, NEXT = 0, 1  # columns of `Memory.moments`


class Layout(NamedTuple):
    """The numbers of a recurrent stack, as the machine takes them.

    Attributes:
        layers: int64 (layers, 8), see the names of its columns.
        look: int64 (9,), likewise; BEFORE_LAYER is -1 where there is no look-back.
        biases: float32.
    """

    layers: NDArray[np.int64]
    look: NDArray[np.int64]
    biases: NDArray[np.float32]


@dataclass(frozen=True)
class Stack:
    """A recurrent stack: its layout, all its matrices packed one after another, and what a slot remembers of it.

    `state_size` is the number of float32 numbers beside the look-back's moments; `parts` says where those lie that the
    network knows by name: (at, size).
    """

    layout: Layout
    weights: NDArray[np.uint8]
    state_size: int
    parts: dict[str, tuple[int, int]]


class Memory(NamedTuple):
    """What the slots remember: states float32 (slots, size), the look-back's keys (slots, width, moments) and values
    (slots, moments, width), and int64 (slots, 2): how many moments are filled, and where the next goes."""

    states: NDArray[np.float32]
    keys: NDArray[np.float32]
    values: NDArray[np.float32]
    moments: NDArray[np.int64]


class _Store:
    """Weights and biases laid one after another."""

    def __init__(self) -> None:
        self.weights: list[NDArray[np.uint8]] = []
        self.biases: list[NDArray[np.float32]] = []

    def matrix(self, values: NDArray) -> int:
        at = sum(map(len, self.weights))
        self.weights.append(pack(values).data)
        return at

    def bias(self, values: NDArray) -> int:
        at = sum(map(len, self.biases))
        self.biases.append(np.asarray(values, dtype=np.float32).reshape(-1))
        return at


def stack_of(stack: RecurrentStack) -> Stack:
    """The numbers of a network's stack."""
    store, parts, at, rows = _Store(), {}, 0, []
    for layer in stack.recurrent:
        kernel, recurrent, bias = (np.asarray(weight) for weight in layer.cell.get_weights())
        row = [LSTM, kernel.shape[0], layer.units, 0, 0, at, 0, 0]
        for part in layer.parts:
            parts[f"{part}_{layer.name}"] = (at, layer.units)
            at += layer.units
        row[WEIGHTS], row[RECURRENT_WEIGHTS] = store.matrix(kernel), store.matrix(recurrent)
        if layer.parts == ("hidden", "cell"):
            row[BIAS] = store.bias(bias)
        else:
            row[KIND], row[BIAS], row[RECURRENT_BIAS] = GRU, store.bias(bias[0]), store.bias(bias[1])
        rows.append(row)
    look = np.full(9, -1, dtype=np.int64)
    if stack.look_back is not None:
        parts |= {"waiting_key": (at, WIDTH), "is_waiting": (at + WIDTH, 1)}
        look = _look_back(stack.look_back, len(rows) - 1, at, store)
        at += WIDTH + 1
    weights, biases = np.concatenate(store.weights), np.concatenate(store.biases)
    return Stack(Layout(np.array(rows, dtype=np.int64), look, biases), weights, at, parts)


def _look_back(look_back: LookBack, before_layer: int, waiting: int, store: _Store) -> NDArray[np.int64]:
    query, key, value, output = (
        layer.get_weights() for layer in (look_back.to_query, look_back.to_key, look_back.to_value, look_back.to_output)
    )
    asking = [np.concatenate(pair, axis=-1) for pair in zip(query, key, strict=True)]
    places = [before_layer, look_back.moments, waiting]
    for weights, bias in (asking, value, output):
        places += [store.matrix(weights), store.bias(bias)]
    return np.array(places, dtype=np.int64)


def memory_of(stack: Stack, slots: int) -> Memory:
    """Room for what `slots` slots remember."""
    moments = max(int(stack.layout.look[MOMENTS]), 0)
    return Memory(
        states=np.zeros((slots, stack.state_size), dtype=np.float32),
        keys=np.zeros((slots, WIDTH, moments), dtype=np.float32),
        values=np.zeros((slots, moments, WIDTH), dtype=np.float32),
        moments=np.zeros((slots, 2), dtype=np.int64),
    )


def remember(stack: Stack, memory: Memory, slot: int, state: dict[str, Any]) -> None:
    """Put the state of one piece, as the network's stack gives it with a batch of one, into a slot."""
    for name, (at, size) in stack.parts.items():
        memory.states[slot, at : at + size] = np.asarray(state[name])[0]
    if stack.layout.look[BEFORE_LAYER] >= 0:
        seen = np.asarray(state["seen"])[0] > 0
        count = int(seen.sum())
        memory.keys[slot, :, :count] = np.asarray(state["keys"])[0][seen].T
        memory.values[slot, :count] = np.asarray(state["values"])[0][seen]
        memory.moments[slot] = count, count % memory.values.shape[1]


def scratch_size(stack: Stack, rows: int) -> int:
    """float32 numbers that each of the four parts of the room for intermediate results needs, for so many rows."""
    widest = max(4 * -(-int(layer[UNITS]) // PANEL) * PANEL for layer in stack.layout.layers)
    return rows * max(widest + PANEL, 2 * WIDTH + PANEL) + max(int(stack.layout.look[MOMENTS]), 0) + PANEL


def widest_input(stack: Stack) -> int:
    """Numbers of the longest vector that enters a product of the stack."""
    layers = stack.layout.layers
    return max(int(layers[:, INPUTS].max()), int(layers[:, UNITS].max()), WIDTH)


def new_joint(stack: Stack | None) -> Joint:
    """Room for what a leader and helpers share when one piece takes a step of the stack; without helpers."""
    board = new_board(is_helped=False)
    if stack is None:
        nothing = np.zeros(1, dtype=np.float32)
        return Joint(board, np.zeros((1, 5), dtype=np.int64), np.zeros(1, dtype=np.uint8), nothing, nothing)
    layers = stack.layout.layers
    units, count = int(layers[0, UNITS]), len(layers)
    entering = np.zeros(max(count * padded(units), padded(int(layers[:, INPUTS].max()))), dtype=np.uint8)
    scales = np.zeros(count, dtype=np.float32)
    leaving = np.zeros(count * -(-4 * units // PANEL) * PANEL, dtype=np.float32)
    return Joint(board, np.zeros((count, 5), dtype=np.int64), entering, scales, leaving)
