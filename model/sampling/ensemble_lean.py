"""What makes everyone of an ensemble play, and together: leans of the waits and of the choice of who is next.

A network that was told who plays begins with one of them, and goes on with that one alone: of its training set, music
that began so was mostly for one. So each player has a share of the notes, and as many notes as in such music are to be
struck with the one before. The sampler counts how far each share is behind, notes long ago counting less; what is
behind gets likelier with every note until it comes. Once all play as such music does, the counts stay near nothing and
the network decides. (Integral controllers, with a leak.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from keras import ops

from model.representation import Representation
from model.representation.base import Tensor
from model.representation.engraving import FIRST_PROGRAM, INSTRUMENTS

STRENGTH = 1.0  # logits for every note that a player is behind; by trial (docs/experiments.md)
TOGETHER_STRENGTH = 0.6  # the same for every note that was to be struck with the one before
MEMORY = 64.0  # notes over which being behind is forgotten: a voice may rest for some bars
BARRED = -30.0  # logits of those who are not in the ensemble

Cast = dict[str, Tensor]


class Playing(NamedTuple):
    """Who is to play how much, and how.

    Attributes:
        players: program (128 for the drums) and share of the notes of each.
        together: share of the notes that are struck with the one before; None leaves it to the network.
    """

    players: Sequence[tuple[int, float]]
    together: float | None


class EnsembleLean:
    """Leans the waits and the instruments of representations that have both; does nothing for others."""

    def __init__(self, representation: Representation) -> None:
        names = [field.name for field in representation.fields]
        can_lean = representation.opens_with_wait and "instrument" in names
        self.instrument = names.index("instrument") if can_lean else None
        self.can_lean = can_lean
        self._is_at_once = np.arange(representation.fields[0].size) == 0

    def start(self, batch: int, playing: Playing | None = None) -> Cast:
        """Nobody has played yet.

        float32 (batch, 131), as the field counts instruments: `due` the share of the notes that each is to have, 0 for
        all where that is open; `behind` how many notes each is short of that; `barred` logits of who may not. (batch,
        1): `together_due` and `together_behind`, of notes that are struck with the one before, and how much that is
        heeded, `together_strength`.

        Args:
            batch: how many pieces.
            playing: of every piece; None leaves it to the network.
        """
        if not self.can_lean:
            return {}
        due, barred = np.zeros(INSTRUMENTS), np.zeros(INSTRUMENTS)
        together = None if playing is None else playing.together
        if playing is not None:
            places = [FIRST_PROGRAM + program for program, _ in playing.players]
            shares = np.array([share for _, share in playing.players])
            due[places] = shares / shares.sum()
            barred[FIRST_PROGRAM:] = BARRED
            barred[places] = 0.0
        rows = {
            "due": due, "behind": np.zeros(INSTRUMENTS), "barred": barred,
            "together_due": np.full(1, together or 0.0), "together_behind": np.zeros(1),
            "together_strength": np.full(1, 0.0 if together is None else TOGETHER_STRENGTH),
        }  # fmt: skip
        return {name: np.tile(row.astype(np.float32), (batch, 1)) for name, row in rows.items()}

    def towards_together(self, cast: Cast) -> Tensor:
        """What to add to the logits of the wait, float32 (batch, classes)."""
        return cast["together_strength"] * cast["together_behind"] * self._is_at_once.astype(np.float32)

    def towards_players(self, cast: Cast) -> Tensor:
        """What to add to the logits of the instrument, float32 (batch, 131)."""
        return STRENGTH * cast["behind"] + cast["barred"]

    def heard(self, cast: Cast, raw: Tensor) -> Cast:
        """The cast after one more step, whose raw values are int32 (batch, fields)."""
        if self.instrument is None:
            return cast
        played = ops.expand_dims(raw[:, self.instrument], -1)  # (batch, 1)
        counts = ops.logical_and(played >= FIRST_PROGRAM, ops.any(cast["due"] > 0, axis=-1, keepdims=True))
        struck = ops.cast(played == ops.arange(INSTRUMENTS, dtype="int32"), "float32")
        at_once = ops.cast(raw[:, :1] == 0, "float32")
        kept = float(np.exp(-1 / MEMORY))
        behind = cast["behind"] * kept + cast["due"] - struck
        together_behind = cast["together_behind"] * kept + cast["together_due"] - at_once
        return {
            **cast,
            "behind": ops.where(counts, behind, cast["behind"]),
            "together_behind": ops.where(counts, together_behind, cast["together_behind"]),
        }
