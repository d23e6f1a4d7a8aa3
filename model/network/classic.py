"""The network of the classic Keras tutorial, of Keras' own layers: a window of notes, a stack, one softmax.

With three LSTMs it is the tutorial's to the last weight: 5,474,406 for a vocabulary of 358. The same window can be read
by GRUs, convolutions or a Transformer. It looks at the last `window` notes anew for every note.
"""

from __future__ import annotations

from functools import cached_property

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from model.errors import RequestError
from model.network.config import NetworkConfig
from model.representation.base import Tensor

NOTHING_YET = -1  # stands in a window where the piece has not begun
KERNEL = 5  # notes that a convolution reads; three layers, each looking four times as far, reach 85 notes back
HEAD = 64  # width of an attention head
WIDENING = 4  # a Transformer's feed-forward layer is so many times as wide
RECURRENT = {"lstm": layers.LSTM, "gru": layers.GRU}


class ClassicNetwork:
    """P(next note | the last `window` notes): `model` is a plain functional Keras model with a softmax."""

    def __init__(self, config: NetworkConfig) -> None:
        """New weights for `config`."""
        self.config = config
        self.model = classic_model(config)

    @property
    def weights(self) -> list:
        """Keras variables, in the order of `get_weights`."""
        return list(self.model.weights)

    def get_weights(self) -> list[NDArray]:
        """Every weight as an array."""
        return list(self.model.get_weights())

    def set_weights(self, weights: list[NDArray]) -> None:
        """Put arrays of the same shapes in place."""
        self.model.set_weights(weights)

    def count_params(self) -> int:
        """How many weights there are."""
        return int(self.model.count_params())

    def inputs(self, windows: NDArray[np.int32]) -> NDArray:
        """Windows of indices (batch, notes) as `model` reads them, see `inputs_of`."""
        return inputs_of(self.config, windows)

    def probabilities(self, windows: NDArray[np.int32]) -> NDArray[np.float32]:
        """The probability of every note after each of `windows`, int32 (batch, window); (batch, vocabulary)."""
        return np.asarray(self._compiled(self.inputs(windows)))

    @cached_property
    def _compiled(self) -> keras.Model:
        """`model.predict_on_batch`, which is several times faster for one window than `model.predict`."""
        return self.model.predict_on_batch


def inputs_of(config: NetworkConfig, windows: NDArray[np.int32]) -> NDArray:
    """Windows of indices (batch, notes) as the network reads them.

    As one number a note, its index divided by the size of the vocabulary: float32 (batch, notes, 1). With an
    embedding, the index + 1, so that `NOTHING_YET` is 0: int32 (batch, notes).
    """
    if config.note_input == "embedding":
        return (windows + 1).astype(np.int32)
    return (windows / len(config.vocabulary)).astype(np.float32)[..., None]


def classic_model(config: NetworkConfig, at_every_note: bool = False, is_softmax: bool = True) -> keras.Model:
    """A plain Keras model of `config`; all of its forms take each other's weights.

    Args:
        config: its sizes.
        at_every_note: whether it predicts after each note of the window, (batch, window, vocabulary), or after the last
            one only, (batch, vocabulary).
        is_softmax: probabilities, or the logits that training needs.
    """
    notes = _notes(config, config.window)
    if config.stack in RECURRENT:
        heard = _recurrent(config, notes, at_every_note)
    else:
        read = _convolutions if config.stack == "conv" else _transformer
        heard = read(config, _wide(config, notes))
        heard = heard if at_every_note else heard[:, -1]
    return keras.Model(notes, _classes(config, heard, is_softmax), name=f"classic_{config.stack}")


def carrying_model(config: NetworkConfig) -> keras.Model:
    """The same network with the recurrent state as input and output: [notes, *states] to [probabilities, *states].

    It reads any number of notes, so that a window is read once for several notes drawn after it.

    Raises:
        RequestError: the stack has no state to carry.
    """
    if config.stack not in RECURRENT:
        raise RequestError("Only lstm and gru carry a state from note to note: leave out --stride.")
    notes = _notes(config, None)
    parts = 2 if config.stack == "lstm" else 1
    before = [keras.Input((config.units,)) for _ in range(config.layers * parts)]
    after, heard = [], _embedded(config, notes)
    for number in range(config.layers):
        state = before[number * parts : (number + 1) * parts]
        layer = RECURRENT[config.stack](
            config.units, return_sequences=True, return_state=True, name=f"{config.stack}_{number + 1}"
        )
        heard, *states = layer(heard, initial_state=state if parts > 1 else state[0])
        after += states
    return keras.Model([notes, *before], [_classes(config, heard[:, -1], is_softmax=True), *after], name="carrying")


def zero_states(config: NetworkConfig) -> list[NDArray[np.float32]]:
    """The states of `carrying_model` before the first note, (1, units) each."""
    parts = 2 if config.stack == "lstm" else 1
    return [np.zeros((1, config.units), dtype=np.float32) for _ in range(config.layers * parts)]


def _notes(config: NetworkConfig, length: int | None) -> Tensor:
    if config.note_input == "embedding":
        return keras.Input((length,), dtype="int32", name="notes")
    return keras.Input((length, 1), name="notes")


def _embedded(config: NetworkConfig, notes: Tensor) -> Tensor:
    if config.note_input == "embedding":
        return layers.Embedding(len(config.vocabulary) + 1, config.embedding, name="embedding")(notes)
    return notes


def _wide(config: NetworkConfig, notes: Tensor) -> Tensor:
    """What stacks with shortcuts read: each note as `units` numbers."""
    return layers.Dense(config.units, name="widen")(_embedded(config, notes))


def _recurrent(config: NetworkConfig, notes: Tensor, at_every_note: bool) -> Tensor:
    heard = _embedded(config, notes)
    for number in range(1, config.layers + 1):
        is_last = number == config.layers
        layer = RECURRENT[config.stack](
            config.units, return_sequences=at_every_note or not is_last, name=f"{config.stack}_{number}"
        )
        heard = layer(heard)
        if not is_last:
            heard = layers.Dropout(config.dropout, name=f"dropout_{number}")(heard)
    return heard


def _convolutions(config: NetworkConfig, heard: Tensor) -> Tensor:
    """Causal convolutions, each with a shortcut around it."""
    for number in range(1, config.layers + 1):
        convolution = layers.Conv1D(
            config.units,
            KERNEL,
            padding="causal",
            dilation_rate=4 ** ((number - 1) % 3),
            activation="relu",
            name=f"conv_{number}",
        )
        seen = layers.Dropout(config.dropout, name=f"dropout_{number}")(convolution(heard))
        heard = layers.Add(name=f"add_{number}")([heard, seen])
    return heard


def _transformer(config: NetworkConfig, heard: Tensor) -> Tensor:
    """Blocks of causal self-attention and a feed-forward layer, normalised before each."""
    places = ops.cumsum(ops.ones_like(heard[..., 0], dtype="int32"), axis=1) - 1
    heard = layers.Add(name="placed")([heard, layers.Embedding(config.window, config.units, name="places")(places)])
    for number in range(1, config.layers + 1):
        normal = layers.LayerNormalization(name=f"norm_{number}")(heard)
        attend = layers.MultiHeadAttention(config.units // HEAD, HEAD, name=f"attention_{number}")
        seen = layers.Dropout(config.dropout, name=f"dropout_{number}")(attend(normal, normal, use_causal_mask=True))
        heard = layers.Add(name=f"attended_{number}")([heard, seen])
        normal = layers.LayerNormalization(name=f"norm_{number}_wide")(heard)
        wide = layers.Dense(WIDENING * config.units, activation="gelu", name=f"wide_{number}")(normal)
        narrow = layers.Dense(config.units, name=f"narrow_{number}")(wide)
        dropped = layers.Dropout(config.dropout, name=f"dropout_{number}_wide")(narrow)
        heard = layers.Add(name=f"added_{number}")([heard, dropped])
    return layers.LayerNormalization(name="norm")(heard)


def _classes(config: NetworkConfig, heard: Tensor, is_softmax: bool) -> Tensor:
    """The hidden layer and one class for each word, as in the tutorial."""
    hidden = layers.Dense(config.head_units, name="dense")(heard)
    hidden = layers.Dropout(config.dropout, name="dropout")(hidden)
    logits = layers.Dense(len(config.vocabulary), dtype="float32", name="to_vocabulary")(hidden)
    return layers.Softmax(dtype="float32", name="softmax")(logits) if is_softmax else logits
