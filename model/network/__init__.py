"""Networks in plain Keras 3: the same weights train on any Keras backend and serve on TensorFlow.

config     the sizes of a network, as data; named presets
recurrent  an LSTM layer that keeps Keras' weights and uses the backend's own kernel where that is faster
heads      one small head per field, each conditioned on the fields drawn before it
note       NoteNetwork: embeddings, the recurrent stack and the heads behind `sequence` and `step`
"""

from model.network.config import PRESETS, NetworkConfig
from model.network.note import NoteNetwork

__all__ = ["PRESETS", "NetworkConfig", "NoteNetwork"]
