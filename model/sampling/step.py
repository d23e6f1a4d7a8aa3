"""One step of a batch of pieces: its fields drawn one after another within what may follow, or taken from a plan.

`model.engine` carries it out: traced once into a program on a CPU, as TensorFlow's graph on a GPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from model.network import NoteNetwork
from model.network.heads import REFUSED
from model.representation.base import UNKNOWN, Freedom, Situation, Tensor
from model.sampling.closing import Closing
from model.sampling.drawing import draw
from model.sampling.guard import FREEING_TEMPERATURE, NEVER, Guard, Watch
from model.sampling.plan import NEVER as NEVER_COMES
from model.sampling.plan import Plan, leaning
from model.sampling.position import Position
from model.sampling.steering import Steer, Steering
from model.sampling.taste import DEFAULT_TOP_P, Taste

LONGEST = np.int32(1 << 30)  # own time units


class Tastes(NamedTuple):
    """`Taste` for every piece: (batch, fields) for what differs by field, else (batch,)."""

    temperature: Tensor
    top_k: Tensor
    top_p: Tensor
    min_p: Tensor
    is_guarded: Tensor

    @classmethod
    def of(cls, taste: Taste, fields: Sequence[str], batch: int, is_guarded: bool) -> Tastes:
        """The same taste for `batch` pieces."""
        usual = DEFAULT_TOP_P if taste.top_p is None else taste.top_p
        top_ps = [taste.top_ps.get(name, usual) for name in fields]
        temperatures = [taste.temperatures.get(name, taste.temperature) for name in fields]
        return cls(
            temperature=np.tile(np.array(temperatures, dtype=np.float32), (batch, 1)),
            top_k=np.full(batch, taste.top_k, dtype=np.int32),
            top_p=np.tile(np.array(top_ps, dtype=np.float32), (batch, 1)),
            min_p=np.full(batch, taste.min_p, dtype=np.float32),
            is_guarded=np.full(batch, is_guarded, dtype=bool),
        )


class Choice(NamedTuple):
    """A step: raw values and classes (batch, fields), whether it came from the plan's notes, whether it is END.

    Beside it what guard and steering remember after it.
    """

    raw: Tensor
    classes: Tensor
    is_woven: Tensor
    is_end: Tensor
    watch: Watch
    steer: Steer


class _Template(NamedTuple):
    """What the template says of this step."""

    raw: Tensor  # values that are given, (batch, fields)
    classes: Tensor  # of the given values and of the pitches to be near, (batch, fields)
    barred: Tensor  # classes of the step before
    freedom: Tensor
    highest: Tensor  # classes above the given one, (batch, fields)
    strength: Tensor


class Turn:
    """Takes steps with one network, guarded and steered towards what was asked."""

    def __init__(self, network: NoteNetwork) -> None:
        self.network = network
        self.representation = network.representation
        self._guard, self._steering = Guard(self.representation), Steering(self.representation)
        self._closing = Closing(self.representation)
        self._opens_with_wait = self.representation.opens_with_wait
        waits = self.representation.waits()
        self._has_hands = waits is not None and self._opens_with_wait and bool(self.representation.units_per_second)
        self._waits = np.zeros(1, dtype=np.int32) if waits is None else waits
        self.draws = len(self.representation.fields) + 2  # uniform numbers that a step takes

    def step(self, position: Position, uniform: Tensor, tastes: Tastes, plan: Plan | None) -> tuple[Position, Choice]:
        """The next step of every piece, and where they stand after it.

        Args:
            position: before the step.
            uniform: float32 (batch, draws) in [0, 1): one number for each draw.
            tastes: how to draw.
            plan: what is given beforehand.
        """
        choice, state = self.take(position, uniform, tastes, plan)
        raw = choice.raw
        step = {field.name: raw[:, index] for index, field in enumerate(self.representation.fields)}
        situation = self.representation.advance(position.situation, step, ops)
        is_over = ops.logical_or(position.is_over, choice.is_end)
        if plan is not None:
            is_over = ops.logical_or(is_over, position.filled + 1 >= plan.length)
        return position._replace(
            previous=choice.classes,
            latest=raw,
            situation=situation,
            state=state,
            watch=choice.watch,
            steer=choice.steer,
            now=position.now + self.wait(raw),
            woven=position.woven + ops.cast(choice.is_woven, "int32"),
            filled=position.filled + 1,
            is_over=is_over,
        ), choice

    def take(
        self, position: Position, uniform: Tensor, tastes: Tastes, plan: Plan | None
    ) -> tuple[Choice, dict[str, Tensor]]:
        """The next step of every piece, and the state of the stack after it."""
        output, state = self.network.step(position.previous, position.situation, position.state)
        tastes, is_crowded = self._freed(position.watch, tastes)
        template = None if plan is None else self._template(position, plan)
        raw, classes, is_barred = self._drawn(position, output, uniform, tastes, template)
        is_woven = ops.zeros_like(position.is_over)
        if plan is not None:
            raw, classes, is_woven = self._woven(position, plan, raw, classes)
        is_end = classes[:, 0] == self.representation.end_class
        acted = ops.logical_or(is_crowded, is_barred)
        acted = ops.logical_and(acted, ops.logical_not(ops.logical_or(position.is_over, is_end)))
        watch, steer = self._guard.heard(position.watch, raw, acted), self._steering.heard(position.steer, raw)
        return Choice(raw, classes, is_woven, is_end, watch, steer), state

    def wait(self, raw: Tensor) -> Tensor:
        """Own time units from the step before to this one where steps say them, else 0; int32 (batch,)."""
        return raw[:, 0] if self._opens_with_wait else ops.zeros_like(raw[:, 0])

    def _drawn(
        self,
        position: Position,
        output: Tensor,
        uniform: Tensor,
        tastes: Tastes,
        template: _Template | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Raw values and classes of a step, int32 (batch, fields) each, and whether the guard barred a pitch of it."""
        situation = position.situation
        raw: list[Tensor] = []
        classes: list[Tensor] = []
        is_barred = ops.zeros_like(position.is_over)
        for index in range(len(self.representation.fields)):
            logits = self.network.logits(index, output, classes, situation)
            drawn_from = self.representation.drawn_from(index, situation, ops)
            if drawn_from is not None:
                logits = ops.where(_or_kept(drawn_from, template, index), logits, REFUSED)
            if index == 0 and self._has_hands:
                logits = ops.where(self._is_playable(position, tastes), logits, REFUSED)
            logits = logits + self._steering.towards(index, position.steer, situation, raw)
            if index == self._guard.field:
                against = self._against(position.watch, raw, tastes)
                is_barred = ops.max(against, axis=-1) >= NEVER
                logits = logits - against
            if template is not None:
                logits = _towards(template, index, logits)
            taste = (tastes.temperature[:, index], tastes.top_k, tastes.top_p[:, index], tastes.min_p)
            drawn = draw(logits, uniform[:, index], *taste)
            value = self._raw(index, drawn, uniform, situation)
            if template is not None:
                is_given = _is(template.freedom[:, index], Freedom.GIVEN, Freedom.HELD)
                drawn = ops.where(is_given, template.classes[:, index], drawn)
                value = ops.where(is_given, template.raw[:, index], value)
            classes.append(drawn)
            raw.append(value)
            situation = self._later(situation, index, value)
        return ops.stack(raw, axis=-1), ops.stack(classes, axis=-1), is_barred

    def _raw(self, index: int, drawn: Tensor, uniform: Tensor, situation: Situation) -> Tensor:
        chance = uniform[:, -2] if index == 0 else uniform[:, -1]
        value = self.representation.raw(index, drawn, chance, situation, ops)
        if index > 0 or not self._opens_with_wait:
            return value
        left = situation["left"]
        return ops.where(left == UNKNOWN, value, self._closing.put_off(ops.minimum(value, left), left))

    def _later(self, situation: Situation, index: int, value: Tensor) -> Situation:
        if index == 0:
            return self.representation.elapse(situation, value, ops)
        return self.representation.noted(situation, index, value, ops)

    def _is_playable(self, position: Position, tastes: Tastes) -> Tensor:
        """Which waits let two hands play the next note, bool (batch, classes); all where the guard is off."""
        left = position.situation["left"]
        least = self._guard.least_wait(position.watch)
        least = ops.where(left == UNKNOWN, least, ops.minimum(least, left))
        waits = np.append(self._waits[:-1], LONGEST)  # END may always follow
        is_long = waits[None] >= ops.expand_dims(least, -1)
        return ops.logical_or(is_long, ops.logical_not(ops.expand_dims(tastes.is_guarded, -1)))

    def _against(self, watch: Watch, raw: list[Tensor], tastes: Tastes) -> Tensor:
        """What the guard takes from the logits of the pitch, (batch, pitches); nothing where a step sounds none."""
        is_heard, has_pitch = tastes.is_guarded, self.representation.has_pitch(raw, ops)
        if has_pitch is not None:
            is_heard = ops.logical_and(is_heard, has_pitch)
        return ops.where(is_heard[:, None], self._guard.against(watch, raw[0]), 0.0)

    def _freed(self, watch: Watch, tastes: Tastes) -> tuple[Tastes, Tensor]:
        """Tastes that draw more freely where time hardly moves, and where that is, bool (batch,)."""
        is_crowded = ops.logical_and(tastes.is_guarded, self._guard.is_crowded(watch))
        freer = ops.maximum(tastes.temperature, FREEING_TEMPERATURE)
        is_crowded = ops.logical_and(is_crowded, ops.any(tastes.temperature < freer, axis=-1))
        return tastes._replace(temperature=ops.where(is_crowded[:, None], freer, tastes.temperature)), is_crowded

    def _template(self, position: Position, plan: Plan) -> _Template:
        row, freedom = _row(plan.template, position.filled), _row(plan.freedom, position.filled)
        has_row = (position.filled < plan.length)[:, None]
        freedom = ops.where(ops.logical_and(has_row, plan.length[:, None] < NEVER_COMES), freedom, int(Freedom.FREE))
        row = ops.where(freedom == int(Freedom.HELD), position.latest, row)
        highest = _row(plan.highest, position.filled)[:, None] - row
        classes, before = (
            self.representation.classes(values, position.situation, ops) for values in (row, position.latest)
        )
        barred = ops.where(freedom == int(Freedom.MOVED), before, UNKNOWN)
        return _Template(row, classes, barred, freedom, highest, plan.strength)

    def _woven(self, position: Position, plan: Plan, raw: Tensor, classes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The drawn step, or the plan's next note where that comes first in the order of the representation."""
        if not self._opens_with_wait:
            return raw, classes, ops.zeros_like(position.is_over)
        onset = _row(plan.onsets, position.woven)
        given = _row(plan.notes, position.woven)
        given = ops.concatenate([(onset - position.now)[:, None], given[:, 1:]], axis=-1)
        is_end = classes[:, :1] == self.representation.end_class
        drawn = ops.concatenate([ops.where(is_end, NEVER_COMES, raw[:, :1]), raw[:, 1:]], axis=-1)
        comes_first = ops.ones_like(position.is_over)
        for index in reversed(range((self._guard.field or 0) + 1)):
            same = ops.logical_and(given[:, index] == drawn[:, index], comes_first)
            comes_first = ops.logical_or(given[:, index] < drawn[:, index], same)
        is_woven = ops.logical_and(comes_first, onset < NEVER_COMES)
        given_classes = self.representation.classes(given, position.situation, ops)
        return (
            ops.where(is_woven[:, None], given, raw),
            ops.where(is_woven[:, None], given_classes, classes),
            is_woven,
        )


def _or_kept(drawn_from: Tensor, template: _Template | None, index: int) -> Tensor:
    """The classes that composing may draw, and the template's own: what a seed has, its variation may keep."""
    if template is None:
        return drawn_from
    is_near = _is(template.freedom[:, index], Freedom.NEAR, Freedom.MOVED)
    own = ops.arange(drawn_from.shape[-1], dtype="int32") == template.classes[:, index, None]
    return ops.logical_or(drawn_from, ops.logical_and(own, is_near[:, None]))


def _towards(template: _Template, index: int, logits: Tensor) -> Tensor:
    """Logits of a field that is to be near the template's, where it is."""
    near = leaning(
        logits, template.classes[:, index], template.barred[:, index], template.highest[:, index], template.strength
    )
    return ops.where(_is(template.freedom[:, index], Freedom.NEAR, Freedom.MOVED)[:, None], near, logits)


def _is(freedom: Tensor, one: Freedom, other: Freedom) -> Tensor:
    return ops.logical_or(freedom == int(one), freedom == int(other))


def _row(rows: Tensor, index: Tensor) -> Tensor:
    """The row of each piece at `index` (batch,), out of (batch, rows, ...); beyond the end the last."""
    return tf.gather(rows, ops.minimum(index, tf.shape(rows)[1] - 1), batch_dims=1)
