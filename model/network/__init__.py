"""Networks in plain Keras 3: the same weights train on any Keras backend and serve on TensorFlow.

config     the sizes of a network, as data; named presets
note_network  NoteNetwork: embeddings, a stack, and one small head per field
stacks     what carries the past from step to step: recurrent, convolution or Transformer
lstm       LSTM and GRU layers that use the backend's own kernel where that is faster
attention  attention over kept moments: the look-back of a recurrent stack
quantized  a network whose products round to 8 bits, as the engine's do
classic    ClassicNetwork: the tutorial's window of scalars, three LSTMs and one softmax
"""

from typing import TYPE_CHECKING

from model.network.config import PRESETS, NetworkConfig

if TYPE_CHECKING:
    from model.network.classic import ClassicNetwork
    from model.network.note_network import NoteNetwork

__all__ = ["PRESETS", "ClassicNetwork", "NetworkConfig", "NoteNetwork"]


def __getattr__(name: str) -> object:
    """Import Keras only when a network is wanted: the sizes of one can be read without it."""
    if name == "NoteNetwork":
        from model.network.note_network import NoteNetwork

        return NoteNetwork
    if name == "ClassicNetwork":
        from model.network.classic import ClassicNetwork

        return ClassicNetwork
    raise AttributeError(name)
