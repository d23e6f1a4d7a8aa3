"""The 388 events of Performance RNN: what the performance representation is measured against.

Oore et al. 2018, "This Time with Feeling: Learning Expressive Musical Performance", section 4: 128 note-ons,
128 note-offs, 100 time shifts of 10 ms to 1 s, 32 velocities; the velocity is said only when it changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOTE_ON, NOTE_OFF, TIME_SHIFT, SET_VELOCITY = 0, 128, 256, 356  # first event of each kind
SIZE = 388
LONGEST_SHIFT = 100  # 10 ms steps in one event; longer waits take several


def events_of(steps: NDArray[np.int32]) -> NDArray[np.int16]:
    """The events of a performance, int16 (events,) in 0..387.

    Args:
        steps: int32 (notes, 4) as `Performance.encode` makes them.

    At one moment notes end before others begin; both by rising pitch.
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
