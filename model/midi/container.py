"""The outside of a MIDI file: header and chunks, checked on the bytes before any event is looked at.

Used by `reading`. Knows nothing of events; mends what real files get wrong around them (wrappers, trailing bytes,
long headers, a last track cut short) and says so in `repairs`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from model.midi.limits import MidiLimits
from model.midi.refusals import refusal

HEADER, TRACK = b"MThd", b"MTrk"
SMALLEST_DIVISION = 24
MAC_BINARY_BYTES = 128  # old Macintosh files begin with a block of this size

# First bytes of what people attach by mistake.
OTHER_KINDS = (
    (b"ID3", "This is an MP3 recording, not a MIDI file"),
    (b"\xff\xfb", "This is an MP3 recording, not a MIDI file"),
    (b"OggS", "This is an Ogg recording, not a MIDI file"),
    (b"fLaC", "This is a FLAC recording, not a MIDI file"),
    (b"RIFF", "This is a recording (WAV) or another RIFF file, not a MIDI file"),
    (b"PK\x03\x04", "This is a ZIP archive or a compressed score, not a MIDI file"),
    (b"<?xml", "This is an XML file (perhaps MusicXML), not a MIDI file"),
    (b"\x89PNG", "This is a picture, not a MIDI file"),
    (b"%PDF", "This is a PDF, not a MIDI file"),
)


@dataclass
class Container:
    """The tracks of a file without their chunk headers; `cut_short` when the last one ends before it said."""

    format: int
    division: int
    tracks: list[bytes] = field(default_factory=list)
    cut_short: bool = False
    repairs: list[str] = field(default_factory=list)


def open_container(data: bytes, limits: MidiLimits) -> Container:
    """The checked container of `data`; raises MidiError when it is none or breaks a limit."""
    if not data:
        raise refusal("empty")
    if len(data) > limits.size_bytes:
        raise refusal("too_big", size_kib=-(-len(data) // 1024), limit_kib=limits.size_bytes // 1024)
    repairs: list[str] = []
    body = _without_wrapper(data, repairs)
    container, start = _read_header(body, limits)
    container.repairs = repairs
    _read_chunks(body, start, container, limits)
    return container


def _without_wrapper(data: bytes, repairs: list[str]) -> bytes:
    """`data` from its MIDI header on."""
    if data[:4] == HEADER:
        return data
    if data[:4] == b"RIFF" and data[8:12] == b"RMID" and (at := data.find(HEADER)) >= 0:
        repairs.append("The MIDI file was taken out of its RIFF wrapper.")
        return data[at:]
    if (at := data[: MAC_BINARY_BYTES + 4].find(HEADER)) > 0:
        repairs.append("Bytes before the MIDI header were ignored.")
        return data[at:]
    found = next((kind for start, kind in OTHER_KINDS if data.startswith(start)), "This is not a MIDI file")
    raise refusal("not_midi", found=found)


def _read_header(data: bytes, limits: MidiLimits) -> tuple[Container, int]:
    """The container without tracks, and where its first chunk starts."""
    if len(data) < 14:
        raise refusal("damaged", where="it ends within its header")
    length, kind, _, division = struct.unpack(">IHHH", data[4:14])  # the count of tracks is often wrong: not used
    if not 6 <= length <= len(data) - 8:
        raise refusal("damaged", where="its header has an impossible length")
    if kind not in limits.formats:
        raise refusal("unsupported_format", format=kind)
    if division & 0x8000:
        raise refusal("unsupported_timing", timing="film frames (SMPTE)")
    if division < SMALLEST_DIVISION:
        raise refusal("unsupported_timing", timing=f"{division} ticks per quarter note")
    return Container(kind, division), 8 + length


def _read_chunks(data: bytes, start: int, container: Container, limits: MidiLimits) -> None:
    while start + 8 <= len(data):
        name, length = data[start : start + 4], int.from_bytes(data[start + 4 : start + 8], "big")
        if name != TRACK and not name.isalnum():
            break
        start += 8
        if name == TRACK:
            container.tracks.append(data[start : start + length])
            container.cut_short = start + length > len(data)
        if len(container.tracks) > limits.tracks + 1:  # the first of format 1 may hold the tempo map and no notes
            raise refusal("too_many_tracks", limit=limits.tracks, things="tracks")
        start += length
    if TRACK in data[start:]:
        raise refusal("damaged", where="the length of a track is wrong")
    if start < len(data):
        container.repairs.append("Bytes after the last track were ignored.")
    if not container.tracks:
        raise refusal("no_notes")
