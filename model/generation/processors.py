"""Logits processors: what is added to logits so that a piece keeps what was asked and does not go in circles.

Each has scalars in the `PROCESSORS` record of a piece, a function that changes logits before a field is drawn, and one
that hears each finished step. `sampling_state` fills the record for a request. All of them let the network decide where
the music already does what it should.
"""

# ruff: noqa: ANN001, ANN201, ANN202 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.arithmetic import exp32
from model.compiling import inlined
from model.generation.pointer import CHORD_S, Pointing, pointing_of
from model.instruments import HIGHEST_PITCH, LOWEST_PITCH, USUAL_TOP
from model.keys import CHROMA, CLOSES, KEYS, LOG_PROFILES, PITCHES, profile
from model.representation import Representation, law
from model.representation.engraving import DRUMS, FIRST_PROGRAM, INSTRUMENTS

# --- Pace: notes a second in free time -------------------------------------------------------------------------------
# A network that draws from its own music grows denser and denser. The rate of late is measured and the waits are tilted
# by a power of their length. A lasting bent of the network is learnt on the way (a proportional-integral controller).
PACE_STRENGTH = 1.0  # the power for a rate that is e times too high; by trial (docs/experiments.md)
PACE_LEARNING = 1.0  # what the power gains for good when the rate was e times too high for as long as the memory lasts
PACE_STEEPEST = 3.0  # how far that may go
PACE_LEAST = 1e-3  # notes; keeps the logarithm finite
PACE_AT_FIRST_S = 4.0  # for which a piece is taken to have gone on as asked before its first note
PACE_MEMORY_S = 10.0  # over which the memory of a note fades: a phrase may breathe, a piece may not race

# --- Beat: the pulse of a seed in free time --------------------------------------------------------------------------
# A wait is likelier if it ends one beat after one of the latest onsets (Ellis 2007, "Beat tracking by dynamic
# programming"). The beat is counted from what was just played, so the music may hurry and linger.
BEAT_STRENGTH = 0.6  # logits; by trial (docs/experiments.md)
ONSETS = 32  # remembered
BLUR_S = 0.025  # standard deviation: the hands of a player are that far apart
NO_ONSET = 1e6  # own time units

# --- Key -------------------------------------------------------------------------------------------------------------
# Each pitch class gains the logarithm of how often music in the key has it, less that of how often it was heard of
# late: a naive Bayes classifier of keys turned round. Nothing is forbidden. The end leans on the tonic chord.
KEY_STRENGTH = 0.4  # of the logarithms; by trial (docs/experiments.md)
KEY_MEMORY = 256.0  # notes over which the memory of one fades: half a minute
KEY_AT_FIRST = 2.5  # notes of each pitch class that a piece is taken to have had before its first one
KEY_AT_END = 4.0  # logits taken from what does not belong to the close
NEAR_ENOUGH = 0.01  # of how near the end is, 0..1: below it nothing leans on the close
KEY_CLOSING = 1  # of the representation's `left_fades`: how near the end the close begins
# In free time the lowest note of the last chord is its first, and is to be the tonic in the bass.
LOWEST_AT_END, LAST_BASS_BELOW = 8.0, 60  # logits taken from all that is not the tonic, and from what lies higher
LAST_CHORD_S = 0.02  # that the notes of the last chord take
LONGEST_HELD_S = 2.0  # of a note, as far as it speaks for the key
QUARTER_IN_S = 0.5  # where time is counted in beats

# --- Ensemble: everybody plays, and together -------------------------------------------------------------------------
# Each player has a share of the notes, and as many notes as usual are struck with the one before. What is behind gets
# likelier with every note until it comes (integral controllers, with a leak).
PLAYER_STRENGTH = 2.0  # logits for every note that a player is behind; by trial (docs/experiments.md)
TOGETHER_STRENGTH = 0.6  # the same for every note that was to be struck with the one before
ENSEMBLE_MEMORY = 64.0  # notes over which being behind is forgotten: a voice may rest for some bars
STRANGER = -30.0  # logits of those who are not in the ensemble

# --- Register: who plays above whom ----------------------------------------------------------------------------------
# In a family of strings or winds a lower instrument seldom plays above the latest note of a higher one.
CROSSING = 4.0  # logits taken from what would
REGISTERS = range(40, 80)  # programs that this holds for: those that play one line
APART = 8  # semitones between the middles of two ranges, for one to be the lower

# In company a low instrument stays low (`USUAL_TOP`).
ABOVE_TOP = 0.4  # logits taken for each semitone above it; by trial (docs/experiments.md)
SOLO_ABOVE = 12  # semitones by which the top is higher for whoever plays alone

# --- Kit: the drums of a seed ----------------------------------------------------------------------------------------
# A drummer goes on with the pieces of the kit that were played; another one is struck now and then.
KIT_STRENGTH = 5.0  # logits taken from the others

# --- Repetition penalty ----------------------------------------------------------------------------------------------
# What was just repeated becomes likelier still (Holtzman et al. 2020, "The Curious Case of Neural Text Degeneration").
# The note that would go on with a short loop, and a pitch that outweighs all others, get less likely the longer it
# lasts, and in the end impossible; a piece with a handful of pitches is led to others.
WATCHED = 40  # latest pitches: a loop of four, repeated more often than is tolerated
LONGEST_LOOP = 4  # notes
GENTLE_AFTER, NEVER_AFTER = 4, 8  # repeats of a loop: less likely from here on, impossible from here on
GENTLY = 1.5  # logits for each repeat in between
COMMON_SHARE, LARGEST_SHARE = 0.3, 0.45  # of the watched notes on one pitch
AGAINST_SHARE = 30.0  # logits for a share of one beyond the common one
IMPOSSIBLE = 1e4  # logits; less than what a refused class lacks, so it is chosen before one that cannot follow
CROWDED, CROWDED_PER_S = 32, 40  # so many notes at more than so many a second: a chord struck again and again
HANDFUL, HANDFUL_S = 16, 0.3  # notes that two hands strike in so many seconds, a roll or a glissando included
FREEING_TEMPERATURE = 1.0  # where it is crowded, the network draws at least this freely
FEWEST = 16  # notes before a share means something
FEW_PITCHES, NARROW_AFTER = 12, 32  # a piece with fewer different pitches is narrow, once it has so many notes
AGAINST_NARROW, MOST_AGAINST_NARROW = 0.15, 4.0  # logits for each note beyond that, against the pitches it has; at most
NO_WAIT = 1 << 20
FINGERS = 10  # notes of a chord at most

PROCESSORS = np.dtype(
    [
        ("rate", np.float64),  # notes per own time unit, 0 where none is asked
        ("struck", np.float64),  # notes of late
        ("passed", np.float64),  # own time units of late
        ("tilt", np.float64),  # what was learnt of the network's bent
        ("beat", np.float32),  # own time units, 0 where none is kept
        ("beat_strength", np.float32),
        ("ages", np.float32, (ONSETS,)),  # own time units since each of the latest onsets
        ("key_strength", np.float32),  # 0 where no key is asked
        ("wanted", np.float32, (CHROMA,)),  # logits for the key's sake
        ("home", np.int32),  # index of the key that the piece closes in, -1 for the one it is found to be in
        ("held", np.float32, (CHROMA,)),  # how long each pitch class sounded, own time units
        ("heard", np.float32, (CHROMA,)),  # how often each pitch class was, of late
        ("sounded", np.float32, (CHROMA,)),  # scratch
        ("due", np.float32, (INSTRUMENTS,)),  # share of the notes that each player has, 0 for all where that is open
        ("behind", np.float32, (INSTRUMENTS,)),  # notes that each is short of that
        ("barred", np.float32, (INSTRUMENTS,)),  # logits of who may not play
        ("together_due", np.float32),  # share of the notes struck with the one before
        ("together_behind", np.float32),
        ("together_strength", np.float32),  # 0 where that is left to the network
        ("is_ensemble", np.int32),
        ("registers", np.float32, (INSTRUMENTS,)),  # the middle of the range of each that has one, else 0
        ("latest", np.int32, (INSTRUMENTS,)),  # the latest pitch of each, -1 for none
        ("crossing", np.float32),  # logits
        ("tops", np.int32, (INSTRUMENTS,)),  # the usual top of each low instrument, else 0
        ("kit", np.float32, (PITCHES,)),  # logits of the drums' keys
        ("is_penalised", np.int32),  # whether loops are broken
        ("pitches", np.int32, (WATCHED,)),  # the latest, each chord from its lowest note up; < 0 for none
        ("chord", np.int32),  # how many of them are of the latest chord
        ("waits", np.int32, (CROWDED,)),
        ("had", np.int32, (PITCHES,)),  # 1 for each pitch that the piece has had
        ("notes", np.int32),
        ("costs", np.float32, (PITCHES,)),  # scratch
    ],
    align=True,
)


@dataclass(frozen=True)
class Beat:
    """How long a beat lasts, in seconds, and the onsets so far, in seconds and ascending; the last of them is now."""

    length_s: float
    onsets_s: NDArray[np.float64]


class Playing(NamedTuple):
    """Who is to play how much, and how.

    Attributes:
        players: program (128 for the drums) and share of the notes of each.
        together: share of the notes that are struck with the one before; None leaves it to the network.
        lead: program of a given melody, which is one of them and plays nothing else; None where there is none.
        kit: keys of the drums that were played; empty leaves them to the network.
    """

    players: Sequence[tuple[int, float]]
    together: float | None
    lead: int | None = None
    kit: frozenset[int] = frozenset()


class Rules(NamedTuple):
    """What is constant for a representation, as compiled code reads it.

    Attributes:
        sizes: classes of each field, int64 (fields,).
        waits: the least own time units that each class of the first field lets pass, int32.
        drawable: classes of the first field that composing may draw, uint8.
        end_class: of the first field.
        opens_with_wait: whether a step is a note and its first value the wait before it.
        has_rate: whether notes a second and a beat can be kept.
        per_second: own time units in a second, 0 where time is counted in beats.
        pitch, instrument, duration: the fields that processors look at, -1 where there is none.
        has_key: whether a key can be kept.
        longest_held: own time units of a note that speak for the key.
        pointing: how far the pointer is trusted.
    """

    sizes: NDArray[np.int64]
    waits: NDArray[np.int32]
    drawable: NDArray[np.uint8]
    end_class: int
    opens_with_wait: bool
    has_rate: bool
    per_second: float
    pitch: int
    instrument: int
    duration: int
    has_key: bool
    longest_held: float
    pointing: Pointing


def rules_of(representation: Representation) -> Rules:
    """The rules of a representation."""
    names = [field.name for field in representation.fields]
    waits, notes = representation.waits(), representation.opens_with_wait
    per_second = representation.units_per_second or 0.0
    return Rules(
        sizes=np.array([field.size for field in representation.fields]),
        waits=np.full(
            representation.fields[0].size, representation.units_per_step if waits is None else waits, np.int32
        ),
        drawable=representation.drawable().astype(np.uint8),
        end_class=representation.end_class,
        opens_with_wait=notes,
        has_rate=bool(notes and per_second and waits is not None),
        per_second=per_second,
        pitch=names.index("pitch") if notes and "pitch" in names else -1,
        instrument=names.index("instrument") if notes and "instrument" in names else -1,
        duration=names.index("duration") if notes and "duration" in names else -1,
        has_key="key" in representation.controls.slices,
        longest_held=LONGEST_HELD_S * (per_second or (representation.units_per_quarter or 1) / QUARTER_IN_S),
        pointing=pointing_of(representation),
    )


def new_processors(
    representation: Representation,
    key: str | None = None,
    notes_per_s: float | None = None,
    beat: Beat | None = None,
    playing: Playing | None = None,
    is_penalised: bool = True,
    closes_in_key: bool = True,
) -> NDArray[np.void]:
    """The record before the first step, in an array of one.

    Args:
        representation: of the steps; what it cannot keep is ignored.
        key: one of `KEYS`, or None to let the piece go where it likes.
        notes_per_s: how many notes are struck in a second, or None likewise.
        beat: to go on in, or None likewise.
        playing: who plays, and how, or None likewise.
        is_penalised: whether loops of few notes are broken.
        closes_in_key: whether it closes in `key` even where it is found to be in another.
    """
    rules, record = rules_of(representation), np.zeros(1, dtype=PROCESSORS)
    state = record[0]
    state["passed"] = PACE_AT_FIRST_S * (rules.per_second or 1.0)
    if rules.has_rate and notes_per_s is not None:
        state["rate"] = notes_per_s / rules.per_second
        state["struck"] = state["rate"] * state["passed"]
    state["ages"], state["heard"] = NO_ONSET, KEY_AT_FIRST
    if rules.has_rate and beat is not None:
        latest = beat.onsets_s[-ONSETS:]
        state["beat"], state["beat_strength"] = beat.length_s * rules.per_second, BEAT_STRENGTH
        state["ages"][ONSETS - len(latest) :] = (latest[-1] - latest) * rules.per_second
    if rules.has_key and key is not None:
        state["key_strength"], state["wanted"] = KEY_STRENGTH, KEY_STRENGTH * np.log(profile(key))
        state["home"] = KEYS.index(key) if closes_in_key else -1
    if rules.instrument >= 0 and playing is not None:
        _seat(state, playing)
    state["is_penalised"], state["pitches"], state["waits"] = is_penalised, -1 - np.arange(WATCHED), NO_WAIT
    return record


def _seat(state: np.void, playing: Playing) -> None:
    """Who is in the ensemble, and with what share of the notes."""
    places = [FIRST_PROGRAM + program for program, _ in playing.players]
    shares = np.array([share for _, share in playing.players])
    state["is_ensemble"], state["due"][places] = 1, shares / shares.sum()
    state["barred"][FIRST_PROGRAM:] = STRANGER
    state["barred"][places] = 0.0
    registers = [program for program, _ in playing.players if program in REGISTERS]
    middles = (LOWEST_PITCH[registers] + HIGHEST_PITCH[registers]) / 2
    state["registers"][[FIRST_PROGRAM + program for program in registers]] = middles
    state["crossing"], state["latest"] = CROSSING, -1
    low = [program for program in range(len(USUAL_TOP)) if USUAL_TOP[program] < PITCHES - 1]
    alone = SOLO_ABOVE if len(playing.players) == 1 else 0
    state["tops"][[FIRST_PROGRAM + program for program in low]] = USUAL_TOP[low] + alone
    if playing.kit:
        state["kit"] = -KIT_STRENGTH
        state["kit"][sorted(playing.kit)] = 0.0
    state["together_due"] = playing.together or 0.0
    state["together_strength"] = 0.0 if playing.together is None else TOGETHER_STRENGTH


@inlined
def process(state, conditions, rules, of, field, raw, logits):
    """Change the logits of `field`, its earlier values being in `raw`; whether the penalty made one impossible.

    Args:
        state: of the law, brought up to date by the earlier fields.
        conditions, rules: of the piece.
        of: the record of the processors.
        field: index of the field.
        raw: int32 (fields,), values so far.
        logits: float32, changed.
    """
    if field == 0 and rules.has_rate:
        _keep_pace(of, rules, logits)
        _keep_beat(of, rules, logits)
    elif field == 0:
        logits[0] += of.together_strength * of.together_behind  # without a wait: struck with the one before
    elif field == rules.instrument:
        for instrument in range(INSTRUMENTS):
            logits[instrument] += np.float32(PLAYER_STRENGTH) * of.behind[instrument] + of.barred[instrument]
    is_pitch = field == rules.pitch
    if is_pitch and rules.instrument >= 0:
        _keep_place(of, raw[rules.instrument], logits)
    sounds = not is_pitch or law.has_pitch(state, raw)
    if of.key_strength > 0 and sounds and (is_pitch or not rules.opens_with_wait):
        _keep_key(state, conditions, rules, of, field, raw, logits)
    if is_pitch and of.is_penalised and sounds:
        return _penalise_repetition(rules, of, raw[0], logits)
    return False


@inlined
def hear(state, rules, of, raw, is_counted):
    """Bring the record up to date with a finished step; whether it `is_counted` as a part of a player's share."""
    if rules.has_rate:
        wait = np.float64(raw[0])
        share = wait / (PACE_MEMORY_S * rules.per_second)
        kept = math.exp(-share)
        tilt = of.tilt + PACE_LEARNING * _too_fast(of) * share
        of.struck, of.passed = of.struck * kept + 1.0, of.passed * kept + wait
        of.tilt = min(max(tilt, -PACE_STEEPEST), PACE_STEEPEST)
        for i in range(ONSETS - 1):
            of.ages[i] = of.ages[i + 1] + np.float32(raw[0])
        of.ages[ONSETS - 1] = 0
    _hear_key(state, rules, of, raw)
    if rules.instrument >= 0 and of.is_ensemble and raw[rules.instrument] >= FIRST_PROGRAM and is_counted:
        kept_32 = np.float32(math.exp(-1 / ENSEMBLE_MEMORY))
        for instrument in range(INSTRUMENTS):
            of.behind[instrument] = of.behind[instrument] * kept_32 + of.due[instrument]
        of.behind[raw[rules.instrument]] -= np.float32(1)
        at_once = np.float32(1 if raw[0] == 0 else 0)
        of.together_behind = of.together_behind * kept_32 + of.together_due - at_once
    if rules.instrument >= 0:
        of.latest[raw[rules.instrument]] = raw[rules.pitch]
    if rules.pitch >= 0:
        _hear_pitch(state, rules, of, raw)


@inlined
def _too_fast(of):
    """The logarithm of how many times the rate asked for the latest one is; 0 where none is asked."""
    asked = of.rate * of.passed
    return math.log(max(of.struck, PACE_LEAST) / max(asked, PACE_LEAST)) if asked > 0 else 0.0


@inlined
def _keep_pace(of, rules, logits):
    if of.rate > 0:
        power = PACE_STRENGTH * _too_fast(of) + of.tilt
        for drawn in range(len(rules.waits)):
            logits[drawn] += np.float32(power * math.log1p(of.rate * rules.waits[drawn]))


@inlined
def _keep_beat(of, rules, logits):
    if of.beat > 0:
        for drawn in range(len(rules.waits)):
            wait = np.float32(rules.waits[drawn])
            if wait > CHORD_S * rules.per_second:
                off = np.float32(NO_ONSET)
                for i in range(ONSETS):
                    off = min(off, abs(of.beat - of.ages[i] - wait))
                off = off / np.float32(BLUR_S * rules.per_second)
                logits[drawn] += of.beat_strength * exp32(np.float32(-0.5) * off * off)


@inlined
def _keep_key(state, conditions, rules, of, field, raw, logits):
    total = np.float32(0)
    for chroma in range(CHROMA):
        total += of.heard[chroma]
    nearness = np.float32(0)
    if rules.opens_with_wait and state.left >= 0:  # others see to their last chord themselves
        nearness = exp32(-np.float32(state.left) / conditions.fades[KEY_CLOSING])
    for drawn in range(rules.sizes[field]):
        chroma = law.pitch_class(state, field, drawn)
        if chroma != law.NONE:
            share = of.heard[chroma] / total
            logits[drawn] += of.wanted[chroma] - of.key_strength * np.float32(math.log(share))
    if nearness > NEAR_ENOUGH:
        _close(state, rules, of, nearness, raw, logits)


@inlined
def _close(state, rules, of, nearness, raw, logits):
    """Lean on the tonic chord; in free time, where a chord's lowest note comes first, on the tonic in the bass."""
    home = of.home if of.home >= 0 else _found_key(of)
    is_lowest = rules.has_rate and raw[0] > round(CHORD_S * rules.per_second)
    is_last = is_lowest and state.left <= round(LAST_CHORD_S * rules.per_second)
    for pitch in range(rules.sizes[rules.pitch]):
        if not CLOSES[home, pitch]:
            logits[pitch] -= np.float32(KEY_AT_END) * nearness
        if is_last:
            logits[pitch] -= np.float32(0 if pitch % CHROMA == home % CHROMA else LOWEST_AT_END)
            logits[pitch] -= np.float32(0 if pitch < LAST_BASS_BELOW else LOWEST_AT_END)


@inlined
def _found_key(of):
    """The key in which what sounded is likeliest, by how long each pitch class did."""
    best, found = np.float32(-1e30), 0
    for key in range(len(LOG_PROFILES)):
        fit = np.float32(0)
        for chroma in range(CHROMA):
            fit += LOG_PROFILES[key, chroma] * of.held[chroma]
        if fit > best:
            best, found = fit, key
    return found


@inlined
def _keep_place(of, player, logits):
    """The drums on their kit, each instrument in its register."""
    if player == DRUMS:
        for key in range(PITCHES):
            logits[key] += of.kit[key]
        return
    if of.registers[player] > 0:
        _keep_register(of, player, logits)
    if of.is_ensemble and of.tops[player] > 0:
        _keep_low(of.tops[player], logits)


@inlined
def _keep_register(of, player, logits):
    lowest, highest = 0, PITCHES - 1
    for other in range(FIRST_PROGRAM, DRUMS):
        if of.registers[other] > 0 and of.latest[other] >= 0:
            if of.registers[other] >= of.registers[player] + APART:
                highest = min(highest, of.latest[other])
            elif of.registers[other] <= of.registers[player] - APART:
                lowest = max(lowest, of.latest[other])
    for pitch in range(PITCHES):
        if not lowest <= pitch <= highest:
            logits[pitch] -= of.crossing


@inlined
def _keep_low(top, logits):
    for pitch in range(top + 1, PITCHES):
        logits[pitch] -= np.float32(ABOVE_TOP) * np.float32(pitch - top)


@inlined
def _hear_key(state, rules, of, raw):
    """Count the pitch classes of a step; one that sounds none leaves the count as it is."""
    of.sounded[:] = np.float32(0)
    law.sounding(state, raw, of.sounded)
    total = np.float32(0)
    for chroma in range(CHROMA):
        total += of.sounded[chroma]
    if total > 0:
        for chroma in range(CHROMA):
            of.heard[chroma] = of.heard[chroma] * np.float32(math.exp(-1 / KEY_MEMORY)) + of.sounded[chroma]
            if rules.duration >= 0:
                of.held[chroma] += of.sounded[chroma] * np.float32(min(raw[rules.duration], rules.longest_held))


@inlined
def _in_chord(rules, of, wait):
    """How many notes of the chord that the next note belongs to have been heard."""
    return of.chord if wait <= round(CHORD_S * rules.per_second) and of.chord < FINGERS else 0


@inlined
def least_wait(rules, of):
    """How long the next note has to wait so that two hands could play it, own time units; 0 or less for not at all."""
    units = 0
    for i in range(CROWDED - HANDFUL + 1, CROWDED):
        units += of.waits[i]
    return round(HANDFUL_S * rules.per_second) - units if of.is_penalised and rules.has_rate else 0


@inlined
def is_crowded(rules, of):
    """Whether time hardly moves any more."""
    units = 0
    for i in range(CROWDED):
        units += of.waits[i]
    return of.is_penalised and rules.pitch >= 0 and units < int(CROWDED * rules.per_second / CROWDED_PER_S)


@inlined
def _penalise_repetition(rules, of, wait, logits):
    """Take from the logits of pitches heard too often or that go on with a loop; whether one becomes impossible."""
    known, different, narrow, is_impossible = 0, 0, 0.0, False
    for i in range(WATCHED):
        known += 1 if of.pitches[i] >= 0 else 0
    for pitch in range(PITCHES):
        different += of.had[pitch]
    if different < FEW_PITCHES:
        narrow = min(AGAINST_NARROW * max(of.notes - NARROW_AFTER, 0), MOST_AGAINST_NARROW)
    _find_loops(of, _in_chord(rules, of, wait))
    for pitch in range(rules.sizes[rules.pitch]):
        count = 0
        for i in range(WATCHED):
            count += 1 if of.pitches[i] == pitch else 0
        share = count / max(known, FEWEST)
        of_share = IMPOSSIBLE if share >= LARGEST_SHARE else AGAINST_SHARE * max(share - COMMON_SHARE, 0.0)
        cost = of_share + of.costs[pitch] + narrow * of.had[pitch]
        logits[pitch] -= np.float32(cost)
        is_impossible = is_impossible or cost >= IMPOSSIBLE
    return is_impossible


@inlined
def _find_loops(of, in_chord):
    """What it costs to go on with the costliest loop, for each pitch that would.

    The notes of a chord are struck in any order: of a chord that has begun, any of the loop's next notes may still
    come, and those heard do not end the loop.
    """
    of.costs[:] = np.float32(0)
    before = WATCHED - in_chord  # where the chord begins
    for period in range(1, LONGEST_LOOP + 1):
        cost = np.float32(_cost_of_loop(of, before, in_chord, period))
        for place in range(before - period, min(before, WATCHED - period + 1)):
            pitch = of.pitches[place]
            if pitch >= 0:
                of.costs[pitch] = max(of.costs[pitch], cost)


@inlined
def _cost_of_loop(of, before, in_chord, period):
    """What going on with the loop of so many notes costs."""
    row = 0
    for place in range(WATCHED - 1, period - 1, -1):
        if not (of.pitches[place] == of.pitches[place - period] or place >= before):
            break
        row += 1
    repeats = (row - in_chord + period) / period
    return IMPOSSIBLE if repeats >= NEVER_AFTER else GENTLY * max(repeats - GENTLE_AFTER, 0.0)


@inlined
def _hear_pitch(state, rules, of, raw):
    wait, in_chord = raw[0], _in_chord(rules, of, raw[0])
    for i in range(CROWDED - 1):
        of.waits[i] = of.waits[i + 1]
    of.waits[CROWDED - 1] = wait
    if not law.has_pitch(state, raw):
        if wait > round(CHORD_S * rules.per_second):
            of.chord = 0
        return
    pitch, higher = raw[rules.pitch], 0
    for i in range(WATCHED - in_chord, WATCHED):
        higher += 1 if of.pitches[i] > pitch else 0
    place = WATCHED - 1 - higher  # below the higher notes of its chord
    for i in range(place):
        of.pitches[i] = of.pitches[i + 1]
    of.pitches[place] = pitch
    of.chord, of.had[pitch] = in_chord + 1, 1
    of.notes += 1
