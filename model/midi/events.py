"""Converts the bytes of one MIDI track to its events and back.

Used by `container` and `reading` to read and by `writing` to write. Reading keeps only what a Piece can hold, in
compact arrays, so that a hostile file cannot make a small upload large in memory.
"""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from model.midi.limits import refusal

NOTE_OFF, NOTE_ON, CONTROL, PROGRAM, BEND = 0x80, 0x90, 0xB0, 0xC0, 0xE0
META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7
TEXT, COPYRIGHT, NAME, INSTRUMENT_NAME, LYRIC, MARKER = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
END, TEMPO, METER, KEY = 0x2F, 0x51, 0x58, 0x59

BANK, DATA_ENTRY, SUSTAIN, RPN_LSB, RPN_MSB = 0, 6, 64, 100, 101
SOUND_OFF, RESET_CONTROLLERS, NOTES_OFF = 120, 121, 123  # 124 to 127 change the channel's mode and end notes as well

LAST_TICK = 0x7FFF_FFFF
LONGEST_DELTA = 0x0FFF_FFFF
LARGEST_TEMPO = 0xFF_FFFF
MOST_TEXT_BYTES, MOST_SYSEX_BYTES = 4096, 64  # of one event that is kept
MOST_TEXTS = 1000  # of one track

_KEPT_META = frozenset((TEXT, COPYRIGHT, NAME, INSTRUMENT_NAME, LYRIC, MARKER, TEMPO, METER, KEY))
_KEPT_CONTROLS = frozenset((BANK, DATA_ENTRY, 7, 10, 11, SUSTAIN, RPN_LSB, RPN_MSB, 120, 121, 123, 124, 125, 126, 127))
_FIRST_REALTIME = 0xF8
_COMMON_DATA_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF4: 0, 0xF5: 0, 0xF6: 0}  # of system common messages

Event = tuple[int, int, bytes]  # tick, status byte (META for meta events), the bytes after the status


@dataclass
class Track:
    """The content of one track chunk, in the order of the file.

    `ticks` and `messages` have one entry for each channel message: its tick, and status << 16 | data1 << 8 | data2.
    `metas` holds (tick, kind, body) of meta events, and of system exclusive messages as kind SYSEX.
    """

    ticks: array = field(default_factory=lambda: array("q"))
    messages: array = field(default_factory=lambda: array("I"))
    metas: list[tuple[int, int, bytes]] = field(default_factory=list)
    end: int = 0  # where reading stopped in the bytes
    has_end: bool = False  # an end-of-track event was found
    is_complete: bool = True  # False when the bytes stopped making sense, or ended within an event
    clipped: int = 0  # data bytes above 127
    left_out: int = 0  # messages whose pitch or program was above 127
    realtime: int = 0  # system messages that do not belong in a file

    @property
    def is_empty(self) -> bool:
        """Whether nothing in it matters to a piece."""
        return not self.messages and not self.metas

    @property
    def columns(self) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """Tick (int64), status, first and second data byte (int32) of each channel message."""
        messages = np.array(self.messages, dtype=np.uint32).astype(np.int32)
        return np.array(self.ticks, dtype=np.int64), messages >> 16, messages >> 8 & 0x7F, messages & 0x7F


class _DamagedError(Exception):
    """Raised for bytes that are no MIDI event."""


def read_track(data: bytes, limit_min: float) -> Track:
    """The events in `data`, the body of a track chunk, up to the end of the track or to the first invalid byte.

    A data byte with the value of a real-time message is first read as a value out of range; if the track is invalid
    that way, as a message that was recorded between the bytes of another.

    Raises MidiError (`too_long`, naming `limit_min`) when time runs past 31 bits.
    """
    track = _read(data, limit_min, skip_realtime=False)
    if not track.is_complete and track.clipped + track.left_out:
        other = _read(data, limit_min, skip_realtime=True)
        if other.is_complete:
            return other
    return track


def _read(data: bytes, limit_min: float, skip_realtime: bool) -> Track:
    track = Track()
    try:
        _scan(data, track, limit_min, skip_realtime)
    except (IndexError, _DamagedError):  # IndexError: an event goes on past the end
        track.is_complete = False
    return track


def _scan(data: bytes, track: Track, limit_min: float, skip_realtime: bool) -> None:  # noqa: C901, PLR0915 -- a loop over bytes
    at, stop, tick, status = 0, len(data), 0, 0
    add_tick, add_message = track.ticks.append, track.messages.append
    while at < stop:
        byte = data[at]
        at += 1
        if byte < 0x80:
            tick += byte
        else:
            delta, at = _number(data, at - 1)
            tick += delta
        if tick > LAST_TICK:
            raise refusal("too_long", limit_min=limit_min)
        byte = data[at]
        if byte >= 0xF0:
            at = _system_event(data, at, tick, track)
            track.end = at
            if track.has_end:
                return
            continue
        if byte >= 0x80:
            status = byte
            at += 1
        if not status:
            raise _DamagedError
        first = data[at]
        at += 1
        while skip_realtime and first >= _FIRST_REALTIME:
            track.realtime += 1
            first = data[at]
            at += 1
        second = 0
        if status & 0xE0 != PROGRAM:  # program change and channel pressure have one data byte
            second = data[at]
            at += 1
            while skip_realtime and second >= _FIRST_REALTIME:
                track.realtime += 1
                second = data[at]
                at += 1
        track.end = at
        if first | second > 127:
            if status < 0xA0 or status & 0xF0 == PROGRAM:
                if first > 127:
                    track.left_out += 1
                    continue
            elif status & 0xF0 == CONTROL and first > 127:
                track.left_out += 1
                continue
            track.clipped += 1
            first, second = min(first, 127), min(second, 127)
        if status < 0xA0 or status & 0xF0 in (PROGRAM, BEND) or (status & 0xF0 == CONTROL and first in _KEPT_CONTROLS):
            add_tick(tick)
            add_message(status << 16 | first << 8 | second)


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


def _system_event(data: bytes, at: int, tick: int, track: Track) -> int:
    """Read the meta event, system exclusive or stray system message at `at`, and return where it ends."""
    status, at = data[at], at + 1
    if status not in (META, SYSEX, ESCAPE):
        track.realtime += 1
        return at + _COMMON_DATA_BYTES.get(status, 0)
    kind = SYSEX
    if status == META:
        kind, at = data[at], at + 1
    length, at = _number(data, at)
    stop = at + length
    if stop > len(data):
        raise _DamagedError
    if kind == END and status == META:
        track.has_end = True
    elif status == SYSEX and length <= MOST_SYSEX_BYTES:
        track.metas.append((tick, SYSEX, data[at:stop]))
    elif status == META and kind in _KEPT_META and (kind > MARKER or len(track.metas) < MOST_TEXTS):
        track.metas.append((tick, kind, data[at : min(stop, at + MOST_TEXT_BYTES)]))
    return stop


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
