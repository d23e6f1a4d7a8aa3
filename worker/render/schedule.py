"""A piece as a synthesizer plays it: key and pedal events at exact sample positions.

All synthesizers play the same schedule. For one without a pedal, notes are made longer instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.piece import Instrument, Piece, sustained

SAMPLE_RATE_HZ = 44_100


class Kind(IntEnum):
    """Kinds of events, in the order of events at the same sample.

    A pedal lifted and pressed at a chord change releases the old chord; a pedal pressed as a key is released holds it.
    """

    CONTROL = 0  # its number in the place of a key, its value in that of a velocity
    PEDAL_UP = 1
    PEDAL_DOWN = 2
    KEY_UP = 3
    KEY_DOWN = 4


EVENT = np.dtype(
    [
        ("sample", np.int64),  # from the start of the audio
        ("kind", np.int8),
        ("channel", np.int16),  # index into Schedule.instruments; a channel of its own for each
        ("key", np.int16),
        ("velocity", np.int16),
    ]
)


class Event(NamedTuple):
    """A row of `EVENT` as plain integers, because reading thousands of numpy rows one by one is slow."""

    sample: int
    kind: int
    channel: int
    key: int
    velocity: int


class Seat(NamedTuple):
    """How loud an instrument is, in dB and at most 0, and where it sits, 0 (left) to 127."""

    gain_db: float = 0.0
    pan: int = 64


@dataclass(frozen=True)
class Schedule:
    """Events (sorted) for `instruments`, one channel each, lasting `samples` with the tail; `seats` of all or none."""

    events: NDArray
    instruments: tuple[Instrument, ...]
    samples: int
    seats: tuple[Seat, ...] = ()

    def seat(self, channel: int) -> Seat:
        """The seat of a channel's instrument."""
        return self.seats[channel] if self.seats else Seat()

    def blocks(self) -> Iterator[tuple[int, int, list[Event]]]:
        """(start, end, events at start) for each span of samples in which nothing happens; together they are all."""
        start, begun = 0, list[Event]()
        for event in map(Event._make, self.events[self.events["sample"] < self.samples].tolist()):
            if event.sample > start:
                yield start, event.sample, begun
                start, begun = event.sample, []
            begun.append(event)
        yield start, self.samples, begun


def schedule(piece: Piece, *, start_s: float, end_s: float, pedal: bool, seats: tuple[Seat, ...] = ()) -> Schedule:
    """The part of `piece` from `start_s` to `end_s` seconds, its notes that begin there; `pedal`: keep pedal events."""
    if not pedal:
        piece = sustained(piece)
    notes = piece.notes[(piece.onsets_s >= start_s) & (piece.onsets_s < end_s)]
    events = [
        _events(piece, piece.controls, Kind.CONTROL, piece.controls["tick"], start_s),
        _events(piece, notes, Kind.KEY_DOWN, notes["onset"], start_s),
        _events(piece, notes, Kind.KEY_UP, notes["onset"] + notes["duration"], start_s),
    ]
    if pedal:
        spans = piece.pedals
        events.append(_events(piece, spans, Kind.PEDAL_DOWN, spans["onset"], start_s))
        events.append(_events(piece, spans, Kind.PEDAL_UP, spans["onset"] + spans["duration"], start_s))
    table = np.concatenate(events)
    table = table[np.lexsort((table["key"], table["kind"], table["sample"]))]
    return Schedule(table, piece.instruments, round((end_s - start_s) * SAMPLE_RATE_HZ), seats)


def _events(piece: Piece, rows: NDArray, kind: Kind, ticks: NDArray, start_s: float) -> NDArray:
    """One event of `kind` for each row of a note, pedal or controller table; what lies earlier happens at the start."""
    events = np.zeros(len(rows), EVENT)
    events["sample"] = np.maximum(0, np.rint((piece.seconds_at(ticks) - start_s) * SAMPLE_RATE_HZ))
    events["kind"] = kind
    events["channel"] = rows["instrument"]
    if kind in (Kind.KEY_DOWN, Kind.KEY_UP):
        events["key"] = rows["pitch"]
        events["velocity"] = rows["velocity"]
    elif kind == Kind.CONTROL:
        events["key"], events["velocity"] = rows["number"], rows["value"]
    return events
