"""The pointer: a logits processor with which a piece takes up again what it, or its seed, has already played.

Where the latest steps equal those before an earlier place, what followed there is likely to follow again (the match
model of context-mixing compressors; Merity et al. 2017, "Pointer Sentinel Mixture Models"). Each such place predicts
its own step, with a weight by the length of the match. The share of the predictions in the probabilities grows with
their weight and with how well they did of late. Field by field only the places that agree with the fields drawn so far
remain, so the probability of a step is exact. A refused class stays refused. What was copied word for word for long
loses its weight: no piece goes round for ever.

In free time nothing is played twice to the hundredth of a second, so there the top notes of chords are matched, waits
agree about, and velocities and lengths are left to the network.

The constants were fitted on held-out music and then set by what is heard (docs/experiments.md). `voices` has no
pointer: it has one among its features.
"""

# ruff: noqa: ANN001, ANN201, ANN202 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import exp64
from model.compiling import inlined
from model.network.note_network import REFUSED
from model.representation import Representation
from model.representation.engraving import FIRST_PROGRAM, METER
from model.representation.grid import BAR_TICKS

MEMORY = 4096  # steps remembered; when they are full, the older half is forgotten
SHORTEST_MATCH = 2  # steps
NEAREST = 5  # steps back: shorter loops are what the repetition penalty breaks
STAGES = 12  # of the length of a match, two to an octave
KEY_BITS = 10  # of one class in the number that a step is compared by
LEAST = 1e-30  # a probability that is never drawn, and whose logarithm float32 can hold
PHRASE_BARS = 4
NEVER = 20.0  # logarithm of a doubt that leaves a field to the network
NEAREST_CHORD = 8  # chords back
LEAST_JOINED = 0.05  # of the notes struck with the one before: with fewer it is a single line, which a network recalls
CHORD_S = 0.03  # notes struck so close together are one chord


class Pointing(NamedTuple):
    """How much the pointer of a representation is trusted, as compiled code reads it.

    Attributes:
        is_on: whether there is a pointer at all.
        compared: which fields two steps must agree in, uint8 (fields,).
        lengths: the weight of a place by the stage of its match, float64 (STAGES,).
        same_place, same_phrase: what it is multiplied with where it lies whole bars, or fours of bars, back.
        power: of all weights together, before they are compared with `doubts`.
        experience: how much it matters how well the pointer did of late, as the exponent of e.
        forgetting: the share of that which is kept from step to step.
        doubts: of each field, the weight at which network and pointer count the same, float64 (fields,).
        longest_copy: bars, in free time own time units, for which it may copy word for word before it loses its weight.
        by_chords: whether the top notes of chords are matched in place of steps.
        tolerance: by how much two waits that agree may differ, as a share of the longer one.
    """

    is_on: bool
    compared: NDArray[np.uint8]
    lengths: NDArray[np.float64]
    same_place: float
    same_phrase: float
    power: float
    experience: float
    forgetting: float
    doubts: NDArray[np.float64]
    longest_copy: float
    by_chords: bool
    tolerance: float


POINTER = np.dtype(
    [
        ("steps", np.int64),  # remembered
        ("now", np.int64),  # own time units since the first of them
        ("bar", np.int64),  # own time units of a bar, 0 where there are none
        ("places", np.int64),  # that predict the coming step
        ("left", np.int64),  # of them, those that agree with the fields drawn so far
        ("lately", np.float64),  # the share of the predictions that came true, 0..1
        ("freshness", np.float64),  # what the length of the copy so far leaves of the weights, 0..1
        ("weight", np.float64),  # see `SamplingParameters`
        ("notes", np.int64),  # of those, notes: a meter or a tempo is none
        ("joined", np.int64),  # notes struck with the one before
        ("chords", np.int64),  # those that are over
        ("top", np.int64),  # highest pitch of the one that is not
    ],
    align=True,
)


class Pointer(NamedTuple):
    """What the pointer remembers of one piece.

    Attributes:
        about: a `POINTER` record, in an array of one.
        keys: what steps are compared by, int64 (MEMORY,).
        classes: of each step, int32 (MEMORY, fields).
        onsets: own time units, int64 (MEMORY,).
        matches: before each step (or chord), how many equal the latest ones, int32 (MEMORY,).
        places: the steps that predict the coming one, int32 (MEMORY,).
        left: those of them that agree with the fields drawn so far, as indices of `places`, int32 (MEMORY,).
        weights: of each of `places`, float64 (MEMORY,).
        shares: scratch for the probabilities of one field, float64 (classes,).
        begins: of each chord, its first step, int32 (MEMORY,).
        tops: of each chord, its highest pitch, int32 (MEMORY,).
    """

    about: NDArray[np.void]
    keys: NDArray[np.int64]
    classes: NDArray[np.int32]
    onsets: NDArray[np.int64]
    matches: NDArray[np.int32]
    places: NDArray[np.int32]
    left: NDArray[np.int32]
    weights: NDArray[np.float64]
    shares: NDArray[np.float64]
    begins: NDArray[np.int32]
    tops: NDArray[np.int32]


@dataclass(frozen=True)
class Fitted:
    """How far the pointer is trusted with one representation, as it was fitted on held-out music.

    Attributes:
        compared: the fields in which two steps agree when they match.
        lengths: logarithm of the weight of a place, by the stage of its match (1, -, 2, 3, 4, 6, 8, 11, 16... steps).
        doubts: of each field that it predicts, the logarithm of the weight at which it counts as much as the network.
        longest_copy, same_place, same_phrase, power, experience, forgetting, by_chords, tolerance: see
            `Pointing`.
    """

    compared: tuple[str, ...]
    lengths: tuple[float, ...]
    doubts: dict[str, float]
    longest_copy: float
    same_place: float
    same_phrase: float
    power: float
    experience: float
    forgetting: float
    by_chords: bool = False
    tolerance: float = 0.0


FITTED = {
    "score": Fitted(
        compared=("instrument", "pitch"),
        lengths=(0.0, 0.0, 0.78, 1.91, 2.97, 2.97, 3.80, 3.80, 4.49, 4.97, 5.20, 5.26),
        doubts={"shift": 0.87, "instrument": 0.71, "pitch": -0.82, "duration": -0.87, "velocity": 0.11},
        longest_copy=8.0,
        same_place=2.72,
        same_phrase=1.19,
        power=0.71,
        experience=2.73,
        forgetting=0.94,
    ),
    "performance": Fitted(
        compared=("pitch",),
        lengths=(-1.5, -1.5, 0.5, 1.6, 2.5, 2.5, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0),
        doubts={"shift": 0.5, "pitch": 0.0, "duration": NEVER, "velocity": NEVER},
        longest_copy=800.0,
        same_place=1.0,
        same_phrase=1.0,
        power=0.7,
        experience=0.5,
        forgetting=0.9,
        by_chords=True,
        tolerance=0.4,
    ),
}


def pointing_of(representation: Representation) -> Pointing:
    """How far the pointer is trusted with a representation; where nothing was fitted, there is none."""
    names, fitted = [field.name for field in representation.fields], FITTED.get(representation.name)
    if fitted is None:
        fitted = Fitted((), (0.0,) * STAGES, {}, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0)
    return Pointing(
        is_on=bool(fitted.compared),
        compared=np.array([name in fitted.compared for name in names], dtype=np.uint8),
        lengths=np.exp(fitted.lengths),
        same_place=fitted.same_place,
        same_phrase=fitted.same_phrase,
        power=fitted.power,
        experience=fitted.experience,
        forgetting=fitted.forgetting,
        doubts=np.exp([fitted.doubts.get(name, 0.0) for name in names]),
        longest_copy=fitted.longest_copy,
        by_chords=fitted.by_chords,
        tolerance=fitted.tolerance,
    )


def new_pointer(representation: Representation) -> Pointer:
    """Nothing was played."""
    sizes = [field.size for field in representation.fields]
    room = MEMORY if representation.name in FITTED else 1
    return Pointer(
        about=np.zeros(1, dtype=POINTER),
        keys=np.zeros(room, dtype=np.int64),
        classes=np.zeros((room, len(sizes)), dtype=np.int32),
        onsets=np.zeros(room, dtype=np.int64),
        matches=np.zeros(room, dtype=np.int32),
        places=np.zeros(room, dtype=np.int32),
        left=np.zeros(room, dtype=np.int32),
        weights=np.zeros(room, dtype=np.float64),
        shares=np.zeros(max(sizes), dtype=np.float64),
        begins=np.zeros(room, dtype=np.int32),
        tops=np.zeros(room, dtype=np.int32),
    )


@inlined
def point(pointer, pointing, field, size, logits):
    """Mix what the pointer predicts of a field with what the network does; refused classes have `REFUSED`."""
    about, shares = pointer.about[0], pointer.shares
    is_line = about.joined < LEAST_JOINED * about.notes
    if about.left == 0 or is_line:
        return
    shares[:size] = 0.0
    weight, largest = 0.0, REFUSED
    for i in range(about.left):
        number = pointer.left[i]
        drawn = pointer.classes[pointer.places[number], field]
        if logits[drawn] > REFUSED / 2:
            shares[drawn] += pointer.weights[number]
            weight += pointer.weights[number]
    if weight <= 0.0:
        return
    trust = (
        about.weight * about.freshness * exp64(pointing.power * math.log(weight) + pointing.experience * about.lately)
    )
    for drawn in range(size):
        largest = max(largest, logits[drawn])
    total = 0.0
    for drawn in range(size):
        total += exp64(np.float64(logits[drawn]) - largest)
    share = trust / (trust + pointing.doubts[field])
    for drawn in range(size):
        if logits[drawn] > REFUSED / 2:
            network = exp64(np.float64(logits[drawn]) - largest) / total
            mixed = (1.0 - share) * network + share * shares[drawn] / weight
            logits[drawn] = np.float32(math.log(max(mixed, LEAST)))


@inlined
def agree(pointer, rules, field, drawn):
    """Keep the places that agree with the class drawn for a field, for waits about."""
    about, kept = pointer.about[0], 0
    for i in range(about.left):
        number = pointer.left[i]
        other = pointer.classes[pointer.places[number], field]
        is_alike = other == drawn
        if field == 0 and rules.pointing.by_chords:
            is_alike = _is_wait_alike(rules, rules.waits[other], rules.waits[drawn])
        if is_alike:
            pointer.left[kept] = number
            kept += 1
    about.left = kept


@inlined
def _is_wait_alike(rules, one, other):
    """Whether two waits both lie within a chord, or are about as long as each other."""
    shorter, longer = min(one, other), max(one, other)
    in_chord = round(CHORD_S * rules.per_second)
    if shorter <= in_chord:
        return longer <= in_chord
    return longer - shorter <= rules.pointing.tolerance * longer


@inlined
def look_again(pointer):
    """Take back what the fields drawn so far have ruled out."""
    about = pointer.about[0]
    for number in range(about.places):
        pointer.left[number] = number
    about.left = about.places


@inlined
def remember(pointer, rules, raw, classes):
    """Take in a finished step: raw values and classes, int32 (fields,)."""
    about, pointing = pointer.about[0], rules.pointing
    if not pointing.is_on:
        return
    if about.steps == MEMORY:
        _forget(pointer)
    key = np.int64(0)
    for field in range(len(rules.sizes)):
        if pointing.compared[field]:
            key = (key << KEY_BITS) + classes[field]
    _learn(about, pointer, pointing, rules, classes)
    at = about.steps
    about.now += raw[0] if rules.opens_with_wait else 1
    if rules.instrument < 0 or raw[rules.instrument] >= FIRST_PROGRAM:
        about.notes += 1
        about.joined += 1 if raw[0] <= round(CHORD_S * rules.per_second) else 0
    if rules.instrument >= 0 and raw[rules.instrument] == METER:
        about.bar = BAR_TICKS[raw[rules.pitch]]
    pointer.keys[at], pointer.onsets[at] = key, about.now
    for field in range(len(rules.sizes)):
        pointer.classes[at, field] = classes[field]
    if pointing.by_chords:
        _take_into_chord(pointer, rules, raw)
        about.steps += 1
        _find_chords(pointer, rules, raw[rules.pitch])
        return
    for place in range(at, 0, -1):
        pointer.matches[place] = pointer.matches[place - 1] + 1 if pointer.keys[place - 1] == key else 0
    about.steps += 1
    _find_places(pointer, pointing)


@inlined
def _learn(about, pointer, pointing, rules, classes):
    """Whether what was predicted of the step came true."""
    right, total = 0.0, 0.0
    for number in range(about.places):
        total += pointer.weights[number]
        is_right = True
        for field in range(len(rules.sizes)):
            is_other = pointer.classes[pointer.places[number], field] != classes[field]
            is_right = is_right and not (pointing.compared[field] and is_other)
        right += pointer.weights[number] if is_right else 0.0
    if total > 0.0:
        about.lately = about.lately * pointing.forgetting + (1.0 - pointing.forgetting) * right / total


@inlined
def _find_places(pointer, pointing):
    """Look for the places that predict the coming step."""
    about, count = pointer.about[0], 0
    last, longest = about.steps - 1, 0
    for place in range(1, about.steps - NEAREST + 1):
        match = pointer.matches[place]
        if match >= SHORTEST_MATCH:
            weight = pointing.lengths[_stage(match)]
            lag = pointer.onsets[last] - pointer.onsets[place - 1]
            if about.bar > 0 and lag % about.bar == 0:
                weight *= pointing.same_place
                if lag % (PHRASE_BARS * about.bar) == 0:
                    weight *= pointing.same_phrase
            pointer.places[count], pointer.weights[count], pointer.left[count] = place, weight, count
            longest = max(longest, match)
            count += 1
    about.places, about.left = count, count
    _wear(pointer, pointing, max(last - longest, 0) if count > 0 else last)


@inlined
def _wear(pointer, pointing, begun):
    """Take weight from a copy that began at the step `begun` and goes on for too long."""
    about = pointer.about[0]
    copied = pointer.onsets[about.steps - 1] - pointer.onsets[begun]
    limit = pointing.longest_copy * max(about.bar, 1)  # a meter comes before any note
    about.freshness = exp64(-4.0 * max(copied / limit - 1.0, 0.0))


@inlined
def _take_into_chord(pointer, rules, raw):
    """Count the note that is being remembered to the chord that sounds, or let it begin another."""
    about, at = pointer.about[0], pointer.about[0].steps
    if at == 0:
        about.chords, about.top, pointer.begins[0] = 0, -1, 0
    elif raw[0] > round(CHORD_S * rules.per_second):
        over = about.chords
        pointer.tops[over] = about.top
        for chord in range(over, 0, -1):
            is_same = pointer.tops[chord - 1] == about.top
            pointer.matches[chord] = pointer.matches[chord - 1] + 1 if is_same else 0
        about.chords, about.top = over + 1, -1
        pointer.begins[over + 1], pointer.matches[over + 1] = at, 0
    about.top = max(about.top, raw[rules.pitch])


@inlined
def _find_chords(pointer, rules, latest):
    """Look for chords like the one that sounds: the rest of each predicts the coming step, or what came after it.

    `latest` is the pitch of the latest note. A chord goes on with the next higher note of the earlier one; where both
    have the same top note, the next chord may come.
    """
    about, pointing, count, longest = pointer.about[0], rules.pointing, 0, 0
    for chord in range(1, about.chords - NEAREST_CHORD + 1):
        match, place = pointer.matches[chord], -1
        is_over = pointer.tops[chord] == about.top
        if match > 0 and not is_over:
            for step in range(pointer.begins[chord], pointer.begins[chord + 1]):
                if place < 0 and pointer.classes[step, rules.pitch] > latest:
                    place = step
        elif is_over:
            match, place = match + 1, pointer.begins[chord + 1]
        if place >= 0:
            weight = pointing.lengths[_stage(match)]
            pointer.places[count], pointer.weights[count], pointer.left[count] = place, weight, count
            longest = max(longest, match)
            count += 1
    about.places, about.left = count, count
    _wear(pointer, pointing, pointer.begins[max(about.chords - longest, 0)] if count > 0 else about.steps - 1)


@inlined
def _stage(match):
    """Of the length of a match: 1, 2, 3, 4, 6, 8, 11, 16... steps; those of no match in between do not exist."""
    return min(np.int64(2.0 * math.log2(np.float64(match))), STAGES - 1)


@inlined
def _forget(pointer):
    """Forget the older half."""
    half = MEMORY // 2
    for step in range(half):
        pointer.keys[step], pointer.onsets[step] = pointer.keys[step + half], pointer.onsets[step + half]
        pointer.matches[step] = pointer.matches[step + half]
        for field in range(pointer.classes.shape[1]):
            pointer.classes[step, field] = pointer.classes[step + half, field]
    pointer.matches[0] = 0
    pointer.about[0].steps = half
    _forget_chords(pointer, half)


@inlined
def _forget_chords(pointer, half):
    """Forget the chords that began before the step `half`."""
    about, gone = pointer.about[0], 0
    while gone < about.chords and pointer.begins[gone] < half:
        gone += 1
    for chord in range(gone, about.chords + 1):
        pointer.begins[chord - gone] = max(pointer.begins[chord] - half, 0)
        pointer.tops[chord - gone], pointer.matches[chord - gone] = pointer.tops[chord], pointer.matches[chord]
    pointer.matches[0] = 0
    about.chords = max(about.chords - gone, 0)
