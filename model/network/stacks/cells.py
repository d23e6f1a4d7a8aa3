"""LSTM and GRU layers that are Keras' own in weights and gate order, and fast on every backend.

On the torch backend Keras runs its cell once per time step; torch's fused kernel (cuDNN on a GPU, oneDNN on a CPU)
computes the same function several times faster. On TensorFlow Keras has such a kernel for a GPU only; on a CPU an LSTM
takes its whole sequence as `tensorflow_lstm` has it. Weights move between backends unchanged.
"""

from __future__ import annotations

from abc import abstractmethod

import keras
from keras import ops

from model.representation.base import Tensor


class _Carried(keras.layers.RNN):
    """What both have in common: the caller carries the state, and torch runs whole sequences in its own kernel."""

    def __init__(self, units: int, **options: object) -> None:
        super().__init__(units, return_sequences=True, return_state=True, **options)

    def sequence(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Outputs (batch, time, units) and the state after the last step, from inputs (batch, time, width)."""
        outputs, *state = self(inputs, initial_state=state)
        return outputs, state

    def inner_loop(
        self, sequences: Tensor, initial_state: list[Tensor], mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Run the whole sequence; this is where torch's fused kernel takes over from Keras' loop."""
        if keras.backend.backend() != "torch":
            return super().inner_loop(sequences, initial_state, mask, training)
        outputs, state = self._fused(sequences, initial_state)
        return outputs[:, -1], outputs, state

    @abstractmethod
    def _fused(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Outputs and last state, by torch's kernel."""


class CarriedLSTM(_Carried, keras.layers.LSTM):
    """An LSTM whose state the caller carries: whole sequences by `sequence`, single steps by `step`."""

    parts = ("hidden", "cell")  # of its state, each (batch, units)

    def step(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Output (batch, units) and the next state, from inputs (batch, width)."""
        return self.cell(inputs, state)

    def inner_loop(
        self, sequences: Tensor, initial_state: list[Tensor], mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Run the whole sequence; on a CPU with TensorFlow, large products take the place of Keras' many small ones."""
        if not _on_tensorflow_cpu():
            return super().inner_loop(sequences, initial_state, mask, training)
        from model.network.stacks.tensorflow_lstm import lstm

        weights = (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias)
        parts = (ops.cast(part, sequences.dtype) for part in (*initial_state, *weights))
        outputs, *state = lstm(sequences, *parts)
        return outputs[:, -1], outputs, state

    def _fused(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        import torch  # only where Keras already runs on it

        cell = self.cell
        kernel, recurrent, bias = (
            ops.cast(weight, inputs.dtype) for weight in (cell.kernel, cell.recurrent_kernel, cell.bias)
        )
        weights = [kernel.t().contiguous(), recurrent.t().contiguous(), bias, torch.zeros_like(bias)]
        hidden, memory = (part.to(inputs.dtype)[None].contiguous() for part in state)
        outputs, last, carried = torch.lstm(
            inputs.contiguous(), (hidden, memory), weights, True, 1, 0.0, False, False, True
        )
        return outputs, [last[0], carried[0]]


class CarriedGRU(_Carried, keras.layers.GRU):
    """A GRU whose state the caller carries; gates in the order (z, r, h), the reset gate after the product."""

    parts = ("hidden",)  # of its state, (batch, units)

    def step(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Output (batch, units) and the next state, from inputs (batch, width)."""
        output, (hidden,) = self.cell(inputs, state)
        return output, [hidden]

    def _fused(self, inputs: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        import torch  # only where Keras already runs on it

        cell, dtype = self.cell, inputs.dtype
        kernel, recurrent = (_reset_first(ops.cast(part, dtype)) for part in (cell.kernel, cell.recurrent_kernel))
        biases = _reset_first(ops.cast(cell.bias, dtype))  # (2, 3 * units): of the inputs, of the state
        weights = [kernel.t().contiguous(), recurrent.t().contiguous(), biases[0], biases[1]]
        hidden = state[0].to(dtype)[None].contiguous()
        outputs, last = torch.gru(inputs.contiguous(), hidden, weights, True, 1, 0.0, False, False, True)
        return outputs, [last[0]]


def _on_tensorflow_cpu() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf  # only where Keras already runs on it

    return not tf.config.list_physical_devices("GPU")


def _reset_first(weight: Tensor) -> Tensor:
    """A GRU weight with its gates in torch's order (r, z, n) instead of Keras' (z, r, h)."""
    update, reset, new = ops.split(weight, 3, axis=-1)
    return ops.concatenate([reset, update, new], axis=-1)
