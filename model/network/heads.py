"""The heads: fields are drawn one after another, each conditioned on the ones before it in the same step."""

from __future__ import annotations

import keras
from keras import ops

from model.representation.base import Field, Tensor

REFUSED = -1e9  # logit of a class that cannot follow


class FieldHead(keras.layers.Layer):
    """Logits of one field from the stack's output, the earlier fields and what the situation shows."""

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
            context: what the situation shows this field, (..., context).
            allowed: classes that can follow, bool (..., classes), or None where all can.
            training: whether dropout is on.
        """
        hidden = self.from_stack(stack) + self.from_context(context)  # (..., head_units)
        for embed, classes in zip(self.from_fields, earlier, strict=True):
            hidden = hidden + embed(classes)
        hidden = self.dropout(ops.silu(hidden), training=training)
        logits = ops.cast(self.to_classes(hidden), "float32")
        return logits if allowed is None else ops.where(allowed, logits, REFUSED)
