"""What carries the past from step to step, behind one interface: whole sequences while training, single steps after.

base         what every stack promises
recurrent    LSTM or GRU layers, with a look-back at the piece's own past where it is asked for
cells        recurrent layers that keep Keras' weights and use the backend's own kernel where that is faster
tensorflow_lstm  an LSTM over a whole sequence on TensorFlow, where Keras has no kernel for it
lookback     attention over what the stack said before and which note followed
convolution  causal dilated convolutions
transformer  self-attention over a cached window
attention    what the look-back and the Transformer have in common
"""

from collections.abc import Callable

from model.network.config import NetworkConfig
from model.network.stacks.base import Stack, State
from model.network.stacks.convolution import ConvolutionStack
from model.network.stacks.recurrent import RecurrentStack
from model.network.stacks.transformer import TransformerStack

STACKS: dict[str, Callable[[NetworkConfig], Stack]] = {
    "lstm": RecurrentStack,
    "gru": RecurrentStack,
    "conv": ConvolutionStack,
    "transformer": TransformerStack,
}


def stack_for(config: NetworkConfig) -> Stack:
    """The stack that `config` names, its weights made."""
    return STACKS[config.stack](config)


__all__ = ["STACKS", "Stack", "State", "stack_for"]
