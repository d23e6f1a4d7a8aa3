"""The note-level network: embeddings, a stack that carries the past, one head per field.

One pass through the stack per note. The heads see, beside the stack's output, the *situation* that the
representation keeps (which keys sound and for how long), so that the LSTM need not count milliseconds.
"""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from model.network.config import NetworkConfig
from model.network.heads import FieldHead
from model.network.stacks import State, stack_for
from model.representation import representation_of
from model.representation.base import Situation, Tensor


class NoteNetwork(keras.Model):
    """P(next step | all steps before it) for any representation made of fields."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(name="note_network", autocast=False)
        self.config = config
        self.representation = representation_of(config.representation, config.styles, config.vocabulary)
        fields, widths = self.representation.fields, self.representation.context_sizes
        # one row more than classes: the last stands for START
        self.embed_fields = [
            keras.layers.Embedding(f.size + 1, config.embedding, name=f"embed_{f.name}") for f in fields
        ]
        self.embed_situation = keras.layers.Dense(config.embedding, name="embed_situation")
        self.stack = stack_for(config)
        self.heads = [
            FieldHead(field, fields[:index], widths[field.name], config.head_units, config.head_dropout)
            for index, field in enumerate(fields)
        ]
        # one mask over a window's time, as between the layers of the stack
        self.dropout = keras.layers.Dropout(config.input_dropout, noise_shape=(None, 1, None), name="input_dropout")
        self._build_layers()

    def _build_layers(self) -> None:
        """Make every weight now, so that a new network can take weights before it has seen a step."""
        for embed in self.embed_fields:
            embed.build(None)
        self.embed_situation.build((None, self.representation.context_sizes["input"]))
        for head in self.heads:
            head.build_layers(self.stack.units)
        self.built = True

    def start(self, batch: int) -> tuple[np.ndarray, State]:
        """The classes that stand for START, int32 (batch, fields), and the stack's state before the first step."""
        starts = np.tile([field.size for field in self.representation.fields], (batch, 1)).astype(np.int32)
        return starts, self.stack.start(batch)

    def embed(self, previous: Tensor, situation: Situation, training: bool = False) -> Tensor:
        """Input of the stack, (..., embedding), from the previous step's classes (..., fields)."""
        embedded = self.embed_situation(self._context("input", situation, training))
        for index, embed in enumerate(self.embed_fields):
            embedded = embedded + embed(previous[..., index])
        return self.dropout(embedded, training=True) if training else embedded

    def _context(self, part: str, situation: Situation, training: bool) -> Tensor:
        context = self.representation.context(part, situation, ops)
        return self.dropout(context, training=True) if training else context

    def sequence(
        self, previous: Tensor, situation: Situation, state: State, training: bool = False
    ) -> tuple[Tensor, State]:
        """Outputs of the stack (batch, time, units) for a whole window, and its state after it."""
        return self.stack.sequence(self.embed(previous, situation, training), state, training)

    def step(self, previous: Tensor, situation: Situation, state: State) -> tuple[Tensor, State]:
        """Outputs of the stack (batch, units) for one step, and its state after it."""
        return self.stack.step(self.embed(previous, situation), state)

    def logits(
        self, index: int, output: Tensor, drawn: list[Tensor], situation: Situation, training: bool = False
    ) -> Tensor:
        """Logits of field `index`, (..., classes).

        Args:
            index: which field.
            output: output of the stack, (..., units).
            drawn: classes of the fields before it, int (...,) each.
            situation: before the step for the first field, after `elapse` and `noted` for the others.
            training: whether dropout is on.
        """
        field = self.representation.fields[index]
        context = self._context(field.name, situation, training)
        allowed = self.representation.allowed(field.name, situation, ops)
        return self.heads[index](output, drawn, context, allowed, training=training)

    def _noted(self, situation: Situation, index: int, value: Tensor) -> Situation:
        """The situation once field `index` of a step is known, as the heads after it see it."""
        if index == 0:
            return self.representation.elapse(situation, value, ops)
        return self.representation.noted(situation, index, value, ops)

    def call(self, batch: dict[str, Tensor], state: State, training: bool = False) -> tuple[list[Tensor], State]:
        """Logits of every field for a window of known steps (teacher forcing), and the stack's state after it.

        Args:
            batch: `previous` and `target` classes and `raw` values of the targets, (batch, time, fields) each, and
                `situation`, the situation before each step.
            state: of the stack before the window.
            training: whether dropout is on.
        """
        situation = batch["situation"]
        outputs, state = self.sequence(batch["previous"], situation, state, training)
        target = batch["target"]
        logits = []
        for index in range(len(self.heads)):
            drawn = [target[..., earlier] for earlier in range(index)]
            logits.append(self.logits(index, outputs, drawn, situation, training))
            situation = self._noted(situation, index, batch["raw"][..., index])
        return logits, state
