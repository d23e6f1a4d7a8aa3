"""What makes everyone of an ensemble play: a lean of the choice of who is next towards those who played too little.

A network that was told who plays begins with one of them, and goes on with that one alone: of its training set, music
that began so was mostly for one. So each player has a share of the notes, and the sampler counts how far each is behind
it, notes long ago counting less; who is behind gets likelier with every note until they come in. Once all play, counts
stay near nothing and the network decides. (An integral controller, with a leak.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from keras import ops

from model.representation import Representation
from model.representation.base import Tensor
from model.representation.engraving import FIRST_PROGRAM, INSTRUMENTS

STRENGTH = 0.5  # logits for every note that a player is behind; by trial (docs/experiments.md)
MEMORY = 64.0  # notes over which being behind is forgotten: a voice may rest for some bars
BARRED = -30.0  # logits of those who are not in the ensemble

Cast = dict[str, Tensor]


class PlayersLean:
    """Leans the field `instrument` of representations that have it; does nothing for others."""

    def __init__(self, representation: Representation) -> None:
        names = [field.name for field in representation.fields]
        self.field = names.index("instrument") if "instrument" in names else None

    def start(self, batch: int, players: Sequence[tuple[int, float]] = ()) -> Cast:
        """Nobody has played yet.

        float32 (batch, 131), as the field counts instruments: `due` the share of the notes that each is to have, 0 for
        all where no players are given; `behind` how many notes each is short of that; `barred` logits of who may not.

        Args:
            batch: how many pieces.
            players: program (128 for the drums) and share of the notes of each; none leaves the choice to the network.
        """
        if self.field is None:
            return {}
        due, barred = np.zeros(INSTRUMENTS), np.zeros(INSTRUMENTS)
        if players:
            places = [FIRST_PROGRAM + program for program, _ in players]
            shares = np.array([share for _, share in players])
            due[places] = shares / shares.sum()
            barred[FIRST_PROGRAM:] = BARRED
            barred[places] = 0.0
        rows = {"due": due, "behind": np.zeros(INSTRUMENTS), "barred": barred}
        return {name: np.tile(row.astype(np.float32), (batch, 1)) for name, row in rows.items()}

    def towards(self, cast: Cast) -> Tensor:
        """What to add to the logits of the instrument, float32 (batch, 131)."""
        return STRENGTH * cast["behind"] + cast["barred"]

    def heard(self, cast: Cast, raw: Tensor) -> Cast:
        """The cast after one more step, whose raw values are int32 (batch, fields)."""
        if self.field is None:
            return cast
        played = ops.expand_dims(raw[:, self.field], -1)  # (batch, 1)
        is_cast = ops.logical_and(played >= FIRST_PROGRAM, ops.any(cast["due"] > 0, axis=-1, keepdims=True))
        struck = ops.cast(played == ops.arange(INSTRUMENTS, dtype="int32"), "float32")
        after = cast["behind"] * float(np.exp(-1 / MEMORY)) + cast["due"] - struck
        return {**cast, "behind": ops.where(is_cast, after, cast["behind"])}
