"""The repetition guard: what keeps a network from circling in one bar for ever.

A small network that draws safely falls into loops, because what was just repeated becomes likelier still (Holtzman et
al. 2020, "The Curious Case of Neural Text Degeneration"). The guard watches the latest pitches of a piece, inside the
compiled loop. It makes the note that would go on with a short loop, and a pitch that outweighs all others, less likely
the longer it lasts, and in the end impossible; where time hardly moves any more it lets the network draw more freely.
"""

from __future__ import annotations

from keras import ops

from model.representation import Representation
from model.representation.base import Tensor

WATCHED = 40  # latest pitches: a loop of four, repeated more often than is borne
LONGEST_LOOP = 4  # notes
GENTLE_AFTER, NEVER_AFTER = 4, 8  # repeats of a loop: from here on it gets less likely, from here on it is impossible
GENTLY = 1.5  # logits for each repeat in between
COMMON_SHARE, LARGEST_SHARE = 0.3, 0.45  # of the watched notes on one pitch
AGAINST_SHARE = 30.0  # logits for a share of one beyond the common one
NEVER = 1e4  # logits; less than what a refused class lacks, so that it is chosen before one that cannot follow
CROWDED, CROWDED_PER_S = 32, 40  # so many notes at more than so many a second: a chord struck again and again
FREEING_TEMPERATURE = 1.0
FEWEST = 16  # notes before a share means something
LONG_AGO = 1 << 20

Watch = dict[str, Tensor]


class Guard:
    """Watches the field `pitch` of representations whose steps are notes; does nothing for others."""

    def __init__(self, representation: Representation) -> None:
        names = [field.name for field in representation.fields]
        is_heard = representation.opens_with_wait and "pitch" in names
        self.field = names.index("pitch") if is_heard else None
        self._has_pitch = representation.has_pitch
        self._pitches = representation.fields[self.field].size if self.field is not None else 0
        per_second = representation.units_per_second
        self._crowded_units = int(CROWDED * per_second / CROWDED_PER_S) if per_second else 0

    def start(self, batch: int) -> Watch:
        """Nothing heard yet; `acted` counts the steps at which the guard forbade something or freed the drawing."""
        never_equal = -1 - ops.arange(WATCHED, dtype="int32")  # no two alike: no loop
        return {
            "pitches": ops.repeat(never_equal[None], batch, axis=0),
            "waits": ops.full((batch, CROWDED), LONG_AGO, dtype="int32"),
            "acted": ops.zeros((batch,), dtype="int32"),
        }

    def against(self, watch: Watch) -> Tensor:
        """What to take from the logits of the pitch, float32 (batch, pitches) >= 0."""
        heard = watch["pitches"]
        latest = ops.flip(heard[:, -LONGEST_LOOP:], axis=-1)  # what goes on with a loop of 1, 2, ... notes
        matches = ops.stack([self._matches(heard, period) for period in range(1, LONGEST_LOOP + 1)], axis=-1)
        periods = ops.arange(1, LONGEST_LOOP + 1, dtype="int32")
        repeats = ops.cast(matches + periods, "float32") / ops.cast(periods, "float32")
        gentle = GENTLY * ops.maximum(repeats - GENTLE_AFTER, 0.0)
        loops = ops.where(repeats >= NEVER_AFTER, NEVER, gentle)  # (batch, periods)
        pitches = ops.arange(self._pitches, dtype="int32")
        goes_on = ops.cast(latest[..., None] == pitches, "float32")  # (batch, periods, pitches)
        against_loops = ops.max(loops[..., None] * goes_on, axis=1)
        known = ops.maximum(ops.sum(ops.cast(heard >= 0, "float32"), axis=-1, keepdims=True), FEWEST)
        shares = ops.sum(ops.cast(heard[..., None] == pitches, "float32"), axis=1) / known
        gentle = AGAINST_SHARE * ops.maximum(shares - COMMON_SHARE, 0.0)
        return against_loops + ops.where(shares >= LARGEST_SHARE, NEVER, gentle)

    def _matches(self, heard: Tensor, period: int) -> Tensor:
        """How many of the latest notes have the pitch of the one `period` notes before, without a gap, (batch,)."""
        same = ops.cast(heard[:, period:] == heard[:, :-period], "int32")
        return ops.sum(ops.cumprod(ops.flip(same, axis=-1), axis=-1), axis=-1)

    def is_crowded(self, watch: Watch) -> Tensor:
        """Whether time hardly moves any more, bool (batch,)."""
        return ops.sum(watch["waits"], axis=-1) < self._crowded_units

    def heard(self, watch: Watch, raw: Tensor, acted: Tensor) -> Watch:
        """The watch after one more step; `raw` is int32 (batch, fields), `acted` bool (batch,)."""
        after = {"acted": watch["acted"] + ops.cast(acted, "int32")}
        if self.field is None:
            return {**watch, **after}
        for name, latest in (("pitches", raw[:, self.field]), ("waits", raw[:, 0])):
            after[name] = ops.concatenate([watch[name][:, 1:], latest[:, None]], axis=-1)
        has_pitch = self._has_pitch([raw[:, index] for index in range(self.field)], ops)
        if has_pitch is not None:
            after["pitches"] = ops.where(has_pitch[:, None], after["pitches"], watch["pitches"])
        return after
