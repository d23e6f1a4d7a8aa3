"""The outer structure of a MIDI file: header, timing and track chunks.

Used by `reading`. It repairs common faults (wrappers, bytes around the file, odd headers, wrong chunk lengths) and
lists them in `repairs`; it refuses a file rather than silently lose one of its tracks.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

from model.midi.events import Track, read_track
from model.midi.limits import MidiLimits, counted, refusal

HEADER, TRACK = b"MThd", b"MTrk"
HEADER_BYTES = 14
TAR_MAGIC, TAR_MAGIC_AT = b"ustar", 257
COARSEST_DIVISION = 24  # ticks per quarter note; ticks of a coarser file are divided
MOST_RESCANS = 32  # tracks with a wrong length that are read twice

# First bytes of what people attach by mistake.
OTHER_KINDS = (
    (b"ID3", "This is an MP3 recording, not a MIDI file"),
    (b"\xff\xfb", "This is an MP3 recording, not a MIDI file"),
    (b"OggS", "This is an Ogg recording, not a MIDI file"),
    (b"fLaC", "This is a FLAC recording, not a MIDI file"),
    (b"RIFF", "This is a recording (WAV) or another RIFF file, not a MIDI file"),
    (b"Rar!", "This is an archive, not a MIDI file"),
    (b"7z\xbc\xaf", "This is an archive, not a MIDI file"),
    (b"\x1f\x8b", "This is a compressed file, not a MIDI file"),
    (b"PK\x03\x04", "This is a ZIP archive or a compressed score, not a MIDI file"),
    (b"<?xml", "This is an XML file (perhaps MusicXML), not a MIDI file"),
    (b"\x89PNG", "This is a picture, not a MIDI file"),
    (b"%PDF", "This is a PDF, not a MIDI file"),
)


@dataclass(frozen=True)
class Timing:
    """The length of the file's tick: `factor` ticks of the piece, which has `division` ticks in a quarter note.

    `quarter_us` is the length of every quarter note if the file counts film frames; None if it has tempos.
    """

    division: int
    factor: int = 1
    quarter_us: int | None = None


@dataclass
class Container:
    """The timing and the tracks of a file; `cut_short` if it ends within its last track."""

    format: int
    timing: Timing
    tracks: list[Track] = field(default_factory=list)
    cut_short: bool = False
    repairs: list[str] = field(default_factory=list)


def is_midi(data: bytes) -> bool:
    """Whether `data` looks like a MIDI file: it has a MIDI header and is no other kind of file."""
    return HEADER in data and (data[:4] == HEADER or _is_wrapped(data) or _other_kind(data) is None)


def open_container(data: bytes, limits: MidiLimits) -> Container:
    """The checked container of `data`; raises MidiError if it is no MIDI file or exceeds a limit."""
    if not data:
        raise refusal("empty")
    if len(data) > limits.size_bytes:
        raise refusal("too_big", size_kib=-(-len(data) // 1024), limit_kib=limits.size_bytes // 1024)
    repairs: list[str] = []
    body = _without_wrapper(data, repairs)
    kind, division, stated_tracks, start = _read_header(body, repairs)
    container = Container(kind, _timing(division, repairs), repairs=repairs)
    _ChunkReader(body, container, limits).read(start)
    _check_count(container, kind, stated_tracks)
    return container


def _is_wrapped(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"RMID"


def _other_kind(data: bytes) -> str | None:
    if data[TAR_MAGIC_AT : TAR_MAGIC_AT + len(TAR_MAGIC)] == TAR_MAGIC:
        return "This is an archive (tar), not a MIDI file"
    return next((kind for start, kind in OTHER_KINDS if data.startswith(start)), None)


def _without_wrapper(data: bytes, repairs: list[str]) -> bytes:
    """`data` from its MIDI header on."""
    if data[:4] == HEADER:
        return data
    if not is_midi(data):
        raise refusal("not_midi", found=_other_kind(data) or "This is not a MIDI file")
    if _is_wrapped(data):
        repairs.append("The MIDI file was taken out of its RIFF wrapper.")
    else:
        repairs.append("Bytes before the MIDI header were ignored.")
    return data[data.find(HEADER) :]


def _read_header(data: bytes, repairs: list[str]) -> tuple[int, int, int, int]:
    """Format, division, stated number of tracks, and where the first chunk starts."""
    if len(data) < HEADER_BYTES:
        raise refusal("damaged", where="it ends within its header")
    length, kind, tracks, division = struct.unpack(">IHHH", data[4:HEADER_BYTES])
    start = 8 + length
    if length < 6 or not _starts_chunk(data, start):
        start = data.find(TRACK, HEADER_BYTES)
        if start < 0 and length != 6:
            raise refusal("damaged", where="its header has an impossible length")
        if start < 0:
            raise refusal("no_notes" if len(data) == HEADER_BYTES else "damaged", where="no track can be found in it")
        repairs.append("The header had a wrong length; the tracks were read all the same.")
    return kind, division, tracks, start


def _starts_chunk(data: bytes, start: int) -> bool:
    """Whether a chunk with a plausible name starts here, and ends within the data unless it is a track."""
    name = data[start : start + 4]
    if name == TRACK:
        return True
    stop = start + 8 + int.from_bytes(data[start + 4 : start + 8], "big")
    return len(name) == 4 and name.isalnum() and stop <= len(data)


def _timing(division: int, repairs: list[str]) -> Timing:
    """The timing that the header's `division` asks for, in ticks of at most a 24th of a quarter note."""
    quarter_us = None
    factor = 1
    if division & 0x8000:
        division, factor, quarter_us = _film_timing(256 - (division >> 8), division & 0xFF)
        repairs.append("The file counts film frames (SMPTE); it was read at 120 beats a minute.")
    if division == 0:
        raise refusal("unsupported_timing", timing="0 ticks per quarter note")
    finer = -(-COARSEST_DIVISION // division)
    return Timing(division * finer, factor * finer, quarter_us)


def _film_timing(frames: int, parts: int) -> tuple[int, int, int]:
    """Division, factor and length of a quarter note that keep `frames` a second of `parts` ticks each exactly."""
    if frames not in (24, 25, 29, 30) or parts == 0:
        raise refusal("unsupported_timing", timing=f"{frames} film frames a second (SMPTE)")
    nominal, quarter_us = (30, 500_500) if frames == 29 else (frames, 500_000)  # 29 stands for 29.97
    ticks = nominal * parts  # a second has two quarter notes
    return (ticks // 2, 1, quarter_us) if ticks % 2 == 0 else (ticks, 2, quarter_us)


def _check_count(container: Container, kind: int, stated: int) -> None:
    """Note oddities of the format and the number of tracks."""
    if not container.tracks:
        raise refusal("no_notes")
    found = len(container.tracks)
    if stated > found and kind <= 2:
        container.repairs.append(
            f"The header promises {counted(stated, 'track', 'tracks')}, and {found} "
            f"{'is' if found == 1 else 'are'} in the file."
        )
    if kind > 2:
        container.format = 0 if found == 1 else 1
        container.repairs.append(f"The header names an unknown format; the file was read as format {container.format}.")


class _ChunkReader:
    """Reads the tracks of a file. It uses stated lengths if they lead from one chunk to the next."""

    def __init__(self, data: bytes, container: Container, limits: MidiLimits) -> None:
        self._data, self._container = data, container
        self._limit_min = limits.duration_s / 60
        self._rescans = 0
        self._wrong_lengths = 0

    def read(self, start: int) -> None:
        """Read from the chunk at `start` on."""
        data = self._data
        while start + 8 <= len(data):
            stop = start + 8 + int.from_bytes(data[start + 4 : start + 8], "big")
            if data[start : start + 4] == TRACK:
                start = self._read_track(start, stop)
                continue
            following = data.find(TRACK, start)
            if _starts_chunk(data, start) and (following < 0 or stop <= following):
                start = stop
            elif following >= 0:
                self._wrong_lengths += 1
                start = following
            else:
                break
        if start < len(data):
            self._container.repairs.append("Bytes after the last track were ignored.")
        if self._wrong_lengths:
            self._container.repairs.append("The length of a track was wrong; the track was read to its end.")

    def _read_track(self, start: int, stated: int) -> int:
        """Keep the track at `start`, whose stated end is `stated`, and return where the next chunk should start."""
        data, body = self._data, start + 8
        following = data.find(TRACK, body)
        limit = len(data) if following < 0 else following
        track = self._track(body, stated) if stated <= limit else None
        if track and track.is_complete and (track.has_end or stated == limit or _starts_chunk(data, stated)):
            self._container.tracks.append(track)
            return stated
        longest = self._read_again(body, limit)
        if longest.is_complete:
            stop = limit if following >= 0 else body + longest.end
        elif limit < stated <= len(data) and (other := self._read_again(body, stated)).is_complete:
            longest, stop = other, stated  # the name of a chunk stands in one of its texts
        elif track and track.is_complete:
            longest, stop = track, stated
        elif following < 0 and stated > len(data):
            stop = len(data)
        else:
            raise refusal("damaged", where=f"track {len(self._container.tracks) + 1} cannot be read to its end")
        self._container.cut_short = following < 0 and stated > len(data) and not longest.has_end
        self._wrong_lengths += stop != stated and not self._container.cut_short
        self._container.tracks.append(longest)
        return stop

    def _track(self, body: int, stop: int) -> Track:
        return read_track(self._data[body:stop], self._limit_min)

    def _read_again(self, body: int, stop: int) -> Track:
        """The track at `body` with another end than the stated one."""
        self._rescans += 1
        if self._rescans > MOST_RESCANS:
            raise refusal("damaged", where="the lengths of its tracks are wrong")
        return self._track(body, stop)
