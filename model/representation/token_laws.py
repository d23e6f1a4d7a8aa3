"""The laws of representations with one field: `notes` (any token may follow), `events` and `characters` (a grammar)."""

# ruff: noqa: ANN001, ANN201, ANN202, D103 (numba infers types; `law` documents the functions)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from model.compiling import inlined, version
from model.representation import law
from model.representation.law import UNKNOWN, wait

TOKEN_STATE = np.dtype([("left", np.int32)], align=True)


def start_tokens(state: np.ndarray) -> None:
    """Nothing is kept beside the length."""


@version(law.features, TOKEN_STATE)
def token_features(state, conditions, part, out):
    return 0


@version(law.forbid, TOKEN_STATE)
def forbid_no_token(state, field, allowed):
    pass


@version(law.forbid_composing, TOKEN_STATE)
def forbid_composing_no_token(state, conditions, field, allowed):
    pass


@version(law.advance, TOKEN_STATE)
def advance_token(state, raw):
    wait(state, 1)


# The events of Performance RNN: `sounding` is 1 for keys held down, `last` the latest event, `velocity` the bin in
# force, `pitch` the highest key struck at this moment; -1 where there is none.

PITCHES, VELOCITY_BINS = 128, 32
NOTE_ON, NOTE_OFF, TIME_SHIFT, SET_VELOCITY = 0, 128, 256, 356  # first event of each kind
EVENTS = 388
LONGEST_SHIFT = 100  # 10 ms steps in one event; longer waits take several

EVENT_STATE = np.dtype(
    [
        ("left", np.int32),
        ("last", np.int32),
        ("velocity", np.int32),
        ("pitch", np.int32),
        ("sounding", np.int32, (PITCHES,)),
    ],
    align=True,
)


def start_events(state: np.ndarray) -> None:
    """Nothing sounds, nothing was said."""
    state["last"], state["velocity"], state["pitch"], state["sounding"] = -1, -1, -1, 0


@version(law.features, EVENT_STATE)
def event_features(state, conditions, part, out):
    """The keys held down and the velocity in force."""
    for key in range(PITCHES):
        out[key] = state.sounding[key]
    out[PITCHES] = np.float32(state.velocity) / np.float32(VELOCITY_BINS)
    return PITCHES + 1


@version(law.forbid, EVENT_STATE)
def forbid_events(state, field, allowed):
    """The one order of a moment's events: first ends of notes, then beginnings, both by rising pitch."""
    last, left = state.last, state.left
    is_after_velocity, is_after_on = last >= SET_VELOCITY, 0 <= last < NOTE_OFF
    is_after_off, is_after_shift = NOTE_OFF <= last < TIME_SHIFT, TIME_SHIFT <= last < SET_VELOCITY
    is_silent, is_any_free = True, False
    for key in range(PITCHES):
        is_held = state.sounding[key] > 0
        is_silent = is_silent and not is_held
        can_strike = key > state.pitch and left != 0 and not is_held
        is_any_free = is_any_free or can_strike
        is_rising = is_after_off and (key > last - NOTE_OFF or left == 0)
        if not (can_strike and state.velocity >= 0):
            allowed[NOTE_ON + key] = 0
        if not (is_held and (is_after_shift or is_rising)):
            allowed[NOTE_OFF + key] = 0
    if not (is_after_on or is_after_off or last == TIME_SHIFT + LONGEST_SHIFT - 1):
        allowed[TIME_SHIFT:SET_VELOCITY] = np.uint8(0)
    for velocity in range(VELOCITY_BINS):
        if velocity == state.velocity or not is_any_free or is_after_velocity:
            allowed[SET_VELOCITY + velocity] = 0
    if not is_silent or is_after_velocity:
        allowed[EVENTS] = 0  # END


@version(law.forbid_composing, EVENT_STATE)
def forbid_composing_no_event(state, conditions, field, allowed):
    pass


@version(law.advance, EVENT_STATE)
def advance_event(state, raw):
    event = raw[0]
    passed = event - TIME_SHIFT + 1 if TIME_SHIFT <= event < SET_VELOCITY else 0
    wait(state, passed)
    state.last = event
    if event < NOTE_OFF:
        state.sounding[event], state.pitch = 1, event
    elif event < TIME_SHIFT:
        state.sounding[event - NOTE_OFF] = 0
    elif event >= SET_VELOCITY:
        state.velocity = event - SET_VELOCITY
    if passed > 0:
        state.pitch = -1


# A text of words, character by character: `place` is where in a word it stands, `waiting` the number of a '>' so far.

ALPHABET = " #-0123456789:>ABCDEFG"
_CODE = {character: code for code, character in enumerate(ALPHABET)}
# LAST_LETTER: E or B, which have no sharp; of a number, which begins with 1 to 9, so many digits are written
START, LETTER, LAST_LETTER, SHARP, MINUS, OCTAVE, COLON, WAIT, LENGTH_1, LENGTH_2, WAIT_1, WAIT_2, FULL = range(13)
PLACES = 13


def _grammar() -> np.ndarray:
    """Where each character leads from each place, int32 (PLACES, characters + END); -1 where it cannot follow."""
    leads = np.full((PLACES, len(ALPHABET) + 1), -1, dtype=np.int32)

    def lead(place: int, characters: str, to: int) -> None:
        leads[place, [_CODE[character] for character in characters]] = to

    lead(START, "ACDFG", LETTER)
    lead(START, "BE", LAST_LETTER)
    lead(START, ">", WAIT)
    leads[START, len(ALPHABET)] = START  # END
    lead(LETTER, "#", SHARP)
    for place in (LETTER, LAST_LETTER, SHARP):
        lead(place, "-", MINUS)
        lead(place, "0123456789", OCTAVE)
    lead(MINUS, "1", OCTAVE)
    lead(OCTAVE, ":", COLON)
    for first, second, third in ((COLON, LENGTH_1, LENGTH_2), (WAIT, WAIT_1, WAIT_2)):
        lead(first, "123456789", second)
        lead(second, "0123456789", third)
        lead(third, "0123456789", FULL)
    for place in (LENGTH_1, LENGTH_2, WAIT_1, WAIT_2, FULL):
        lead(place, " ", START)
    return leads


LEADS = _grammar()
DIGITS = np.array([int(character) if character.isdigit() else -1 for character in ALPHABET] + [-1], dtype=np.int32)
SPACE_CODE, WAIT_CODE = _CODE[" "], _CODE[">"]

CHARACTER_STATE = np.dtype([("left", np.int32), ("place", np.int32), ("waiting", np.int32)], align=True)


def start_characters(state: np.ndarray) -> None:
    """Before the first word."""
    state["place"], state["waiting"] = START, 0


@version(law.features, CHARACTER_STATE)
def character_features(state, conditions, part, out):
    return 0


@version(law.forbid, CHARACTER_STATE)
def forbid_characters(state, field, allowed):
    """What cannot be the next character of a word."""
    for character in range(LEADS.shape[1]):
        if LEADS[state.place, character] < 0:
            allowed[character] = 0


@inlined
def _is_waiting(state):
    """Whether a digit written here belongs to a wait."""
    return state.place == WAIT or state.waiting > 0


@version(law.forbid_composing, CHARACTER_STATE)
def forbid_composing_characters(state, conditions, field, allowed):
    """No wait beyond the last onset that was asked for."""
    if state.left == UNKNOWN:
        return
    for character in range(len(ALPHABET)):
        at_least = 1 if character == WAIT_CODE else 0  # a number begins with 1 at least
        if DIGITS[character] >= 0 and _is_waiting(state):
            at_least = state.waiting * 10 + DIGITS[character]
        if at_least > state.left:
            allowed[character] = 0


@version(law.advance, CHARACTER_STATE)
def advance_character(state, raw):
    character = raw[0]
    if character == SPACE_CODE:
        wait(state, state.waiting)
        state.waiting = 0
    elif DIGITS[character] >= 0 and _is_waiting(state):
        state.waiting = state.waiting * 10 + DIGITS[character]
    state.place = max(LEADS[state.place, character], START)


# What all of them share: a token's class is its raw value, it sounds no pitch that could be told, a step has one field.


def learn(state, field, value):
    pass


def to_classes(state, raw, classes):
    classes[0] = raw[0]


def to_raw(state, field, drawn, uniform):
    return np.int32(drawn)


def pitch_class(state, field, drawn):
    return law.NONE


def sounding(state, raw, weights):
    pass


def has_pitch(state, raw):
    return False


for _state in (TOKEN_STATE, EVENT_STATE, CHARACTER_STATE):
    for _function in (learn, to_classes, to_raw, pitch_class, sounding, has_pitch):
        version(getattr(law, _function.__name__), _state)(_function)
