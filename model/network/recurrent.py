"""An LSTM layer that is Keras' own in weights and gate order (i, f, c, o), and fast on every backend.

On the torch backend Keras runs its cell once per time step; torch's fused kernel (cuDNN on a GPU, oneDNN on a CPU)
computes the same function several times faster. Weights move between backends unchanged.
"""

from __future__ import annotations

import keras
from keras import ops

from model.representation.base import Tensor

State = tuple[Tensor, Tensor]  # hidden and cell, each (batch, units)


class CarriedLSTM(keras.layers.LSTM):
    """An LSTM whose state the caller carries: whole sequences by `sequence`, single steps by `step`."""

    def __init__(self, units: int, **options: object) -> None:
        super().__init__(units, return_sequences=True, return_state=True, **options)

    def sequence(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Outputs (batch, time, units) and the state after the last step, from inputs (batch, time, width)."""
        outputs, hidden, cell = self(inputs, initial_state=list(state))
        return outputs, (hidden, cell)

    def step(self, inputs: Tensor, state: State) -> tuple[Tensor, State]:
        """Output (batch, units) and the next state, from inputs (batch, width)."""
        output, (hidden, cell) = self.cell(inputs, list(state))
        return output, (hidden, cell)

    def inner_loop(
        self, sequences: Tensor, initial_state: list[Tensor], mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Run the whole sequence; this is where torch's fused kernel takes over from Keras' loop."""
        if keras.backend.backend() != "torch":
            return super().inner_loop(sequences, initial_state, mask, training)
        outputs, state = self._fused(sequences, initial_state)
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
