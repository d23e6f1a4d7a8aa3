"""A piece to the bytes of a standard MIDI file, format 1; the same piece gives the same bytes.

One track with the title and the maps, then one for each instrument. Bytes are made here, not by symusic, which leaves
out the pedal and the title and lets instruments of different programs share a channel.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from numpy.typing import NDArray

from model.errors import MidiError
from model.midi.repairs import cut_overlaps, joined_pedals
from model.piece import Instrument, Piece

DRUM_CHANNEL = 9
PITCHED_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)
SUSTAIN = 64
LONGEST_DELTA = 0x0FFF_FFFF
LARGEST_TEMPO = 0xFF_FFFF
META_TEXT, META_NAME, META_END, META_TEMPO, META_METER = 0x01, 0x03, 0x2F, 0x51, 0x58

# What happens first within one tick: a pedal pressed as a key is released still holds that note.
MAPS, PEDAL_UP, PEDAL_DOWN, NOTE_OFF, NOTE_ON = range(5)

Event = tuple[int, int, bytes]  # tick, place within the tick, the event without its delta


def write_midi(piece: Piece, comment: str = "") -> bytes:
    """The bytes of `piece`; `comment` is kept in a text event at the start (see `read_comment`).

    Overlapping notes of one pitch and instrument are cut at the next onset. Raises MidiError (`too_long`) when a
    silence is longer than a MIDI file can say, ValueError for a division outside 1..32767.
    """
    if not 1 <= piece.ticks_per_quarter <= 0x7FFF:
        raise ValueError(f"ticks_per_quarter is {piece.ticks_per_quarter}, not within 1..32767")
    channels, switching = assign_channels(piece.instruments)
    notes, pedals = cut_overlaps(piece.notes)[0], joined_pedals(piece.pedals)
    tracks = [_conductor(piece, comment)]
    for index, instrument in enumerate(piece.instruments):
        mine, held = notes[notes["instrument"] == index], pedals[pedals["instrument"] == index]
        tracks.append(_voice(instrument, mine, held, channels[index], channels[index] in switching))
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(tracks), piece.ticks_per_quarter)
    return header + b"".join(_chunk(events) for events in tracks)


def assign_channels(instruments: tuple[Instrument, ...]) -> tuple[list[int], frozenset[int]]:
    """A channel (0..15) for each instrument, and the channels on which instruments of different programs meet.

    Up to 15 pitched instruments have a channel each; beyond, instruments of one program share a channel first.
    """
    pitched = [index for index, instrument in enumerate(instruments) if not instrument.is_drum]
    programs = list(dict.fromkeys(instruments[index].program for index in pitched))
    alone = len(pitched) <= len(PITCHED_CHANNELS)
    channels = [DRUM_CHANNEL] * len(instruments)
    for place, index in enumerate(pitched):
        slot = place if alone else programs.index(instruments[index].program)
        channels[index] = PITCHED_CHANNELS[slot % len(PITCHED_CHANNELS)]
    heard: dict[int, set[int]] = {}
    for channel, instrument in zip(channels, instruments, strict=True):
        heard.setdefault(channel, set()).add(instrument.program)
    return channels, frozenset(channel for channel, kinds in heard.items() if len(kinds) > 1)


def _conductor(piece: Piece, comment: str) -> list[Event]:
    events = [(0, MAPS, meta(META_NAME, piece.title.encode()))] if piece.title else []
    if comment:
        events.append((0, MAPS, meta(META_TEXT, comment.encode())))
    for tick, quarter_us in piece.tempos.tolist():
        events.append((tick, MAPS, meta(META_TEMPO, min(max(quarter_us, 1), LARGEST_TEMPO).to_bytes(3, "big"))))
    for tick, numerator, denominator in piece.meters.tolist():
        power = max(denominator, 1).bit_length() - 1
        events.append((tick, MAPS, meta(META_METER, bytes([numerator, power, 24, 8]))))
    return events


def _voice(instrument: Instrument, notes: NDArray, pedals: NDArray, channel: int, switching: bool) -> list[Event]:
    """One instrument's events; on a `switching` channel every note says its program, for others speak there too."""
    program = bytes([0xC0 | channel, instrument.program])
    events = [(0, MAPS, meta(META_NAME, instrument.name.encode()))] if instrument.name else []
    events.append((0, MAPS, program))
    on, off, control = 0x90 | channel, 0x80 | channel, 0xB0 | channel
    for onset, duration, pitch, velocity, _ in notes.tolist():
        events.append((onset, NOTE_ON, (program if switching else b"") + bytes([on, pitch, velocity])))
        events.append((onset + duration, NOTE_OFF, bytes([off, pitch, 0])))
    for onset, duration, _ in pedals.tolist():
        events.append((onset, PEDAL_DOWN, bytes([control, SUSTAIN, 127])))
        events.append((onset + duration, PEDAL_UP, bytes([control, SUSTAIN, 0])))
    return events


def meta(kind: int, payload: bytes) -> bytes:
    """A meta event without its delta."""
    return bytes([0xFF, kind]) + variable_length(len(payload)) + payload


def variable_length(number: int) -> bytes:
    """`number` in groups of seven bits, most significant first; raises MidiError beyond 28 bits."""
    if not 0 <= number <= LONGEST_DELTA:
        raise MidiError("The piece has a silence too long for a MIDI file; make it shorter.", "too_long")
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _chunk(events: Iterable[Event]) -> bytes:
    body, now = bytearray(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        body += variable_length(tick - now)
        body += message
        now = tick
    body += b"\x00" + meta(META_END, b"")
    return struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)
