"""Networks in plain Keras 3: the same weights train on any Keras backend and serve on TensorFlow.

config     the sizes of a network, as data; named presets
stacks     what carries the past from step to step
heads      one small head per field, each conditioned on the fields drawn before it
rounding   a network whose products round to 8 bits, as the engine's do
note       NoteNetwork: embeddings, a stack and the heads behind `sequence` and `step`
classic    ClassicNetwork: the tutorial's window of scalars, three LSTMs and one softmax
"""

from typing import TYPE_CHECKING

from model.network.config import PRESETS, NetworkConfig

if TYPE_CHECKING:
    from model.network.classic import ClassicNetwork
    from model.network.note import NoteNetwork

__all__ = ["PRESETS", "ClassicNetwork", "NetworkConfig", "NoteNetwork"]


def __getattr__(name: str) -> object:
    """Import Keras only when a network is wanted: the sizes of one can be read without it."""
    if name == "NoteNetwork":
        from model.network.note import NoteNetwork

        return NoteNetwork
    if name == "ClassicNetwork":
        from model.network.classic import ClassicNetwork

        return ClassicNetwork
    raise AttributeError(name)
