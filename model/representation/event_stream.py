"""Performances as the 388 events of Performance RNN, and back. Called by the representations of both."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.representation.performance_law import DURATION, SHIFT
from model.representation.token_laws import LONGEST_SHIFT, NOTE_OFF, NOTE_ON, SET_VELOCITY, TIME_SHIFT

UNSAID_VELOCITY = 16  # bin of a note struck before any velocity was said


def events_of(steps: NDArray[np.int32]) -> NDArray[np.int16]:
    """The events of a performance, int16 (events,) in 0..387.

    Args:
        steps: int32 (notes, 4) as `Performance.encode` makes them.
    """
    if not len(steps):
        return np.zeros(0, dtype=np.int16)
    shift, pitch, velocity, duration = steps.T.astype(np.int64)
    onset = np.cumsum(shift)
    changed = np.append(True, velocity[1:] != velocity[:-1])
    # rows of (time, order within the moment, position, event)
    rank = np.arange(len(steps)) * 2
    rows = np.concatenate(
        [
            np.stack([onset + duration, np.zeros_like(pitch), pitch, NOTE_OFF + pitch]),
            np.stack([onset, np.ones_like(pitch), rank, SET_VELOCITY + velocity])[:, changed],
            np.stack([onset, np.ones_like(pitch), rank + 1, NOTE_ON + pitch]),
        ],
        axis=1,
    )
    rows = rows[:, np.lexsort((rows[2], rows[1], rows[0]))]
    return _with_time_shifts(rows[0], rows[3]).astype(np.int16)


def performance_of(events: NDArray) -> NDArray[np.int32]:
    """The steps of `Performance` that `events` (events,) in 0..387 say, int32 (notes, 4); `events_of` undoes it.

    Events that no performance gives do no harm: a key struck while it sounds ends its note, one released while it is
    silent means nothing, a note never released lasts until the last event.
    """
    now, velocity = 0, UNSAID_VELOCITY
    held: dict[int, int] = {}  # index in `notes` of the note that each key sounds
    notes: list[list[int]] = []  # onset, pitch, velocity, end
    for event in events.tolist():
        if event < NOTE_OFF:
            if event in held:
                notes[held[event]][3] = now
            held[event] = len(notes)
            notes.append([now, event, velocity, -1])
        elif event < TIME_SHIFT:
            if (index := held.pop(event - NOTE_OFF, None)) is not None:
                notes[index][3] = now
        elif event < SET_VELOCITY:
            now += event - TIME_SHIFT + 1
        else:
            velocity = event - SET_VELOCITY
    for index in held.values():
        notes[index][3] = now
    return _steps(np.array(notes, dtype=np.int64).reshape(-1, 4))


def _steps(notes: NDArray[np.int64]) -> NDArray[np.int32]:
    """Rows of (onset, pitch, velocity, end) as steps; of notes struck together on one key the last stays."""
    ordered = notes[np.lexsort((np.arange(len(notes)), notes[:, 1], notes[:, 0]))]
    again = (ordered[1:, 0] == ordered[:-1, 0]) & (ordered[1:, 1] == ordered[:-1, 1])
    steps = ordered[np.append(~again, True)[: len(ordered)]]
    onset = steps[:, 0].copy()
    steps[:, DURATION] = np.maximum(steps[:, 3] - onset, 1)
    steps[:, SHIFT] = np.diff(onset, prepend=onset[:1])
    return steps.astype(np.int32)


def _with_time_shifts(times: NDArray, events: NDArray) -> NDArray:
    gaps = np.diff(times, prepend=times[0])
    shifts = -(-gaps // LONGEST_SHIFT)  # events that each gap takes
    total = len(events) + int(shifts.sum())
    result = np.full(total, TIME_SHIFT + LONGEST_SHIFT - 1, dtype=np.int64)
    places = np.arange(len(events)) + np.cumsum(shifts)
    result[places] = events
    last = places[gaps > 0] - 1  # the last shift of a gap says what the full ones leave
    result[last] = TIME_SHIFT + (gaps[gaps > 0] - 1) % LONGEST_SHIFT
    return result
