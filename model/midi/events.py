"""One track's bytes to its events and back: what is kept of a stranger's file before a parser in C++ sees any of it.

Used by `cleaning`. Only notes, programs, the sustain pedal, tempo, meter and text are kept; sysex, escapes and other
controllers are dropped here, which also keeps a hostile file's memory small.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from model.midi.refusals import refusal

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM = 0x80, 0x90, 0xB0, 0xC0
META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7
TEXT, NAME, END, TEMPO, METER = 0x01, 0x03, 0x2F, 0x51, 0x58
SUSTAIN = 64
LAST_TICK = 0x7FFF_FFFF  # the parser counts in 32 bits with a sign
LONGEST_DELTA = 0x0FFF_FFFF
LARGEST_TEMPO = 0xFF_FFFF

Event = tuple[int, int, bytes]  # tick, status byte (META for meta events), what follows the status


@dataclass
class Track:
    """Events in the order of the file. `complete` is False when the bytes stopped making sense or ended within one."""

    events: list[Event] = field(default_factory=list)
    complete: bool = True


def scan_track(data: bytes, limit_min: float) -> Track:
    """The events of one track chunk, up to its end or to where it is damaged.

    Raises MidiError (`too_long`, naming `limit_min`) when time runs past what 32 bits count.
    """
    track = Track()
    try:
        _scan(data, track.events, limit_min)
    except (IndexError, _DamagedError):  # IndexError: an event goes on past the end
        track.complete = False
    return track


class _DamagedError(Exception):
    """The bytes at hand are no MIDI event."""


def _scan(data: bytes, events: list[Event], limit_min: float) -> None:
    at = tick = status = 0
    while at < len(data):
        delta, at = _number(data, at)
        tick += delta
        if tick > LAST_TICK:
            raise refusal("too_long", limit_min=limit_min)
        if data[at] >= SYSEX:
            kind, body, at = _system_event(data, at)
            if kind == END:
                return
            if kind in (TEXT, NAME, TEMPO, METER):
                events.append((tick, META, bytes([kind]) + body))
            continue
        if data[at] >= NOTE_OFF:
            status, at = data[at], at + 1
        length = 1 if status & 0xE0 == PROGRAM else 2  # program change and channel pressure have one data byte
        message, at = data[at : at + length], at + length
        if not status or len(message) < length or not message.isascii():
            raise _DamagedError
        if status < 0xA0 or status & 0xF0 == PROGRAM or (status & 0xF0 == CONTROL and message[0] == SUSTAIN):
            events.append((tick, status, message))


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length number of at most four bytes, and where it ends."""
    number = 0
    for _ in range(4):
        byte = data[at]
        at += 1
        number = number << 7 | byte & 0x7F
        if byte < 0x80:
            return number, at
    raise _DamagedError


def _system_event(data: bytes, at: int) -> tuple[int, bytes, int]:
    """Kind (-1 for sysex), body and end of the meta event, sysex or escape at `at`."""
    status, kind, at = data[at], -1, at + 1
    if status == META:
        kind, at = data[at], at + 1
    elif status not in (SYSEX, ESCAPE):
        raise _DamagedError  # real-time messages have no place in a file
    length, at = _number(data, at)
    if at + length > len(data):
        raise _DamagedError
    return kind, data[at : at + length], at + length


def meta(kind: int, body: bytes) -> tuple[int, bytes]:
    """Status and rest of a meta event whose rest has no length yet, as `write_track` takes it."""
    return META, bytes([kind]) + body


def write_track(events: list[Event]) -> bytes:
    """A track chunk with its header; `events` sorted by tick. Raises MidiError (`cannot_write`) past 28-bit gaps."""
    body, now = bytearray(), 0
    for tick, status, message in events:
        body += variable_length(tick - now)
        body.append(status)
        body += message if status != META else message[:1] + variable_length(len(message) - 1) + message[1:]
        now = tick
    body += bytes([0, META, END, 0])
    return struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)


def write_file(division: int, tracks: list[list[Event]]) -> bytes:
    """A file of format 1 made of `tracks`."""
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), division)
    return header + b"".join(write_track(events) for events in tracks)


def variable_length(number: int) -> bytes:
    """`number` in groups of seven bits, most significant first; raises MidiError (`cannot_write`) past 28 bits."""
    if not 0 <= number <= LONGEST_DELTA:
        raise refusal("cannot_write")
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))
