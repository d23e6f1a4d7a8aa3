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
from model.representation.event_stream import events_of, performance_of
from model.representation.performance import SHIFT, Performance
from model.representation.token_laws import (
    EVENTS,
    NOTE_OFF,
    PITCHES,
    SET_VELOCITY,
    TIME_SHIFT,
)
from model.representation.tokens import Tokens

SIZE = EVENTS

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
