"""MIDI bytes by hand, for tests of files that no library would write."""

from __future__ import annotations

import struct

END = bytes.fromhex("00 ff 2f 00")


def chunk(events: str, end: bytes = END) -> bytes:
    """A track chunk; `events` in hex, spaces and newlines free, the end of track added."""
    body = bytes.fromhex(events) + end
    return b"MTrk" + struct.pack(">I", len(body)) + body


def file(*tracks: str | bytes, kind: int = 1, division: int = 480) -> bytes:
    """A file of hex or ready-made track chunks."""
    chunks = [chunk(track) if isinstance(track, str) else track for track in tracks]
    return struct.pack(">4sIHHH", b"MThd", 6, kind, len(chunks), division) + b"".join(chunks)


# A quarter note: C4 on channel 1, velocity 64, ended after 480 ticks (83 60 as a variable-length number).
NOTE = "00 90 3c 40  83 60 80 3c 00"
