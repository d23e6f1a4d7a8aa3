"""What the network may look at in four voices: everything as seen from one note, so that keys need not be learned.

The stack sees pitch classes from the piece's first bass note; each head sees them from the note its voice sings. A
chorale in any key then looks the same (Bach wrote too few to learn each key by itself). Used by `voices`.
"""

from __future__ import annotations

from typing import Any

from model.representation import echoes
from model.representation.base import Situation, Tensor
from model.representation.four_parts import REST, STARTS, VOICES

NOT_YET = -2  # of a voice whose pitch in this step is not drawn yet
CHROMA = 12
FIFTH = 7  # semitones, whatever octaves lie between
MEMORIES = (4.0, 16.0, 64.0)  # steps in which the memory of a sounding pitch class fades: a beat, a bar, a phrase
LONGEST_HELD = 16  # steps told apart
LEAP = 12  # semitones told apart, up and down
NEAREST, FARTHEST = -5, 24  # semitones between neighbouring voices told apart
REGISTERS = (-12, -8, -4, 0, 4, 8, 12)  # semitones from the middle of a voice's range
CYCLES = ((1, 16), (1, 12), (4, 8), (16, 4))  # (steps, count): position in a bar of 4/4, of 3/4, in a phrase
TIME_SIZE = sum(count for _, count in CYCLES)
LEAPS, GAPS = 2 * LEAP + 1, FARTHEST - NEAREST + 1
STAGES = len(echoes.RUN_STAGES)
TRUSTED = (1, 3)  # of the stages, those that an echoed pitch is shown at
MODES = 2  # of a key asked for

INPUT_SIZE = (
    VOICES * (CHROMA + LONGEST_HELD + 1 + 3)
    + TIME_SIZE
    + (len(MEMORIES) + MODES) * CHROMA
    + echoes.MATCHES * (STAGES + VOICES)
)


def head_size(voice: int) -> int:
    """Width of `of_head` for `voice`."""
    others = (VOICES - 1) * (CHROMA + 1) + voice * (LEAPS + 1)
    neighbours = GAPS * ((voice > 0) + (voice < VOICES - 1))
    own = LONGEST_HELD + 1 + CHROMA + len(REGISTERS) + 1 + 2 * LEAPS + (len(MEMORIES) + MODES) * CHROMA
    echoed = echoes.MATCHES * (len(TRUSTED) * LEAPS + STAGES + voice)
    return others + neighbours + own + echoed + TIME_SIZE + voice * LEAPS


def one_hot(values: Tensor, size: int, ops: Any) -> Tensor:
    """float32 (..., size) with a one where `values` says, all zeros for values outside 0..size-1."""
    return ops.cast(ops.expand_dims(values, -1) == ops.arange(size, dtype="int32"), "float32")


def chroma(pitch: Tensor, base: Tensor, ops: Any) -> Tensor:
    """Pitch class seen from `base`, float32 (..., 12); all zeros for a rest."""
    return one_hot(ops.where(pitch >= 0, ops.mod(pitch - base, CHROMA), -1), CHROMA, ops)


def leap(pitch: Tensor, base: Tensor, ops: Any) -> Tensor:
    """Interval from `base`, float32 (..., 25), an octave up and down; all zeros for a rest."""
    inside = ops.minimum(ops.maximum(pitch - base, -LEAP), LEAP)
    return one_hot(ops.where(pitch >= 0, inside + LEAP, -1), LEAPS, ops)


def turned(circles: Tensor, base: Tensor, ops: Any) -> Tensor:
    """What is known of each pitch class, (..., circles, 12), seen from `base` (...,): (..., circles * 12)."""
    places = ops.mod(ops.expand_dims(base, -1) + ops.arange(CHROMA, dtype="int32"), CHROMA)  # (..., 12)
    parts = [ops.take_along_axis(circles[..., index, :], places, axis=-1) for index in range(circles.shape[-2])]
    return ops.concatenate(parts, axis=-1)


def when(time: Tensor, ops: Any) -> Tensor:
    """Position in the bar and in the phrase, float32 (..., TIME_SIZE)."""
    return ops.concatenate(
        [one_hot(ops.mod(ops.floor_divide(time, steps), count), count, ops) for steps, count in CYCLES], axis=-1
    )


def _number(values: Tensor, scale: float, ops: Any) -> Tensor:
    return ops.cast(ops.expand_dims(values, -1), "float32") / scale


def _flat(values: Tensor, ops: Any) -> Tensor:
    """The last two axes as one."""
    return ops.concatenate([values[..., index, :] for index in range(values.shape[-2])], axis=-1)


def of_input(situation: Situation, key: Tensor, ops: Any) -> Tensor:
    """What the stack sees, float32 (..., INPUT_SIZE); `key` is what was asked for, (..., MODES, 12)."""
    pitch, reference, frame = situation["pitch"], situation["reference"], situation["frame"]
    held = ops.minimum(situation["held"], LONGEST_HELD)
    moves = ops.cast(situation["echo"] != ops.expand_dims(pitch, -2), "float32")  # (..., MATCHES, 4)
    return ops.concatenate(
        [
            _flat(chroma(pitch, ops.expand_dims(frame, -1), ops), ops),
            _flat(one_hot(held, LONGEST_HELD + 1, ops), ops),
            ops.cast(pitch == REST, "float32"),
            ops.cast(reference - situation["earlier"][..., 0], "float32") / LEAP,
            ops.cast(reference - ops.array(STARTS, dtype="int32"), "float32") / LEAP,
            when(situation["time"], ops),
            turned(situation["heard"], frame, ops),
            turned(key, frame, ops),
            _flat(ops.concatenate([echoes.trust(situation, ops), moves], axis=-1), ops),
        ],
        axis=-1,
    )


def of_head(voice: int, situation: Situation, key: Tensor, ops: Any) -> Tensor:
    """What the head of `voice` sees, float32 (..., head_size(voice)), once the voices above it have moved."""
    own = situation["reference"][..., voice]
    moved, pitch = situation["drawn"], situation["pitch"]
    now = ops.where(moved == NOT_YET, pitch, moved)  # voices above as they are, those below as they were
    parts = [when(situation["time"], ops), *_own(voice, situation, ops), turned(key, own, ops)]
    for other in (other for other in range(VOICES) if other != voice):
        parts += [chroma(now[..., other], own, ops), _number(now[..., other] == REST, 1.0, ops)]
    for other in range(voice):
        parts += [
            leap(moved[..., other], situation["reference"][..., other], ops),
            _number(moved[..., other] == pitch[..., other], 1.0, ops),
        ]
    if voice > 0:
        parts.append(one_hot(now[..., voice - 1] - own - NEAREST, GAPS, ops))
    if voice < VOICES - 1:
        parts.append(one_hot(own - now[..., voice + 1] - NEAREST, GAPS, ops))
    return ops.concatenate([*parts, *_echoed(voice, situation, ops), *parallels(voice, situation, ops)], axis=-1)


def parallels(voice: int, situation: Situation, ops: Any) -> list[Tensor]:
    """The leap that would move `voice` in parallel fifths or octaves with each voice above, float32 (..., 25) each.

    All zeros where none would.
    """
    parts = []
    for other in range(voice):
        before, after = situation["pitch"][..., other], situation["drawn"][..., other]
        own = situation["pitch"][..., voice]
        is_perfect = ops.logical_or(ops.mod(before - own, CHROMA) == 0, ops.mod(before - own, CHROMA) == FIFTH)
        both_sound = ops.logical_and(before >= 0, own >= 0)
        moves = ops.logical_and(ops.logical_and(is_perfect, both_sound), before != after)
        parallel = leap(after, before, ops)
        parts.append(parallel * ops.cast(ops.expand_dims(moves, -1), "float32"))
    return parts


def _own(voice: int, situation: Situation, ops: Any) -> list[Tensor]:
    """The voice's own past, and the scale as its own note hears it."""
    own = situation["reference"][..., voice]
    register = ops.expand_dims(own, -1) - ops.array(REGISTERS, dtype="int32") - STARTS[voice]
    earlier = situation["earlier"][..., voice, :]
    return [
        one_hot(ops.minimum(situation["held"][..., voice], LONGEST_HELD), LONGEST_HELD + 1, ops),
        chroma(own, situation["frame"], ops),
        ops.exp(-ops.square(ops.cast(register, "float32") / 4.0)),
        _number(situation["pitch"][..., voice] == REST, 1.0, ops),
        leap(earlier[..., 0], own, ops),
        leap(earlier[..., 1], own, ops),
        turned(situation["heard"], own, ops),
    ]


def _echoed(voice: int, situation: Situation, ops: Any) -> list[Tensor]:
    """Where this voice went when the music went like this before, and whether the voices above went there too."""
    trust = echoes.trust(situation, ops)  # (..., MATCHES, STAGES)
    parts = []
    for match in range(echoes.MATCHES):
        echo = situation["echo"][..., match, :]
        there = leap(echo[..., voice], situation["reference"][..., voice], ops)
        there = there * ops.cast(ops.expand_dims(echo[..., voice], -1) >= 0, "float32")
        parts += [there * trust[..., match, stage : stage + 1] for stage in TRUSTED]
        parts.append(trust[..., match, :])
        parts += [_number(situation["drawn"][..., above] == echo[..., above], 1.0, ops) for above in range(voice)]
    return parts
