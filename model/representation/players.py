"""Who plays and what sounds, as features and rules for `score`: keys, instruments, endings, the order in a chord."""

from __future__ import annotations

from typing import Any

import numpy as np

from model import instrument_ranges
from model.representation.base import Situation, Tensor
from model.representation.engraving import DRUMS, FIRST_PROGRAM, INSTRUMENTS, METER, TEMPO
from model.representation.grid import METERS
from model.representation.meters import one_hot

PITCHES = 128
NEVER = -1  # of a pitch or an instrument: none
LOG_SCALE = 6.0  # brings log(1 + ticks) of a few bars near 1
KEY_FADES = (1.0, 24.0, 192.0)  # ticks in which the memory of a struck key fades: at once, a quarter, two bars
OWN_FADE = 192.0  # the same for the keys of the instrument that is about to play
PLAYER_FADES = (6.0, 96.0)  # the same for who has played
ENDING_FADE = 24.0  # resolves endings that are near

KEYBOARD = PITCHES * (1 + len(KEY_FADES))  # widths of what the functions below return
PLAYERS = INSTRUMENTS * len(PLAYER_FADES)
OWN_KEYS = 2 * PITCHES
ENDINGS = 5
MOST_PLAYERS = 6
PROGRAMS_PER_FAMILY = 8  # the drums are a family of their own, the last one
FAR = 1 << 24
_ANY = np.array([0] * FIRST_PROGRAM), np.array([PITCHES - 1] * FIRST_PROGRAM)  # meters and tempi
LOWEST = np.concatenate([_ANY[0], instrument_ranges.LOWEST, [0]]).astype(np.int32)  # by instrument; the drums have all
HIGHEST = np.concatenate([_ANY[1], instrument_ranges.HIGHEST, [PITCHES - 1]]).astype(np.int32)


def keyboard(situation: Situation, ops: Any) -> Tensor:
    """How long each key still sounds and how long ago it was struck, by any instrument, float32 (..., KEYBOARD)."""
    age = ops.cast(situation["age"], "float32")
    sounding = ops.log1p(ops.cast(situation["remaining"], "float32")) / LOG_SCALE
    return ops.concatenate([sounding, *(ops.exp(-age / fade) for fade in KEY_FADES)], axis=-1)


def players(situation: Situation, ops: Any) -> Tensor:
    """How long ago each instrument played, float32 (..., PLAYERS)."""
    rested = ops.cast(situation["rested"], "float32")
    return ops.concatenate([ops.exp(-rested / fade) for fade in PLAYER_FADES], axis=-1)


def own_keys(situation: Situation, ops: Any) -> Tensor:
    """What the instrument that is about to play has played: its keys, and its latest one; float32 (..., OWN_KEYS)."""
    player = ops.expand_dims(situation["player"], -1)
    age = ops.cast(situation["age"], "float32")
    played = ops.where(situation["owner"] == player, ops.exp(-age / OWN_FADE), 0.0)
    is_it = player == ops.arange(INSTRUMENTS, dtype="int32")
    latest = ops.max(ops.where(is_it, situation["latest"], NEVER), axis=-1)
    return ops.concatenate([played, one_hot(latest, PITCHES, ops)], axis=-1)


def endings(situation: Situation, ops: Any) -> Tensor:
    """When the first and the last of the sounding notes end, and how many were struck together; (..., ENDINGS)."""
    remaining = situation["remaining"]
    last = ops.max(remaining, axis=-1, keepdims=True)
    first = ops.min(ops.where(remaining > 0, remaining, FAR), axis=-1, keepdims=True)
    ends = ops.cast(ops.concatenate([ops.where(first == FAR, 0, first), last], axis=-1), "float32")
    together = ops.log1p(ops.cast(ops.expand_dims(situation["together"], -1), "float32"))
    return ops.concatenate([ops.log1p(ends) / LOG_SCALE, ops.exp(-ends / ENDING_FADE), together], axis=-1)


def next_players(situation: Situation, ops: Any) -> Tensor:
    """Who may play now, bool (..., INSTRUMENTS): first of all METER and TEMPO, and in one onset in rising order."""
    numbers = ops.arange(INSTRUMENTS, dtype="int32")
    before = ops.expand_dims(situation["instrument"], -1)
    is_done = ops.logical_or(before < FIRST_PROGRAM, ops.expand_dims(situation["pitch"], -1) == PITCHES - 1)
    follows = ops.logical_or(before == NEVER, ops.where(is_done, numbers > before, numbers >= before))
    is_begun = [ops.expand_dims(situation["latest"][..., change] != NEVER, -1) for change in (METER, TEMPO)]
    tempo_first = ops.where(is_begun[1], follows, numbers == TEMPO)
    return ops.where(is_begun[0], tempo_first, numbers == METER)


def wanted_players(situation: Situation, asked: slice, ops: Any) -> Tensor:
    """Who may be drawn while composing, bool (..., INSTRUMENTS): of the families asked for, all where none was.

    Where MOST_PLAYERS of them play already no other joins in: at every note there is a small chance of a new one, and
    an ensemble would grow for as long as the music lasts.

    Args:
        situation: its `controls` say which families are asked for.
        asked: where in them.
        ops: numpy or keras.ops.
    """
    families = situation["controls"][..., asked] > 0  # (..., families)
    wanted = ops.logical_or(families, ops.logical_not(ops.any(families, axis=-1, keepdims=True)))
    programs = ops.repeat(wanted[..., :-1], PROGRAMS_PER_FAMILY, axis=-1)  # (..., 128)
    wanted = ops.concatenate([programs, wanted[..., -1:]], axis=-1)  # (..., 129)
    playing = ops.logical_and(wanted, situation["latest"][..., FIRST_PROGRAM:] != NEVER)
    has_room = ops.sum(ops.cast(playing, "int32"), axis=-1, keepdims=True) < MOST_PLAYERS
    wanted = ops.where(has_room, wanted, playing)
    not_begun = ops.expand_dims(situation["latest"][..., TEMPO] == NEVER, -1)
    return ops.concatenate([not_begun, not_begun, wanted], axis=-1)


def within_range(player: Tensor, ops: Any) -> Tensor:
    """Which pitches are within the range of `player` (batch...), bool (..., 128); all for a meter or a tempo."""
    pitches = ops.arange(PITCHES, dtype="int32")
    number = ops.expand_dims(ops.maximum(player, 0), -1)
    return ops.logical_and(pitches >= ops.take(LOWEST, number), pitches <= ops.take(HIGHEST, number))


def can_go_on(situation: Situation, ops: Any) -> Tensor:
    """Whether the instrument of the step before has a higher key for the same onset, bool (..., 1)."""
    before = situation["instrument"]
    pitches = ops.arange(PITCHES, dtype="int32")
    is_higher = ops.logical_and(within_range(before, ops), pitches > ops.expand_dims(situation["pitch"], -1))
    is_its_own = situation["owner"] == ops.expand_dims(before, -1)
    is_held = ops.logical_and(situation["remaining"] > 0, is_its_own)
    return ops.any(ops.logical_and(is_higher, ops.logical_not(is_held)), axis=-1, keepdims=True)


def next_pitches(situation: Situation, ops: Any) -> Tensor:
    """What the instrument that is about to play may strike, bool (..., 128): in one onset it goes up its keys.

    A key it holds is not struck again; as METER it names one of the meters there are.
    """
    pitches = ops.arange(PITCHES, dtype="int32")
    player = ops.expand_dims(situation["player"], -1)
    is_other = player != ops.expand_dims(situation["instrument"], -1)
    rises = ops.logical_or(is_other, pitches > ops.expand_dims(situation["pitch"], -1))
    held = ops.logical_and(situation["remaining"] > 0, situation["owner"] == player)
    exists = ops.logical_or(player != METER, pitches < len(METERS))
    return ops.logical_and(ops.logical_and(rises, ops.logical_not(held)), exists)


def has_length(situation: Situation, ops: Any) -> Tensor:
    """Whether the instrument that is about to play holds its notes, bool (..., 1): no drums, no change."""
    player = ops.expand_dims(situation["player"], -1)
    return ops.logical_and(player >= FIRST_PROGRAM, player != DRUMS)
