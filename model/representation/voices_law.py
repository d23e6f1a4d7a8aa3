"""The law of `voices`: four voices, everything seen from one note, so that keys need not be learnt; see `law`.

The stack sees pitch classes from the piece's first bass note; each head sees them from the note that its voice sings. A
chorale looks the same in any key (Bach wrote too few to learn each key by itself). Chorales also repeat whole phrases:
the state holds the past, and what followed the longest match of the present in it.
"""

# ruff: noqa: ANN001, ANN201, ANN202, D103 (numba infers types; `law` documents the functions)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from model.arithmetic import exp32
from model.compiling import inlined, version
from model.representation import law
from model.representation.four_parts import REST, SIXTEENTHS, STARTS, VOICES, WIDEST
from model.representation.law import INPUT, wait

CHROMA = 12
FIFTH = 7  # semitones, whatever octaves lie between
NOT_YET = -2  # of a voice whose pitch in this step is not drawn yet
REST_CLASS = 2 * WIDEST + 1
LONG_TIME = 1 << 20
MEMORIES = (4.0, 16.0, 64.0)  # steps in which the memory of a sounding pitch class fades: a beat, a bar, a phrase
KEPT = np.exp(-1.0 / np.array(MEMORIES)).astype(np.float32)  # of each memory after one step
LONGEST_HELD = 16  # steps told apart
LEAP = 12  # semitones told apart, up and down
NEAREST, FARTHEST = -5, 24  # semitones between neighbouring voices told apart
REGISTERS = np.array((-12, -8, -4, 0, 4, 8, 12))  # semitones from the middle of a voice's range
CYCLES = np.array(((1, 16), (1, 12), (4, 8), (16, 4)))  # (steps, count): place in a bar of 4/4, of 3/4, in a phrase
TIME_SIZE = int(CYCLES[:, 1].sum())
LEAPS, GAPS = 2 * LEAP + 1, FARTHEST - NEAREST + 1
MODES = 2  # of a key asked for

REACH = 512  # steps looked back: 32 bars of 4/4
BEAT = 4  # steps; a match counts where it falls on the same part of the beat
OFFSETS = REACH // BEAT
MATCHES = 2  # of the melody alone, and of all voices
LONGEST_RUN = 64  # steps; longer matches count no more
NOTHING = -3  # a pitch of the past before the beginning, and the echo where nothing matches
RUN_STAGES = np.array((1, 4, 8, 16, 32))  # lengths of a match, in steps, that tell how far to trust it
STAGES = len(RUN_STAGES)
TRUSTED = np.array((1, 3))  # of the stages, those that an echoed pitch is shown at

MIDDLES = np.array(STARTS)  # of the voices' ranges
# which pitch classes belong to the tonic chord of each of `controls.KEYS`, uint8 (24, 12)
TRIADS = np.array(
    [np.roll(np.isin(range(CHROMA), (0, third, 7)), tonic) for third in (4, 3) for tonic in range(CHROMA)]
).astype(np.uint8)

INPUT_SIZE = (
    VOICES * (CHROMA + LONGEST_HELD + 1 + 3)
    + TIME_SIZE
    + (len(MEMORIES) + MODES) * CHROMA
    + MATCHES * (STAGES + VOICES)
)


def head_size(voice: int) -> int:
    """Numbers that the head of `voice` looks at."""
    others = (VOICES - 1) * (CHROMA + 1) + voice * (LEAPS + 1)
    neighbours = GAPS * ((voice > 0) + (voice < VOICES - 1))
    own = LONGEST_HELD + 1 + CHROMA + len(REGISTERS) + 1 + 2 * LEAPS + (len(MEMORIES) + MODES) * CHROMA
    echoed = MATCHES * (len(TRUSTED) * LEAPS + STAGES + voice)
    return others + neighbours + own + echoed + TIME_SIZE + voice * LEAPS


# Of each voice: `pitch` now (-1 = silent), `reference` the latest that sounded, `held` for how many steps, `drawn` its
# pitch in this step, `earlier` the two different ones before `reference`. `time`: steps so far; `frame`: the first bass
# note; `heard`: how present each pitch class is. `past`: a ring of the latest steps, `latest` the place of the last;
# `runs`: how many steps up to now equal those a beat, two beats... before; `echo`: what followed the longest match.
STATE = np.dtype(
    [
        ("left", np.int32),
        ("time", np.int32),
        ("frame", np.int32),
        ("latest", np.int32),
        ("pitch", np.int32, (VOICES,)),
        ("reference", np.int32, (VOICES,)),
        ("held", np.int32, (VOICES,)),
        ("drawn", np.int32, (VOICES,)),
        ("earlier", np.int32, (VOICES, 2)),
        ("heard", np.float32, (len(MEMORIES), CHROMA)),
        ("past", np.int32, (REACH, VOICES)),
        ("runs", np.int32, (MATCHES, OFFSETS)),
        ("echo", np.int32, (MATCHES, VOICES)),
        ("echo_run", np.int32, (MATCHES,)),
    ],
    align=True,
)


def start(state: np.ndarray) -> None:
    """Nothing was sung."""
    for name in ("time", "frame", "latest", "held", "heard", "runs", "echo_run"):
        state[name] = 0
    state["pitch"], state["drawn"] = REST, NOT_YET
    state["reference"], state["earlier"] = STARTS, np.array(STARTS)[:, None]
    state["past"], state["echo"] = NOTHING, NOTHING


@inlined
def _one_hot(out, at, value, size):
    """A one at `value`, nothing where it is outside 0..size-1; returns the place after."""
    out[at : at + size] = np.float32(0)
    if 0 <= value < size:
        out[at + value] = 1
    return at + size


@inlined
def _chroma(out, at, pitch, base):
    """Pitch class seen from `base`; nothing for a rest."""
    return _one_hot(out, at, (pitch - base) % CHROMA if pitch >= 0 else -1, CHROMA)


@inlined
def _leap(out, at, pitch, base):
    """Interval from `base`, an octave up and down; nothing for a rest."""
    return _one_hot(out, at, min(max(pitch - base, -LEAP), LEAP) + LEAP if pitch >= 0 else -1, LEAPS)


@inlined
def _turned(out, at, circle, base):
    """What is known of each pitch class, seen from `base`."""
    for i in range(CHROMA):
        out[at + i] = circle[(base + i) % CHROMA]
    return at + CHROMA


@inlined
def _heard(state, conditions, out, at, base):
    """What was heard and which key is asked for, seen from `base`."""
    for memory in range(len(MEMORIES)):
        at = _turned(out, at, state.heard[memory], base)
    return at


@inlined
def _key(conditions, out, at, base):
    for mode in range(MODES):
        at = _turned(out, at, conditions.controls[conditions.key_at + mode * CHROMA :], base)
    return at


@inlined
def _when(state, out, at):
    """Place in the bar and in the phrase."""
    for cycle in range(len(CYCLES)):
        at = _one_hot(out, at, state.time // CYCLES[cycle, 0] % CYCLES[cycle, 1], CYCLES[cycle, 1])
    return at


@inlined
def _trust(state, match, out, at):
    """How long a match is: a one for each stage that is reached."""
    for stage in range(STAGES):
        out[at + stage] = 1 if state.echo_run[match] >= RUN_STAGES[stage] else 0
    return at + STAGES


@version(law.features, STATE)
def features(state, conditions, part, out):
    return _of_input(state, conditions, out) if part == INPUT else _of_head(state, conditions, part, out)


@inlined
def _of_input(state, conditions, out):
    at = 0
    for voice in range(VOICES):
        at = _chroma(out, at, state.pitch[voice], state.frame)
    for voice in range(VOICES):
        at = _one_hot(out, at, min(state.held[voice], LONGEST_HELD), LONGEST_HELD + 1)
    for voice in range(VOICES):
        reference = state.reference[voice]
        out[at + voice] = 1 if state.pitch[voice] == REST else 0
        out[at + VOICES + voice] = np.float32(reference - state.earlier[voice, 0]) / np.float32(LEAP)
        out[at + 2 * VOICES + voice] = np.float32(reference - MIDDLES[voice]) / np.float32(LEAP)
    at = _when(state, out, at + 3 * VOICES)
    at = _heard(state, conditions, out, at, state.frame)
    at = _key(conditions, out, at, state.frame)
    for match in range(MATCHES):
        at = _trust(state, match, out, at)
        for voice in range(VOICES):
            out[at + voice] = 1 if state.echo[match, voice] != state.pitch[voice] else 0
        at += VOICES
    return at


@inlined
def _now(state, voice):
    """The voices above as they are in this step, those below as they were in the one before."""
    return state.pitch[voice] if state.drawn[voice] == NOT_YET else state.drawn[voice]


@inlined
def _of_head(state, conditions, voice, out):
    own = state.reference[voice]
    at = _when(state, out, 0)
    at = _one_hot(out, at, min(state.held[voice], LONGEST_HELD), LONGEST_HELD + 1)
    at = _chroma(out, at, own, state.frame)
    for register in range(len(REGISTERS)):
        away = np.float32(own - REGISTERS[register] - MIDDLES[voice]) / np.float32(4)
        out[at + register] = exp32(-away * away)
    at += len(REGISTERS)
    out[at] = 1 if state.pitch[voice] == REST else 0
    at = _leap(out, at + 1, state.earlier[voice, 0], own)
    at = _leap(out, at, state.earlier[voice, 1], own)
    at = _heard(state, conditions, out, at, own)
    at = _key(conditions, out, at, own)
    for other in range(VOICES):
        if other != voice:
            at = _chroma(out, at, _now(state, other), own)
            out[at] = 1 if _now(state, other) == REST else 0
            at += 1
    for other in range(voice):
        at = _leap(out, at, state.drawn[other], state.reference[other])
        out[at] = 1 if state.drawn[other] == state.pitch[other] else 0
        at += 1
    if voice > 0:
        at = _one_hot(out, at, _now(state, voice - 1) - own - NEAREST, GAPS)
    if voice < VOICES - 1:
        at = _one_hot(out, at, own - _now(state, voice + 1) - NEAREST, GAPS)
    at = _echoed(state, voice, out, at)
    for other in range(voice):
        parallel = _parallel(state, voice, other)
        at = _leap(out, at, state.drawn[other] if parallel else -1, state.pitch[other])
    return at


@inlined
def _echoed(state, voice, out, at):
    """Where this voice went when the music went like this before, and whether the voices above went there too."""
    for match in range(MATCHES):
        echo = state.echo[match, voice]
        for trusted in range(len(TRUSTED)):
            is_trusted = state.echo_run[match] >= RUN_STAGES[TRUSTED[trusted]]
            at = _leap(out, at, echo if is_trusted else -1, state.reference[voice])
        at = _trust(state, match, out, at)
        for above in range(voice):
            out[at + above] = 1 if state.drawn[above] == state.echo[match, above] else 0
        at += voice
    return at


@inlined
def _parallel(state, voice, other):
    """Whether `voice` would go in parallel fifths or octaves by moving as far as `other`, a voice above, does."""
    before, own = state.pitch[other], state.pitch[voice]
    between = (before - own) % CHROMA
    is_perfect = between in (0, FIFTH)
    return is_perfect and before >= 0 and own >= 0 and before != state.drawn[other]


@version(law.forbid, STATE)
def forbid(state, field, allowed):
    """Moves stay within MIDI's 128 pitches."""
    for move in range(REST_CLASS):
        if not 0 <= state.reference[field] + move - WIDEST < 128:
            allowed[move] = 0


@version(law.forbid_composing, STATE)
def forbid_composing(state, conditions, field, allowed):
    """What a chorale does not: parallel fifths or octaves; and the tonic chord of a key asked for is kept to.

    That is at the start and on the last beat. In between the network goes where the chords lead.
    """
    for other in range(field):
        if state.drawn[other] >= 0 and _parallel(state, field, other):
            move = min(max(state.drawn[other] - state.pitch[other], -LEAP), LEAP)
            allowed[WIDEST + move] = 0
    left = state.left - (1 if field == 0 else 0)  # once this sixteenth has come
    is_at_end = state.left >= 0 and left < SIXTEENTHS
    if state.time == 0 or is_at_end:
        _bind(state, conditions, field, allowed)


@inlined
def _bind(state, conditions, field, allowed):
    """Only pitches of the tonic chord, for the bass only its root; where a key is asked for."""
    asked = conditions.controls[conditions.key_at :]
    is_asked = False
    for key in range(MODES * CHROMA):
        is_asked = is_asked or asked[key] > 0
    if not is_asked:
        return
    for move in range(REST_CLASS):
        sounded = (state.reference[field] + move - WIDEST) % CHROMA
        is_in = False
        for key in range(MODES * CHROMA):
            is_tone = key % CHROMA == sounded if field == VOICES - 1 else TRIADS[key, sounded] > 0
            is_in = is_in or (asked[key] > 0 and is_tone)
        if not is_in:
            allowed[move] = 0
    allowed[REST_CLASS] = 0


@version(law.learn, STATE)
def learn(state, field, value):
    if field == 0:
        wait(state, 1 if state.time > 0 else 0)
    state.drawn[field] = value


@version(law.advance, STATE)
def advance(state, raw):
    wait(state, 1 if state.time > 0 else 0)
    for memory in range(len(MEMORIES)):
        for chroma in range(CHROMA):
            state.heard[memory, chroma] *= KEPT[memory]
    lowest = LONG_TIME
    for voice in range(VOICES):
        pitch = raw[voice]
        state.held[voice] = state.held[voice] + 1 if pitch == state.pitch[voice] else 1
        state.pitch[voice], state.drawn[voice] = pitch, NOT_YET
        if pitch == REST:
            continue
        lowest = min(lowest, pitch)
        if pitch != state.reference[voice]:
            state.earlier[voice, 1], state.earlier[voice, 0] = state.earlier[voice, 0], state.reference[voice]
        state.reference[voice] = pitch
        for memory in range(len(MEMORIES)):
            state.heard[memory, pitch % CHROMA] += np.float32(1) - KEPT[memory]
    if state.time == 0:
        state.frame = lowest if lowest < LONG_TIME else 0
    state.time = min(state.time + 1, LONG_TIME)
    _look_for_echoes(state, raw)


@inlined
def _look_for_echoes(state, raw):
    """Put a step into the past, and find where the music last went as it goes now."""
    latest = (state.latest + 1) % REACH
    for match in range(MATCHES):
        state.echo_run[match] = 0
    for offset in range(OFFSETS):
        before = (latest - BEAT * (offset + 1)) % REACH
        is_same_melody = state.past[before, 0] == raw[0]
        is_same = is_same_melody
        for voice in range(1, VOICES):
            is_same = is_same and state.past[before, voice] == raw[voice]
        for match in range(MATCHES):
            goes_on = is_same_melody if match == 0 else is_same
            run = min(state.runs[match, offset] + 1, LONGEST_RUN) if goes_on else 0
            state.runs[match, offset] = run
            if run > state.echo_run[match]:  # of equally long matches the latest
                state.echo_run[match] = run
                for voice in range(VOICES):
                    follows = (before + 1) % REACH
                    state.echo[match, voice] = state.past[follows, voice]
    for voice in range(VOICES):
        state.past[latest, voice] = raw[voice]
        for match in range(MATCHES):
            if state.echo_run[match] == 0:
                state.echo[match, voice] = NOTHING
    state.latest = latest


@version(law.to_classes, STATE)
def to_classes(state, raw, classes):
    for voice in range(VOICES):  # what pads a window beyond its piece may be any number
        move = min(max(raw[voice] - state.reference[voice] + WIDEST, 0), REST_CLASS - 1)
        classes[voice] = REST_CLASS if raw[voice] == REST else move


@version(law.to_raw, STATE)
def to_raw(state, field, drawn, uniform):
    return np.int32(REST if drawn >= REST_CLASS else state.reference[field] + drawn - WIDEST)


@version(law.pitch_class, STATE)
def pitch_class(state, field, drawn):
    return (state.reference[field] + drawn - WIDEST) % CHROMA if drawn < REST_CLASS else law.NONE


@version(law.sounding, STATE)
def sounding(state, raw, weights):
    """A sixteenth of a voice is a quarter of a note, as most notes are quarters."""
    for voice in range(VOICES):
        if raw[voice] != REST:
            weights[raw[voice] % CHROMA] += np.float32(1 / SIXTEENTHS)


@version(law.has_pitch, STATE)
def has_pitch(state, raw):
    return True
