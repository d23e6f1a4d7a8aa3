"""What leads a piece towards the wishes that a network soon forgets: key, density, players, the beat of its seed."""

from __future__ import annotations

from collections.abc import Sequence

from keras import ops

from model.representation import Representation
from model.representation.base import Situation, Tensor
from model.sampling.ensemble_lean import EnsembleLean, Playing
from model.sampling.key_lean import KeyLean
from model.sampling.pace import Pacing
from model.sampling.pulse import Beat, Pulsing

Steer = dict[str, Tensor]


class Steering:
    """The leans towards a key and towards an ensemble, the pace and the pulse, as far as a representation has them."""

    def __init__(self, representation: Representation) -> None:
        self._key, self._ensemble = KeyLean(representation), EnsembleLean(representation)
        self._pace, self._pulse = Pacing(representation), Pulsing(representation)
        self._has_pitch = representation.has_pitch

    def start(
        self,
        batch: int,
        key: str | None = None,
        notes_per_s: float | None = None,
        beat: Beat | None = None,
        playing: Playing | None = None,
    ) -> Steer:
        """Nothing heard yet.

        Args:
            batch: how many pieces.
            key: one of `KEYS`, for every piece, or None to let it go where it likes.
            notes_per_s: how many notes are to be struck in a second, or None likewise.
            beat: to go on in, or None likewise.
            playing: who is to play, and how, or None likewise.
        """
        return {
            **self._key.start(batch, key),
            **self._pace.start(batch, notes_per_s),
            **self._pulse.start(batch, beat),
            **self._ensemble.start(batch, playing),
        }

    def towards(self, index: int, steer: Steer, situation: Situation, raw: Sequence[Tensor]) -> Tensor:
        """What to add to the logits of field `index`, float32 (batch, classes), or 0.

        Args:
            index: of the field.
            steer: what is asked and what was heard.
            situation: of the step, its wait being known for all fields but the first.
            raw: values of its fields before this one, int32 (batch,) each.
        """
        if index == 0 and self._pace.can_lean:
            return self._pace.towards(steer) + self._pulse.towards(steer)
        if index == 0 and self._ensemble.can_lean:
            return self._ensemble.towards_together(steer)
        if index == self._ensemble.instrument:
            return self._ensemble.towards_players(steer)
        if index not in self._key.fields:
            return 0.0
        logits, has_pitch = self._key.towards(index, steer, situation), self._has_pitch(raw, ops)
        return logits if has_pitch is None else ops.where(ops.expand_dims(has_pitch, -1), logits, 0.0)

    def heard(self, steer: Steer, raw: Tensor) -> Steer:
        """The steer after one more step, whose raw values are int32 (batch, fields)."""
        for lean in (self._key, self._pace, self._pulse, self._ensemble):
            steer = lean.heard(steer, raw)
        return steer
