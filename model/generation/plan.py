"""What is given beforehand: notes to weave in among the drawn ones, or a template to fill in step by step."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.compiling import inlined
from model.network.note_network import REFUSED
from model.piece import Piece
from model.representation import Representation, law

# mypy: disable-error-code="no-untyped-def"


NEVER = 1 << 30  # own time units: the onset of no note; also the length of no template
NEAR_SEMITONES = 12  # how far from the given pitch a near one may lie
SAME_CHROMA, EACH_SEMITONE = 1.0, -0.35  # logits of the other near pitches at full strength
# logits taken from a pitch that meets a given note a semitone away, in beats and in free time; by trial
# (docs/experiments.md)
CLASH_IN_BEATS, CLASH = 1.5, 3.0
HELD = 2.0  # times as much is taken from a length that reaches into one
ABOVE = 1.0  # logits taken from pitches above the given notes: most of an accompaniment lies below its melody
HEARD_BEFORE, HEARD_AHEAD_S = 32, 0.5  # given notes that may still sound, and how far ahead they count in free time
SILENT = 20.0  # logits taken from the lead behind its last given note
CHROMA = 12
LEAST = 1e-30  # a probability that is never drawn, and whose logarithm float32 can hold


class Plan(NamedTuple):
    """What is given to a piece; int32 unless said otherwise.

    Attributes:
        notes: raw steps of the given notes, (notes, fields), one that never comes at the end. In place of its wait each
            has its onset, own time units from where the composing starts.
        template: raw steps, (steps, fields), at least one row.
        constraints: `Constraint` of each value of the template, (steps, fields).
        highest: what a near pitch may not exceed, (steps,).
        length: steps of the template, `NEVER` where there is none.
        strength: the share of near pitches that are the given ones in any case, 0..1.
        ahead: own time units for which a drawn note minds the given notes that are to come, 0 for not at all.
        lead: the instrument of the given notes, which plays nothing else; -1 where there is none such.
        clash: logits that a pitch loses which meets a given note a semitone away; a length loses `HELD` times as many.
        above: logits that a pitch above the given notes loses.
    """

    notes: NDArray[np.int32]
    template: NDArray[np.int32]
    constraints: NDArray[np.int32]
    highest: NDArray[np.int32]
    length: int
    strength: float
    ahead: int
    lead: int
    clash: float
    above: float


def no_plan(fields: int) -> Plan:
    """Everything is free."""
    return woven(np.zeros(0, dtype=np.int64), np.zeros((0, fields), dtype=np.int32))


def woven(
    onsets: NDArray[np.int64], notes: NDArray[np.int32], ahead: int = 0, lead: int = -1, clash: float = 0.0
) -> Plan:
    """A plan that brings `notes` (notes, fields) at `onsets` (notes,) and leaves all else free; see `Plan`."""
    row, never = np.zeros((1, notes.shape[1]), dtype=np.int32), np.array([NEVER], dtype=np.int32)
    given = np.concatenate([notes.astype(np.int32), row])
    given[:, 0] = np.append(onsets, NEVER)
    return Plan(given, row, row, never, NEVER, 0.0, ahead, lead, clash, ABOVE)


def filled_in(
    template: NDArray[np.int32], constraints: NDArray[np.int32], highest: NDArray[np.int32], strength: float
) -> Plan:
    """A plan that follows `template` (steps, fields) step by step and ends with it.

    Args:
        template: raw steps, at least one.
        constraints: `Constraint` of each of their values.
        highest: of each step, what a near pitch may not exceed.
        strength: 0 (any near pitch) to 1 (the given pitch).
    """
    nothing = no_plan(template.shape[1])
    rows, free, limit = (np.ascontiguousarray(part, dtype=np.int32) for part in (template, constraints, highest))
    return Plan(nothing.notes, rows, free, limit, len(template), float(strength), 0, -1, 0.0, 0.0)


@inlined
def lean(logits, size, given, barred, highest, strength):  # noqa: ANN001, ANN201
    """Change the logits of a pitch that is to lie near a given one.

    With a probability of `strength` it is the given one; else it is the network's choice among the near ones, which may
    be the given one too. Leaning on the logits alone would not do: a network that has heard the given notes so far
    expects them to go on, so that any push is enough to have all of them.

    Args:
        logits: of the network, float32; refused classes have `REFUSED`.
        size: how many classes.
        given: the class of the given pitch.
        barred: a class that may not be drawn, or -1.
        highest: how many classes above the given one are allowed at most.
        strength: see `Plan`.
    """
    largest, is_kept = REFUSED, False
    for drawn in range(size):
        distance = drawn - given
        semitones = abs(distance)
        is_refused = logits[drawn] <= REFUSED / 2 or drawn == barred
        if semitones <= NEAR_SEMITONES and distance <= highest and not is_refused:
            towards = EACH_SEMITONE * semitones + (SAME_CHROMA if semitones % 12 == 0 else 0.0)
            logits[drawn] += np.float32(strength * towards)
            largest, is_kept = max(largest, logits[drawn]), is_kept or distance == 0
        else:  # where nothing fits, as when the only key left is still held, the given pitch comes before all others
            logits[drawn] = np.float32(REFUSED * (1 + semitones / 128))
    if largest <= REFUSED / 2:
        return
    total = 0.0
    for drawn in range(size):
        total += math.exp(logits[drawn] - largest)
    share = strength if is_kept else 0.0  # nothing where the given pitch does not fit
    for drawn in range(size):
        if logits[drawn] > REFUSED / 2:
            near = (1 - share) * math.exp(logits[drawn] - largest) / total
            kept = share if drawn == given else 0.0
            logits[drawn] = np.float32(math.log(max(near + kept, LEAST)))


@inlined
def clear_of_given(state, plan, rules, piece, field, logits):  # noqa: ANN001, ANN201
    """Make a drawn note keep clear of the given ones: its pitch of those that sound with it, its length of later ones.

    A pitch a semitone from a given note, in whatever octave, loses logits: all of them if both begin together, fewer
    the later the given note begins, none beyond `Plan.ahead`. So does a length that would reach into the first given
    note that is a semitone from the pitch drawn. Pitches above them lose some, too. The lead plays nothing behind its
    last given note.

    Args:
        state: of the law, brought up to date by the earlier fields.
        plan, rules, piece: of the piece; the values drawn so far are in `piece.raw`.
        field: index of the field.
        logits: float32, changed.
    """
    last = plan.notes[min(piece.woven, len(plan.notes) - 1), 0]
    if field == rules.instrument and plan.lead >= 0 and last >= NEVER:
        logits[plan.lead] -= np.float32(SILENT)
    if plan.ahead > 0 and field == rules.pitch and law.has_pitch(state, piece.raw):
        _clear_pitch(state, plan, rules, piece, logits)
    if plan.ahead > 0 and field == rules.duration and law.has_pitch(state, piece.raw):
        _clear_length(state, plan, rules, piece, logits)


@inlined
def _is_semitone(pitch, other):  # noqa: ANN001, ANN202
    return (pitch - other) % CHROMA in (1, CHROMA - 1)


@inlined
def _clear_pitch(state, plan, rules, piece, logits):  # noqa: ANN001, ANN202
    top = -1
    for i in range(max(piece.woven - HEARD_BEFORE, 0), len(plan.notes)):
        given = plan.notes[i]
        wait = given[0] - piece.now - piece.raw[0]
        if wait >= plan.ahead:
            break
        if law.has_pitch(state, given) and wait + given[rules.duration] > 0:
            top = max(top, given[rules.pitch])
            cost = np.float32(plan.clash * (1.0 - max(wait, 0) / plan.ahead))
            for drawn in range(rules.sizes[rules.pitch]):
                if _is_semitone(drawn, given[rules.pitch]):
                    logits[drawn] -= cost
    for drawn in range(top + 1, rules.sizes[rules.pitch] if top >= 0 else 0):
        logits[drawn] -= np.float32(plan.above)


@inlined
def _clear_length(state, plan, rules, piece, logits):  # noqa: ANN001, ANN202
    for i in range(piece.woven, len(plan.notes) - 1):
        given = plan.notes[i]
        wait = given[0] - piece.now - piece.raw[0]
        if wait > 0 and law.has_pitch(state, given) and _is_semitone(piece.raw[rules.pitch], given[rules.pitch]):
            for drawn in range(rules.sizes[rules.duration]):
                if law.to_raw(state, rules.duration, drawn, np.float32(0)) > wait:
                    logits[drawn] -= np.float32(HELD * plan.clash)
            return


def variation(representation: Representation, steps: NDArray[np.int32], strength: float) -> Plan:
    """A plan that keeps the rhythm of `steps`.

    Raises:
        RequestError: the representation cannot be varied.
    """
    constraints = representation.variation(steps)
    return filled_in(steps, constraints, _below_the_next(representation, steps), strength)


def accompaniment(
    representation: Representation, melody: NDArray[np.int32], lead: int = -1
) -> tuple[Plan, NDArray | None]:
    """A plan that keeps the steps of `melody`, and their `Constraint`; None where the new steps come between them.

    Args:
        representation: of the steps.
        melody: raw steps (notes, fields).
        lead: the instrument of the melody where it plays nothing else, else -1.

    Raises:
        RequestError: the representation cannot play around given notes.
    """
    constraints = representation.accompaniment(melody)
    if constraints is None:
        per_second = representation.units_per_second
        ahead = representation.units_per_quarter if per_second is None else round(HEARD_AHEAD_S * per_second)
        clash = CLASH_IN_BEATS if per_second is None else CLASH
        return woven(representation.onsets(melody), melody, ahead, lead, clash), None
    return filled_in(melody, constraints, np.full(len(melody), NEVER, dtype=np.int32), 0.0), constraints


def around(
    representation: Representation,
    steps: NDArray[np.int32],
    is_given: NDArray[np.bool_],
    constraints: NDArray[np.int32] | None,
    lead: int = -1,
) -> Piece:
    """What was drawn around given notes, without what was drawn for their own player.

    Args:
        representation: of the steps.
        steps: all of them, (notes, fields).
        is_given: which of them were, (notes,).
        constraints: which of their values were, where steps followed a template.
        lead: see `Plan`.
    """
    if constraints is not None:
        return representation.drawn_part(steps, constraints[: len(steps)])
    is_new = ~is_given
    if lead >= 0:
        names = [field.name for field in representation.fields]
        is_new &= steps[:, names.index("instrument")] != lead
    drawn = steps[is_new].copy()  # they keep their place in time
    drawn[:, 0] = np.diff(representation.onsets(steps)[is_new], prepend=0)
    return representation.decode(drawn)


def _below_the_next(representation: Representation, steps: NDArray[np.int32]) -> NDArray[np.int32]:
    """What the pitch of each step may not exceed, (notes,).

    Pitches rise within a chord: one that rose above the next of its template would leave that no place.
    """
    highest = np.full(len(steps), NEVER, dtype=np.int32)
    names = [field.name for field in representation.fields]
    if not representation.opens_with_wait:
        return highest
    pitch = names.index("pitch")
    same_time = steps[1:, 0] == 0
    same_voice = (steps[1:, 1:pitch] == steps[:-1, 1:pitch]).all(axis=1)
    below_next = np.where(same_time & same_voice, steps[1:, pitch] - 1, NEVER)
    highest[:-1] = np.minimum(below_next, NEVER)
    return highest
