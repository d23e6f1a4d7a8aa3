"""The 388 events of Performance RNN, and END: one event a step, the same music to 10 ms as `performance` holds.

Oore et al. 2018, "This Time with Feeling: Learning Expressive Musical Performance", section 4: 128 note-ons,
128 note-offs, 100 time shifts of 10 ms to 1 s, 32 velocities; the velocity is said only when it changes. At one moment
notes end before others begin, both by rising pitch, so a performance has one stream of events only.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from model.piece import Piece
from model.representation import token_laws
from model.representation.base import Field
from model.representation.performance import DURATION, SHIFT, Performance
from model.representation.token_laws import (
    EVENTS,
    LONGEST_SHIFT,
    NOTE_OFF,
    NOTE_ON,
    PITCHES,
    SET_VELOCITY,
    TIME_SHIFT,
)
from model.representation.tokens import Tokens

SIZE = EVENTS
UNSAID_VELOCITY = 16  # bin of a note struck before any velocity was said

_EVENT = np.arange(SIZE, dtype=np.int32)
_IS_SHIFT = (_EVENT >= TIME_SHIFT) & (_EVENT < SET_VELOCITY)
_WAITS = np.append(np.where(_IS_SHIFT, _EVENT - TIME_SHIFT + 1, 0), 0).astype(np.int32)  # END waits for nothing


class Events(Tokens):
    """Performance RNN's stream of events; a grammar refuses events that no performance gives."""

    name = "events"
    end_class = SIZE
    fields = (Field("event", SIZE + 1),)
    left_fades = (10.0, 50.0, 200.0, 800.0, 3200.0)  # a tenth of a second to half a minute
    units_per_second = Performance.units_per_second
    symbol = Performance.symbol
    quantisation = Performance.quantisation
    state = token_laws.EVENT_STATE
    start = staticmethod(token_laws.start_events)
    feature_sizes: ClassVar[dict[str, int]] = {"input": PITCHES + 1, "event": PITCHES + 1}

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The events of `piece`, int32 (events, 1) in 0..387."""
        return self.steps_of_tokens(events_of(Performance().encode(piece)))

    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """A piece for one piano at 1 ms per tick; notes never ended last until the last event."""
        return Performance().decode(performance_of(steps[:, 0]))

    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, or as they are where a note would fall off the piano."""
        return self.steps_of_tokens(events_of(Performance().transposed(performance_of(steps[:, 0]), semitones)))

    def stretched(self, steps: NDArray[np.int32], factor: float) -> NDArray[np.int32]:
        """`steps` played `factor` times as slowly."""
        return self.steps_of_tokens(events_of(Performance().stretched(performance_of(steps[:, 0]), factor)))

    def spliced(self, beginning: NDArray[np.int32], ending: NDArray[np.int32]) -> NDArray[np.int32]:
        """The notes struck in `beginning` and then those struck in `ending`, which keeps the wait before its first."""
        first, second = (performance_of(part[:, 0]) for part in (beginning, ending))
        if len(second):
            second[0, SHIFT] = _WAITS[ending[: int(np.argmax(ending[:, 0] < NOTE_OFF)), 0]].sum()
        # a note of the beginning may reach over one of the ending on the same key: played as fast, it is cut
        joined = Performance().stretched(np.concatenate([first, second]), 1.0)
        return self.steps_of_tokens(events_of(joined))

    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """When each event happens in 10 ms steps, int64 (events,); the last note's end is the last."""
        return np.cumsum(_WAITS[steps[:, 0]], dtype=np.int64)

    def waits(self) -> NDArray[np.int32]:
        """10 ms steps that each event lets pass, (389,)."""
        return _WAITS


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
