"""Networks in plain Keras 3: the same weights train on any Keras backend and serve on TensorFlow.

config     the sizes of a network, as data; named presets
recurrent  an LSTM layer that keeps Keras' weights and uses the backend's own kernel where that is faster
heads      one small head per field, each conditioned on the fields drawn before it
note       NoteNetwork: embeddings, the recurrent stack and the heads behind `sequence` and `step`
"""

from typing import TYPE_CHECKING

from model.network.config import PRESETS, NetworkConfig

if TYPE_CHECKING:
    from model.network.note import NoteNetwork

__all__ = ["PRESETS", "NetworkConfig", "NoteNetwork"]


def __getattr__(name: str) -> object:
    """Import Keras only when a network is wanted: the sizes of one can be read without it."""
    if name == "NoteNetwork":
        from model.network.note import NoteNetwork

        return NoteNetwork
    raise AttributeError(name)
