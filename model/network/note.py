"""The note-level network: embeddings, a stack of LSTMs, one head per field.

One pass through the stack per note. The heads see, beside the stack's output, the *situation* that the
representation keeps (which keys sound and for how long), so that the LSTM need not count milliseconds.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from model.network.config import NetworkConfig
from model.network.heads import FieldHead
from model.network.recurrent import CarriedLSTM, State
from model.representation import REPRESENTATIONS
from model.representation.base import Situation, Tensor

States = list[State]  # one per recurrent layer


class NoteNetwork(keras.Model):
    """P(next step | all steps before it) for any representation made of fields."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(name="note_network", autocast=False)
        self.config = config
        self.representation = REPRESENTATIONS[config.representation]()
        fields, widths = self.representation.fields, self.representation.context_sizes
        # one row more than classes: the last stands for START
        self.embed_fields = [
            keras.layers.Embedding(f.size + 1, config.embedding, name=f"embed_{f.name}") for f in fields
        ]
        self.embed_situation = keras.layers.Dense(config.embedding, name="embed_situation")
        self.stack = [CarriedLSTM(config.units, name=f"lstm_{layer + 1}") for layer in range(config.layers)]
        self.dropout = keras.layers.Dropout(config.dropout, name="dropout")
        self.heads = [
            FieldHead(field, fields[:index], widths.get(field.name, 0), config.head_units)
            for index, field in enumerate(fields)
        ]
        self._build_layers()

    def _build_layers(self) -> None:
        """Make every weight now, so that a new network can take weights before it has seen a step."""
        for embed in self.embed_fields:
            embed.build(None)
        self.embed_situation.build((None, self.representation.context_sizes["input"]))
        for index, layer in enumerate(self.stack):
            layer.build((None, None, self.config.units if index else self.config.embedding))
        for head in self.heads:
            head.build_layers(self.config.units)
        self.built = True

    def start(self, batch: int) -> tuple[np.ndarray, States]:
        """The classes that stand for START, int32 (batch, fields), and zero states."""
        starts = np.tile([field.size for field in self.representation.fields], (batch, 1)).astype(np.int32)
        zeros = ops.zeros((batch, self.config.units))
        return starts, [(zeros, zeros) for _ in self.stack]

    def embed(self, previous: Tensor, situation: Situation) -> Tensor:
        """Input of the stack, (..., embedding), from the previous step's classes (..., fields)."""
        embedded = self.embed_situation(self.representation.context("input", situation, ops))
        for index, embed in enumerate(self.embed_fields):
            embedded = embedded + embed(previous[..., index])
        return embedded

    def sequence(
        self, previous: Tensor, situation: Situation, states: States, training: bool = False
    ) -> tuple[Tensor, States]:
        """Outputs of the stack (batch, time, units) for a whole window, and the states after it."""
        outputs = self.embed(previous, situation)  # (batch, time, embedding)
        carried = []
        for layer, state in zip(self.stack, states, strict=True):
            outputs, state = layer.sequence(outputs, state)
            outputs = self.dropout(outputs, training=training)
            carried.append(state)
        return outputs, carried

    def step(self, previous: Tensor, situation: Situation, states: States) -> tuple[Tensor, States]:
        """Outputs of the stack (batch, units) for one step, and the states after it."""
        output = self.embed(previous, situation)  # (batch, embedding)
        carried = []
        for layer, state in zip(self.stack, states, strict=True):
            output, state = layer.step(output, state)
            carried.append(state)
        return output, carried

    def logits(self, index: int, output: Tensor, drawn: list[Tensor], situation: Situation) -> Tensor:
        """Logits of field `index`, (..., classes).

        Args:
            index: which field.
            output: output of the stack, (..., units).
            drawn: classes of the fields before it, int (...,) each.
            situation: before the step for the first field, after `elapse` for the others.
        """
        field = self.representation.fields[index]
        has_context = field.name in self.representation.context_sizes
        context = self.representation.context(field.name, situation, ops) if has_context else None
        allowed = self.representation.allowed(field.name, situation, ops)
        return self.heads[index](output, drawn, context, allowed)

    def call(self, batch: dict[str, Tensor], states: States, training: bool = False) -> tuple[list[Tensor], States]:
        """Logits of every field for a window of known steps (teacher forcing), and the states after it.

        Args:
            batch: `previous` and `target` classes (batch, time, fields), `shift` raw (batch, time), and `situation`,
                the situation before each step.
            states: of each layer before the window.
            training: whether dropout is on.
        """
        situation = batch["situation"]
        outputs, states = self.sequence(batch["previous"], situation, states, training)
        later = self.representation.elapse(situation, batch["shift"], ops)
        target = batch["target"]
        logits = []
        for index in range(len(self.heads)):
            drawn = [target[..., earlier] for earlier in range(index)]
            logits.append(self.logits(index, outputs, drawn, situation if index == 0 else later))
        return logits, states
