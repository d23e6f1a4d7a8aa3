"""The note-level network: embeddings, a stack that carries the past, and one head per field.

The stack runs once per note. Heads draw the fields one after another, each conditioned on the earlier ones of its step.
Stack and heads also read features of the step law's state (which keys sound and for how long), so that the LSTM need
not count milliseconds."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from model.network.config import NetworkConfig
from model.network.stacks import State, stack_for
from model.representation import representation_of
from model.representation.base import Field, Tensor

REFUSED = -1e9  # logit of a class that cannot follow


class FieldHead(keras.layers.Layer):
    """Logits of one field from the stack's output, the earlier fields and the features of the state."""

    def __init__(
        self, field: Field, earlier: tuple[Field, ...], context_size: int, units: int, dropout: float = 0.0
    ) -> None:
        super().__init__(name=f"head_{field.name}", autocast=False)
        self.context_size, self.units = context_size, units
        # names are unique across heads: Keras' torch backend zeroes gradients by path, one of two equal paths only
        self.from_stack = keras.layers.Dense(units, name=f"{field.name}_from_stack")
        self.from_context = keras.layers.Dense(units, use_bias=False, name=f"{field.name}_from_context")
        self.from_fields = [
            keras.layers.Embedding(other.size, units, name=f"{field.name}_from_{other.name}") for other in earlier
        ]
        self.dropout = keras.layers.Dropout(dropout, name=f"{field.name}_dropout")
        self.to_classes = keras.layers.Dense(field.size, name=f"{field.name}_to_classes")

    def build_layers(self, stack_units: int) -> None:
        """Make every weight, for a stack that puts out `stack_units`."""
        self.from_stack.build((None, stack_units))
        self.to_classes.build((None, self.units))
        for embed in self.from_fields:
            embed.build(None)
        self.from_context.build((None, self.context_size))
        self.built = True

    def call(
        self, stack: Tensor, earlier: list[Tensor], context: Tensor, allowed: Tensor | None, training: bool = False
    ) -> Tensor:
        """Float32 logits (..., classes).

        Args:
            stack: output of the recurrent stack, (..., units).
            earlier: class of each field before this one, int (...,).
            context: features for this field, (..., context).
            allowed: classes that can follow, bool (..., classes), or None for all.
            training: whether dropout is on.
        """
        hidden = self.from_stack(stack) + self.from_context(context)  # (..., head_units)
        for embed, classes in zip(self.from_fields, earlier, strict=True):
            hidden = hidden + embed(classes)
        hidden = self.dropout(ops.silu(hidden), training=training)
        logits = ops.cast(self.to_classes(hidden), "float32")
        return logits if allowed is None else ops.where(allowed, logits, REFUSED)


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

    def embed(self, previous: Tensor, features: Tensor, training: bool = False) -> Tensor:
        """Input of the stack, (..., embedding).

        Args:
            previous: classes of the step before, (..., fields).
            features: of the state before the step, of all parts side by side, see `representation.Trace`.
            training: whether dropout is on.
        """
        embedded = self.embed_situation(self._part(0, features, training))
        for index, embed in enumerate(self.embed_fields):
            embedded = embedded + embed(previous[..., index])
        return self.dropout(embedded, training=True) if training else embedded

    def _part(self, number: int, features: Tensor, training: bool) -> Tensor:
        """The features for the stack (0) or for the head of a field (1, 2...)."""
        sizes = list(self.representation.context_sizes.values())
        at = sum(sizes[:number])
        part = features[..., at : at + sizes[number]]
        return self.dropout(part, training=True) if training else part

    def sequence(
        self, previous: Tensor, features: Tensor, state: State, training: bool = False
    ) -> tuple[Tensor, State]:
        """Outputs of the stack (batch, time, units) for a whole window, and its state after it."""
        return self.stack.sequence(self.embed(previous, features, training), state, training)

    def call(self, batch: dict[str, Tensor], state: State, training: bool = False) -> tuple[list[Tensor], State]:
        """Logits of every field for a window of known steps (teacher forcing), and the stack's state after it.

        Args:
            batch: `previous` and `target` classes, (batch, time, fields) each, and `features` and `allowed` classes of
                each step, see `representation.Trace`.
            state: of the stack before the window.
            training: whether dropout is on.
        """
        outputs, state = self.sequence(batch["previous"], batch["features"], state, training)
        target, logits, at = batch["target"], [], 0
        for index, (field, head) in enumerate(zip(self.representation.fields, self.heads, strict=True)):
            earlier = [target[..., number] for number in range(index)]
            context = self._part(index + 1, batch["features"], training)
            allowed = batch["allowed"][..., at : at + field.size]
            logits.append(head(outputs, earlier, context, allowed, training=training))
            at += field.size
        return logits, state
