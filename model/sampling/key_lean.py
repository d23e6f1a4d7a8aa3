"""What keeps a piece in the key it was asked for: a lean of the pitches towards what the key is still short of.

A network that is told a key drifts out of it, because every note it has drawn weighs more with it than the wish. So
the sampler counts which pitch classes were heard of late, and adds to the logits of each the logarithm of how often
music in the key has it, less that of how often it was heard. That is a naive Bayes classifier of keys turned round: the
network says what may come, the counts what the key still lacks. (Dathathri et al. 2020, "Plug and Play Language
Models", steer by a classifier's gradients.) Nothing is forbidden, and a piece that has the notes of its key is left
alone, so that passing notes, borrowed chords and excursions stay as frequent as in real music. Towards the end it leans
on the tonic chord.
"""

from __future__ import annotations

import numpy as np
from keras import ops

from model.representation import Representation
from model.representation.base import Situation, Tensor
from model.tonality import CHROMA, PITCHES, closes, profile

STRENGTH = 0.4  # of the logarithms; by trial (docs/experiments.md)
MEMORY = 256.0  # notes over which the memory of one fades: half a minute
AT_FIRST = 2.5  # notes of each pitch class that a piece is taken to have had before its first one
AT_END = 4.0  # logits taken from what does not belong to the close
CLOSING = 1  # of the representation's `left_fades`: how near the end the close begins

Lean = dict[str, Tensor]


class KeyLean:
    """Leans the field `pitch` of representations whose steps are notes and that know keys; does nothing for others."""

    def __init__(self, representation: Representation) -> None:
        names = [field.name for field in representation.fields]
        can_lean = representation.opens_with_wait and "pitch" in names and "key" in representation.controls.slices
        self.field = names.index("pitch") if can_lean else None
        self._has_pitch = representation.has_pitch
        self._fade = representation.left_fades[CLOSING]

    def start(self, batch: int, key: str | None = None) -> Lean:
        """Nothing heard yet; the same `key`, one of `KEYS`, for every piece, or None for none.

        float32: `strength` (batch, 1), 0 where no key is asked; `wanted` (batch, 12) what is added for the key's sake;
        `close` (batch, 128) what comes to it at the end; `heard` (batch, 12) how often each pitch class was, of late.
        """
        rows = {
            "strength": np.zeros(1),
            "wanted": np.zeros(CHROMA),
            "close": np.zeros(PITCHES),
            "heard": np.full(CHROMA, AT_FIRST),
        }
        if key is not None and self.field is not None:
            rows["strength"] += STRENGTH
            rows["wanted"] += STRENGTH * np.log(profile(key))
            rows["close"] -= AT_END * ~closes(key)
        return {name: np.tile(row.astype(np.float32), (batch, 1)) for name, row in rows.items()}

    def towards(self, lean: Lean, situation: Situation) -> Tensor:
        """What to add to the logits of the pitch, float32 (batch, 128), once it is known when the step comes."""
        classes = lean["wanted"] - lean["strength"] * ops.log(lean["heard"])  # (batch, 12)
        octaves = PITCHES // CHROMA + 1
        pitches = ops.tile(classes, (1, octaves))[:, :PITCHES]  # (batch, 128)
        left = ops.cast(ops.expand_dims(situation["left"], -1), "float32")
        nearness = ops.where(left < 0, 0.0, ops.exp(-ops.maximum(left, 0.0) / self._fade))
        return pitches + nearness * lean["close"]

    def heard(self, lean: Lean, raw: Tensor) -> Lean:
        """The lean after one more step, whose raw values are int32 (batch, fields)."""
        if self.field is None:
            return lean
        chroma = ops.mod(raw[:, self.field], CHROMA)
        struck = ops.cast(ops.equal(ops.expand_dims(chroma, -1), ops.arange(CHROMA, dtype="int32")), "float32")
        after = lean["heard"] * float(np.exp(-1 / MEMORY)) + struck
        has_pitch = self._has_pitch([raw[:, index] for index in range(self.field)], ops)
        if has_pitch is not None:
            after = ops.where(ops.expand_dims(has_pitch, -1), after, lean["heard"])
        return {**lean, "heard": after}
