"""The law of `score`: where in the bar it is, who plays, what sounds; see `law` for what each function does."""

# ruff: noqa: ANN001, ANN201, ANN202, D103 (numba infers types; `law` documents the functions)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from model import instruments
from model.arithmetic import exp32
from model.compiling import inlined, version
from model.controls import FAMILIES
from model.representation import law
from model.representation.buckets import class_of
from model.representation.engraving import (
    DRUMS,
    DURATION,
    FIRST_PROGRAM,
    INSTRUMENT,
    INSTRUMENTS,
    METER,
    PITCH,
    SHIFT,
    TEMPO,
    VELOCITY,
)
from model.representation.grid import BAR_TICKS, EXACT, LOWEST, METERS, QUARTER_S, SIZE, TEMPI, TICKS_PER_QUARTER
from model.representation.law import INPUT, wait

PITCHES = 128
NEVER = -1  # of a pitch or an instrument: none
LONG_AGO = 100_000  # ticks; the age of what never sounded
LOG_SCALE = np.float32(6.0)  # brings log(1 + ticks) of a few bars near 1
KEY_FADES = (np.float32(1.0), np.float32(24.0), np.float32(192.0))  # ticks in which the memory of a struck key fades
OWN_FADE = np.float32(192.0)  # the same for the keys of the instrument that is about to play
PLAYER_FADES = (np.float32(6.0), np.float32(96.0))  # the same for who has played
ENDING_FADE = np.float32(24.0)  # resolves endings that are near

QUARTERS = 8  # of a bar told apart, counted from either end
HARMONICS = 4  # into so many parts of a bar sine and cosine are laid
PHRASE = 8  # bars told apart
DEFAULT_BAR = 4 * TICKS_PER_QUARTER  # before the first meter is known

POSITION = TICKS_PER_QUARTER + 2 * QUARTERS + 2 * HARMONICS + PHRASE + 3  # widths of the parts of the features
KEYBOARD = PITCHES * (1 + len(KEY_FADES))
PLAYERS = INSTRUMENTS * len(PLAYER_FADES)
OWN_KEYS = 2 * PITCHES
ENDINGS = 5

MOST_PLAYERS = 6
PROGRAMS_PER_FAMILY = 8  # the drums are a family of their own, the last one
LOWEST_PITCH, HIGHEST_PITCH = 21, 108  # of a piano: how far transposition may go
# the range of each instrument; meters, tempi and drums have all pitches
LOWEST_OF = np.concatenate([[0] * FIRST_PROGRAM, instruments.LOWEST_PITCH, [0]]).astype(np.int32)
HIGHEST_OF = np.concatenate([[127] * FIRST_PROGRAM, instruments.HIGHEST_PITCH, [127]]).astype(np.int32)
LONGEST_DRAWN_WAIT_S = np.float32(3.5)  # a longer silence sounds like the end of the piece
TICK_S = (QUARTER_S.astype(np.float32) / TICKS_PER_QUARTER).astype(np.float32)  # of each tempo class
BIG = 1 << 24

# Of each key: `remaining` ticks until the note last struck on it ends, `age` since it was struck, `owner` the
# instrument that struck it. Of each instrument: `rested` ticks since its latest step, `latest` the pitch of that.
# `since_line`: ticks since the meter began; `instrument`, `pitch`: of the step before if nothing has passed since;
# `player`: who is about to play; `together`: steps of this onset so far. `NEVER` stands for none.
STATE = np.dtype(
    [
        ("left", np.int32),
        ("since_line", np.int32),
        ("instrument", np.int32),
        ("pitch", np.int32),
        ("player", np.int32),
        ("together", np.int32),
        ("remaining", np.int32, (PITCHES,)),
        ("age", np.int32, (PITCHES,)),
        ("owner", np.int32, (PITCHES,)),
        ("rested", np.int32, (INSTRUMENTS,)),
        ("latest", np.int32, (INSTRUMENTS,)),
    ],
    align=True,
)


def start(state: np.ndarray) -> None:
    """Nothing was played."""
    for name in ("since_line", "together", "remaining"):
        state[name] = 0
    for name in ("instrument", "pitch", "player", "owner", "latest"):
        state[name] = NEVER
    state["age"], state["rested"] = LONG_AGO, LONG_AGO


@inlined
def is_pitched(instrument):
    """Whether a number is a program's, neither the drums' nor a change of meter or tempo."""
    return FIRST_PROGRAM <= instrument < DRUMS


@inlined
def _position(state, out):
    """Place in the quarter, quarters since and until a bar line, place in the bar, which bar of a phrase."""
    out[:POSITION] = np.float32(0)
    meter = state.latest[METER]
    bar = DEFAULT_BAR if meter < 0 else BAR_TICKS[meter]
    inside = state.since_line % bar
    at = TICKS_PER_QUARTER
    out[inside % TICKS_PER_QUARTER] = 1
    out[at + min(inside // TICKS_PER_QUARTER, QUARTERS - 1)] = 1
    at += QUARTERS
    out[at + min((bar - inside - 1) // TICKS_PER_QUARTER, QUARTERS - 1)] = 1
    at += QUARTERS
    for n in range(HARMONICS):
        turn = np.float32(inside) / np.float32(bar) * np.float32(2 * math.pi * (n + 1))
        out[at + n], out[at + HARMONICS + n] = math.sin(turn), math.cos(turn)
    at += 2 * HARMONICS
    out[at + state.since_line // bar % PHRASE] = 1
    at += PHRASE
    length = np.float32(bar) / np.float32(DEFAULT_BAR)
    out[at], out[at + 1], out[at + 2] = 1 if inside == 0 else 0, length, math.log(length)
    return POSITION


@inlined
def _keyboard(state, out):
    """How long each key still sounds and how long ago it was struck, by any instrument."""
    for key in range(PITCHES):
        out[key] = np.float32(math.log1p(np.float32(state.remaining[key]))) / LOG_SCALE if state.remaining[key] else 0
    for number in range(len(KEY_FADES)):
        fade, part = KEY_FADES[number], out[PITCHES * (1 + number) :]
        for key in range(PITCHES):
            part[key] = exp32(-np.float32(state.age[key]) / fade)
    return KEYBOARD


@inlined
def _players(state, out):
    """How long ago each instrument played."""
    for number in range(len(PLAYER_FADES)):
        fade, part = PLAYER_FADES[number], out[INSTRUMENTS * number :]
        for instrument in range(INSTRUMENTS):
            part[instrument] = exp32(-np.float32(state.rested[instrument]) / fade)
    return PLAYERS


@inlined
def _own_keys(state, out):
    """What the instrument that is about to play has played: its keys, and its latest one."""
    for key in range(PITCHES):
        faded = exp32(-np.float32(state.age[key]) / OWN_FADE)
        out[key] = faded if state.owner[key] == state.player else np.float32(0)
        out[PITCHES + key] = 0
    if state.player >= 0 and state.latest[state.player] >= 0:
        out[PITCHES + state.latest[state.player]] = 1
    return OWN_KEYS


@inlined
def _endings(state, out):
    """When the first and the last of the sounding notes end, and how many were struck together."""
    first, last = BIG, 0
    for key in range(PITCHES):
        remaining = state.remaining[key]
        if remaining > 0:
            first, last = min(first, remaining), max(last, remaining)
    soon, late = np.float32(first if last > 0 else 0), np.float32(last)
    out[0], out[1] = np.float32(math.log1p(soon)) / LOG_SCALE, np.float32(math.log1p(late)) / LOG_SCALE
    out[2], out[3] = exp32(-soon / ENDING_FADE), exp32(-late / ENDING_FADE)
    out[4] = math.log1p(np.float32(state.together))
    return ENDINGS


@version(law.features, STATE)
def features(state, conditions, part, out):
    at = _position(state, out)
    if part in (INPUT, PITCH):
        at += _keyboard(state, out[at:])
    if part in (INPUT, INSTRUMENT):
        at += _players(state, out[at:])
    if part == INPUT:
        out[at] = np.float32(state.latest[TEMPO]) / np.float32(TEMPI)
        at += 1
    if part == PITCH:
        at += _own_keys(state, out[at:])
    if part in (SHIFT, DURATION):
        at += _endings(state, out[at:])
    return at


@version(law.forbid, STATE)
def forbid(state, field, allowed):
    """The canonical order, first of all a meter and a tempo; only values that the player can have."""
    player = state.player
    if field == SHIFT:
        if state.latest[TEMPO] == NEVER:
            allowed[1:] = np.uint8(0)
    elif field == INSTRUMENT:
        _forbid_players(state, allowed)
    elif field == PITCH:  # in one onset an instrument goes up its keys; a key that it holds is not struck again
        for pitch in range(PITCHES):
            is_below = player == state.instrument and pitch <= state.pitch
            is_held = state.remaining[pitch] > 0 and state.owner[pitch] == player
            if is_below or is_held or (player == METER and pitch >= len(METERS)):
                allowed[pitch] = 0
    elif field == DURATION:
        if is_pitched(player):
            allowed[0] = 0
        else:
            allowed[1:] = np.uint8(0)
    elif player < FIRST_PROGRAM:
        allowed[1:] = np.uint8(0)


@inlined
def _forbid_players(state, allowed):
    """First METER and TEMPO; then, in one onset, instruments in rising order."""
    before = state.instrument
    is_done = before < FIRST_PROGRAM or state.pitch == PITCHES - 1
    for number in range(INSTRUMENTS):
        if state.latest[METER] == NEVER:
            can_play = number == METER
        elif state.latest[TEMPO] == NEVER:
            can_play = number == TEMPO
        else:
            can_play = before == NEVER or number > before or (number == before and not is_done)
        if not can_play:
            allowed[number] = 0


@version(law.forbid_composing, STATE)
def forbid_composing(state, conditions, field, allowed):
    if field == SHIFT:
        _forbid_waits(state, allowed)
    elif field == INSTRUMENT:
        _forbid_strangers(state, conditions, allowed)
    elif field == PITCH:
        allowed[: LOWEST_OF[state.player]] = np.uint8(0)
        allowed[HIGHEST_OF[state.player] + 1 :] = np.uint8(0)


@inlined
def _forbid_waits(state, allowed):
    """No silence of more than a few seconds; the first note in the first bar; nothing above the highest pitch."""
    tick_s, bar = TICK_S[max(state.latest[TEMPO], 0)], BAR_TICKS[max(state.latest[METER], 0)]
    is_begun = False
    for instrument in range(FIRST_PROGRAM, INSTRUMENTS):
        is_begun = is_begun or state.latest[instrument] != NEVER
    for drawn in range(SIZE):  # END is no wait
        ticks = LOWEST[drawn]
        if tick_s * np.float32(ticks) > LONGEST_DRAWN_WAIT_S or not (is_begun or ticks < bar):
            allowed[drawn] = 0
    if not _can_go_on(state):  # nobody might be left to go on in this chord
        allowed[0] = 0


@inlined
def _can_go_on(state):
    """Whether the instrument of the step before has a higher key for the same onset."""
    before = state.instrument
    for pitch in range(max(state.pitch + 1, LOWEST_OF[max(before, 0)]), HIGHEST_OF[max(before, 0)] + 1):
        if state.remaining[pitch] == 0 or state.owner[pitch] != before:
            return True
    return False


@inlined
def _family(instrument):
    return min((instrument - FIRST_PROGRAM) // PROGRAMS_PER_FAMILY, len(FAMILIES) - 1)


@inlined
def _forbid_strangers(state, conditions, allowed):
    """Only families that are asked for, all where none is; nobody joins where `MOST_PLAYERS` of them play.

    At every note there is a small chance of a new one: an ensemble would grow for as long as the music lasts. Meter and
    tempo do not change after the beginning, because the length is counted by them.
    """
    is_any_asked = False
    families = conditions.controls[conditions.instruments_at :]
    for family in range(len(FAMILIES)):
        is_any_asked = is_any_asked or families[family] > 0
    playing = 0
    for instrument in range(FIRST_PROGRAM, INSTRUMENTS):
        is_wanted = not is_any_asked or families[_family(instrument)] > 0
        playing += 1 if is_wanted and state.latest[instrument] != NEVER else 0
    for instrument in range(FIRST_PROGRAM, INSTRUMENTS):
        is_wanted = not is_any_asked or families[_family(instrument)] > 0
        if not is_wanted or (playing >= MOST_PLAYERS and state.latest[instrument] == NEVER):
            allowed[instrument] = 0
    if state.latest[TEMPO] != NEVER:
        allowed[METER], allowed[TEMPO] = 0, 0


@inlined
def _elapse(state, shift):
    wait(state, shift)
    for key in range(PITCHES):
        state.remaining[key] = max(state.remaining[key] - shift, 0)
        state.age[key] = min(state.age[key] + shift, LONG_AGO)
    for instrument in range(INSTRUMENTS):
        state.rested[instrument] = min(state.rested[instrument] + shift, LONG_AGO)
    state.since_line += shift
    if shift > 0:
        state.instrument, state.pitch, state.together = NEVER, NEVER, 0


@version(law.learn, STATE)
def learn(state, field, value):
    if field == SHIFT:
        _elapse(state, value)
    elif field == INSTRUMENT:
        state.player = value


@version(law.advance, STATE)
def advance(state, raw):
    _elapse(state, raw[SHIFT])
    instrument, pitch = raw[INSTRUMENT], raw[PITCH]
    if is_pitched(instrument):
        state.remaining[pitch], state.age[pitch], state.owner[pitch] = raw[DURATION], 0, instrument
    state.rested[instrument], state.latest[instrument] = 0, pitch
    if instrument == METER:
        state.since_line = 0
    state.instrument, state.pitch, state.player = instrument, pitch, NEVER
    state.together += 1


@version(law.to_classes, STATE)
def to_classes(state, raw, classes):
    classes[SHIFT], classes[DURATION] = class_of(raw[SHIFT], EXACT), class_of(raw[DURATION], EXACT)
    classes[INSTRUMENT], classes[PITCH], classes[VELOCITY] = raw[INSTRUMENT], raw[PITCH], raw[VELOCITY]


@version(law.to_raw, STATE)
def to_raw(state, field, drawn, uniform):
    """The value itself; of a long wait or note the least in its bucket, which lies on an eighth."""
    return np.int32(LOWEST[min(drawn, SIZE - 1)] if field in (SHIFT, DURATION) else drawn)


@version(law.pitch_class, STATE)
def pitch_class(state, field, drawn):
    return drawn % 12 if field == PITCH else law.NONE


@version(law.sounding, STATE)
def sounding(state, raw, weights):
    if is_pitched(raw[INSTRUMENT]):
        weights[raw[PITCH] % 12] += np.float32(1)


@version(law.has_pitch, STATE)
def has_pitch(state, raw):
    return is_pitched(raw[INSTRUMENT])
