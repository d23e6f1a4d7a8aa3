"""The repetition guard: what keeps a network from circling in one bar for ever.

A small network that draws safely falls into loops, because what was just repeated becomes likelier still (Holtzman et
al. 2020, "The Curious Case of Neural Text Degeneration"). The guard watches the latest pitches of a piece, inside the
step. It makes the note that would go on with a short loop, and a pitch that outweighs all others, less likely
the longer it lasts, and in the end impossible; where time hardly moves any more it lets the network draw more freely;
and a piece that goes on with a handful of pitches is led to others.
"""

from __future__ import annotations

from collections.abc import Callable

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
HANDFUL, HANDFUL_S = 16, 0.3  # notes that two hands strike in so many seconds, a roll or a glissando included
FREEING_TEMPERATURE = 1.0
FEWEST = 16  # notes before a share means something
FEW_PITCHES, NARROW_AFTER = 12, 32  # a piece with fewer different pitches is narrow, once it has so many notes
AGAINST_NARROW, MOST_AGAINST_NARROW = 0.15, 4.0  # logits for each note beyond that, against the pitches it has; at most
LONG_AGO = 1 << 20

CHORD_S = 0.03  # notes struck so close together are one chord, told from the lowest up, as a listener tells them
FINGERS = 10  # notes of a chord at most

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
        self._handful_units = round(HANDFUL_S * per_second) if per_second else 0
        self._chord_units = round(CHORD_S * per_second) if per_second else 0

    def start(self, batch: int) -> Watch:
        """Nothing heard yet.

        int32: `pitches` (batch, 40) the latest, each chord from its lowest note up; `chord` (batch,) how many of them
        are of the latest chord; `waits` (batch, 32); `acted` (batch,) the steps at which the guard forbade something or
        freed the drawing. float32: `had` (batch, 128) 1 for each pitch the piece has had, `notes` (batch, 1) how many.
        """
        never_equal = -1 - ops.arange(WATCHED, dtype="int32")  # no two alike: no loop
        return {
            "pitches": ops.repeat(never_equal[None], batch, axis=0),
            "chord": ops.zeros((batch,), dtype="int32"),
            "waits": ops.full((batch, CROWDED), LONG_AGO, dtype="int32"),
            "acted": ops.zeros((batch,), dtype="int32"),
            "had": ops.zeros((batch, max(self._pitches, 1)), dtype="float32"),
            "notes": ops.zeros((batch, 1), dtype="float32"),
        }

    def against(self, watch: Watch, wait: Tensor) -> Tensor:
        """What to take from the logits of the pitch, float32 (batch, pitches) >= 0.

        Args:
            watch: what was heard.
            wait: own time units since the step before, int32 (batch,).
        """
        heard = watch["pitches"]
        in_chord = self._in_chord(watch, wait)
        found = [self._loop(heard, period, in_chord) for period in range(1, LONGEST_LOOP + 1)]
        # what the note at each watched place would cost if it came again, (batch, watched)
        costs = ops.max(ops.stack([cost[:, None] * places for cost, places in found], axis=1), axis=1)
        against_loops = ops.maximum(self._by_pitch(ops.segment_max, costs, heard), 0.0)
        known = ops.maximum(ops.sum(ops.cast(heard >= 0, "float32"), axis=-1, keepdims=True), FEWEST)
        shares = self._by_pitch(ops.segment_sum, ops.ones_like(costs), heard) / known
        gentle = AGAINST_SHARE * ops.maximum(shares - COMMON_SHARE, 0.0)
        return against_loops + ops.where(shares >= LARGEST_SHARE, NEVER, gentle) + self._narrow(watch)

    def _by_pitch(self, reduced: Callable[..., Tensor], values: Tensor, heard: Tensor) -> Tensor:
        """`values` (batch, watched) of one pitch reduced to one, (batch, pitches)."""
        batch, pitches = heard.shape[0], self._pitches
        places = ops.arange(batch, dtype="int32")[:, None] * pitches + heard
        places = ops.where(heard >= 0, places, -1)  # which belongs nowhere
        found = reduced(ops.reshape(values, (-1,)), ops.reshape(places, (-1,)), num_segments=batch * pitches)
        return ops.reshape(found, (batch, pitches))

    def _narrow(self, watch: Watch) -> Tensor:
        """What to take from pitches that the piece has had where it has had too few, (batch, pitches)."""
        beyond = ops.maximum(watch["notes"] - NARROW_AFTER, 0.0)
        is_narrow = ops.sum(watch["had"], axis=-1, keepdims=True) < FEW_PITCHES
        return watch["had"] * ops.where(is_narrow, ops.minimum(AGAINST_NARROW * beyond, MOST_AGAINST_NARROW), 0.0)

    def _in_chord(self, watch: Watch, wait: Tensor) -> Tensor:
        """How many notes of the chord that the next note belongs to have been heard, int32 (batch,)."""
        joins = ops.logical_and(wait <= self._chord_units, watch["chord"] < FINGERS)
        return ops.where(joins, watch["chord"], 0)

    def _loop(self, heard: Tensor, period: int, in_chord: Tensor) -> tuple[Tensor, Tensor]:
        """What going on with a loop of `period` notes costs, (batch,), and where in `heard` its next notes stand.

        The latter is float32 (batch, watched). The notes of a chord are struck in any order: of one that has begun, any
        of the loop's next notes may be still to come, and those heard do not end the loop.
        """
        places = ops.arange(WATCHED, dtype="int32")
        before = (WATCHED - in_chord)[:, None]  # where the chord begins
        is_same = ops.equal(heard[:, period:], heard[:, :-period])
        same = ops.logical_or(is_same, ops.greater_equal(places[period:], before))
        row = ops.sum(ops.cumprod(ops.flip(ops.cast(same, "int32"), axis=-1), axis=-1), axis=-1) - in_chord
        repeats = ops.cast(row + period, "float32") / period
        cost = ops.where(repeats >= NEVER_AFTER, NEVER, GENTLY * ops.maximum(repeats - GENTLE_AFTER, 0.0))
        upto = ops.minimum(before, WATCHED - period + 1)
        nexts = ops.logical_and(ops.greater_equal(places, before - period), ops.less(places, upto))
        return cost, ops.cast(nexts, "float32")

    def least_wait(self, watch: Watch) -> Tensor:
        """How long the next note has to wait so that two hands could play it, own time units, int32 (batch,).

        At most HANDFUL notes are struck within HANDFUL_S; 0 and less where nothing has to wait.
        """
        return self._handful_units - ops.sum(watch["waits"][:, -(HANDFUL - 1) :], axis=-1)

    def is_crowded(self, watch: Watch) -> Tensor:
        """Whether time hardly moves any more, bool (batch,)."""
        return ops.sum(watch["waits"], axis=-1) < self._crowded_units

    def heard(self, watch: Watch, raw: Tensor, acted: Tensor) -> Watch:
        """The watch after one more step; `raw` is int32 (batch, fields), `acted` bool (batch,)."""
        after = {"acted": watch["acted"] + ops.cast(acted, "int32")}
        if self.field is None:
            return {**watch, **after}
        in_chord = self._in_chord(watch, raw[:, 0])
        after["pitches"] = _sorted_in(watch["pitches"], raw[:, self.field], in_chord)
        after["chord"] = in_chord + 1
        struck = ops.expand_dims(raw[:, self.field], -1) == ops.arange(self._pitches, dtype="int32")
        after["had"] = ops.maximum(watch["had"], ops.cast(struck, "float32"))
        after["notes"] = watch["notes"] + 1.0
        has_pitch = self._has_pitch([raw[:, index] for index in range(self.field)], ops)
        if has_pitch is not None:
            after["pitches"] = ops.where(has_pitch[:, None], after["pitches"], watch["pitches"])
            for part in ("had", "notes"):
                after[part] = ops.where(has_pitch[:, None], after[part], watch[part])
            unheard = ops.where(raw[:, 0] > self._chord_units, 0, watch["chord"])
            after["chord"] = ops.where(has_pitch, after["chord"], unheard)
        after["waits"] = ops.concatenate([watch["waits"][:, 1:], raw[:, :1]], axis=-1)
        return after


def _sorted_in(heard: Tensor, pitch: Tensor, in_chord: Tensor) -> Tensor:
    """`heard` (batch, watched) with one more pitch (batch,), which goes below the higher ones of its chord."""
    places = ops.arange(WATCHED, dtype="int32")
    in_same = ops.greater_equal(places, (WATCHED - in_chord)[:, None])
    is_higher = ops.logical_and(ops.greater(heard, pitch[:, None]), in_same)
    place = WATCHED - 1 - ops.sum(ops.cast(is_higher, "int32"), axis=-1, keepdims=True)
    earlier = ops.concatenate([heard[:, 1:], heard[:, -1:]], axis=-1)
    later = ops.where(ops.equal(places, place), pitch[:, None], heard)
    return ops.where(ops.less(places, place), earlier, later)
