"""The situations along many known steps of a `score` at once: what `Score.advance` gives step by step, in numpy.

Training reads thousands of steps for every update. Here moments are kept as absolute times while the steps are gone
through, and turned into what has passed since then for all steps together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.representation.base import UNKNOWN, Situation
from model.representation.engraving import DRUMS, DURATION, FIRST_PROGRAM, INSTRUMENT, METER, PITCH, SHIFT

KEPT = ("end", "struck", "owner", "played", "latest")
NEVER = -1


def history(steps: NDArray[np.int32], situation: Situation, long_ago: int) -> tuple[Situation, Situation]:
    """The situation before each of raw `steps` (batch, time, 5), and the one after the last.

    Args:
        steps: raw values.
        situation: before the first of them, numpy arrays of shape (batch, ...).
        long_ago: at which ages (ticks) stop to grow.
    """
    now = np.cumsum(steps[..., SHIFT], axis=1, dtype=np.int32)  # (batch, time)
    clock = np.concatenate([np.zeros_like(now[:, :1]), now], axis=1)  # before each step and after the last
    kept = _kept(steps, now, situation)
    since = clock[..., None]
    together = _together(steps[..., SHIFT], situation["together"])
    line = _lines(steps, now, situation["since_line"])
    left = situation["left"][:, None]
    moments = {
        "remaining": np.maximum(kept["end"] - since, 0),
        "age": np.minimum(since - kept["struck"], long_ago),
        "owner": kept["owner"],
        "rested": np.minimum(since - kept["played"], long_ago),
        "latest": kept["latest"],
        "since_line": clock - line,
        "instrument": _after(steps[..., INSTRUMENT], situation["instrument"]),
        "pitch": _after(steps[..., PITCH], situation["pitch"]),
        "player": _after(np.full_like(now, NEVER), situation["player"]),
        "together": together,
        "controls": np.repeat(situation["controls"][:, None], clock.shape[1], axis=1),
        "left": np.where(left == UNKNOWN, UNKNOWN, np.maximum(left - clock, 0)).astype(np.int32),
    }
    before = {name: moment[:, :-1] for name, moment in moments.items()}
    return before, {name: moment[:, -1].copy() for name, moment in moments.items()}


def _kept(steps: NDArray, now: NDArray, situation: Situation) -> dict[str, NDArray[np.int32]]:
    """Of each key when its note ends, when it was struck and by whom, of each instrument when and what it played.

    int32 (batch, time + 1, keys or instruments): before each step, and after the last; times since the first.
    """
    batch, time = now.shape
    current = {
        "end": situation["remaining"].copy(),
        "struck": -situation["age"],
        "owner": situation["owner"].copy(),
        "played": -situation["rested"],
        "latest": situation["latest"].copy(),
    }
    kept = {name: np.empty((batch, time + 1, current[name].shape[1]), dtype=np.int32) for name in KEPT}
    player, pitch = steps[..., INSTRUMENT], steps[..., PITCH]
    end = now + steps[..., DURATION]
    is_pitched = (player >= FIRST_PROGRAM) & (player < DRUMS)
    rows = np.arange(batch)
    for place in range(time):
        for name in KEPT:
            kept[name][:, place] = current[name]
        struck = np.flatnonzero(is_pitched[:, place])
        keys = pitch[struck, place]
        current["end"][struck, keys] = end[struck, place]
        current["struck"][struck, keys] = now[struck, place]
        current["owner"][struck, keys] = player[struck, place]
        current["played"][rows, player[:, place]] = now[:, place]
        current["latest"][rows, player[:, place]] = pitch[:, place]
    for name in KEPT:
        kept[name][:, time] = current[name]
    return kept


def _after(values: NDArray, first: NDArray) -> NDArray[np.int32]:
    """What the step before said, (batch, time + 1)."""
    return np.concatenate([first[:, None], values], axis=1).astype(np.int32)


def _lines(steps: NDArray, now: NDArray, since_line: NDArray) -> NDArray[np.int32]:
    """When the meter in force began, before each step and after the last, (batch, time + 1)."""
    begins = np.where(steps[..., INSTRUMENT] == METER, now, np.iinfo(np.int32).min)
    return np.maximum.accumulate(np.concatenate([-since_line[:, None], begins], axis=1), axis=1).astype(np.int32)


def _together(shifts: NDArray, first: NDArray) -> NDArray[np.int32]:
    """How many steps of the same onset stand before each step and after the last, (batch, time + 1)."""
    count = np.arange(1, shifts.shape[1] + 1)
    opens = np.maximum.accumulate(np.where(shifts > 0, count, 0), axis=1)  # where the onset of each step began
    counted = np.where(opens > 0, count - opens + 1, count + first[:, None])
    return np.concatenate([first[:, None], counted], axis=1).astype(np.int32)
