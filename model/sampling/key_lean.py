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
from model.representation.arrays import NUMPY
from model.representation.base import Situation, Tensor
from model.tonality import CHROMA, PITCHES, closes, profile

STRENGTH = 0.4  # of the logarithms; by trial (docs/experiments.md)
MEMORY = 256.0  # notes over which the memory of one fades: half a minute
AT_FIRST = 2.5  # notes of each pitch class that a piece is taken to have had before its first one
AT_END = 4.0  # logits taken from what does not belong to the close
CLOSING = 1  # of the representation's `left_fades`: how near the end the close begins

Lean = dict[str, Tensor]


class KeyLean:
    """Leans the pitches of representations that know keys; does nothing for others."""

    def __init__(self, representation: Representation) -> None:
        self._representation = representation
        situation, said = representation.situation(1, NUMPY), np.zeros((1, CHROMA), dtype=np.float32)
        knows_keys = "key" in representation.controls.slices
        self.fields = tuple(
            index
            for index in range(len(representation.fields))
            if knows_keys and representation.of_chroma(index, said, situation, NUMPY) is not None
        )
        self._closes = representation.opens_with_wait  # others see to their last chord themselves
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
        if key is not None and self.fields:
            rows["strength"] += STRENGTH
            rows["wanted"] += STRENGTH * np.log(profile(key))
            rows["close"] -= AT_END * ~closes(key)
        return {name: np.tile(row.astype(np.float32), (batch, 1)) for name, row in rows.items()}

    def towards(self, index: int, lean: Lean, situation: Situation) -> Tensor:
        """What to add to the logits of field `index`, one of `fields`, float32 (batch, size).

        Where a step begins with its wait, that is known by then.
        """
        heard = lean["heard"] / ops.sum(lean["heard"], axis=-1, keepdims=True)  # shares: a rest is as likely as before
        said = lean["wanted"] - lean["strength"] * ops.log(heard)  # (batch, 12)
        leaning = self._representation.of_chroma(index, said, situation, ops)
        if not self._closes:
            return leaning
        left = ops.cast(ops.expand_dims(situation["left"], -1), "float32")
        nearness = ops.where(left < 0, 0.0, ops.exp(-ops.maximum(left, 0.0) / self._fade))
        return leaning + nearness * lean["close"]

    def heard(self, lean: Lean, raw: Tensor) -> Lean:
        """The lean after one more step, whose raw values are int32 (batch, fields)."""
        if not self.fields:
            return lean
        sounded = self._representation.chroma(raw, ops)
        has_sound = ops.any(sounded > 0, axis=-1, keepdims=True)
        after = lean["heard"] * float(np.exp(-1 / MEMORY)) + sounded
        return {**lean, "heard": ops.where(has_sound, after, lean["heard"])}
