"""Bytes that are refused: each with its code and a sentence that says what to do."""

from __future__ import annotations

import struct

import pytest

from model.errors import MidiError
from model.midi import MidiLimits, read_midi
from model.midi.limits import SENTENCES
from tests.model.midi.midi_bytes import NOTE, chunk, file

DIVISION = slice(12, 14)  # where the header holds it


def with_division(raw: str) -> bytes:
    data = bytearray(file(NOTE))
    data[DIVISION] = bytes.fromhex(raw)
    return bytes(data)


# fmt: off
REFUSED = {
    "nothing at all": (b"", "empty", "The file is empty"),
    "text": (b"hello, this is no music", "not_midi", "This is not a MIDI file; send a standard MIDI file"),
    "an MP3": (b"ID3\x04" + bytes(100), "not_midi", "This is an MP3 recording"),
    "a WAV": (b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(30), "not_midi", "(WAV)"),
    "a compressed score": (b"PK\x03\x04" + bytes(100), "not_midi", "ZIP archive or a compressed score"),
    "a score in XML": (b"<?xml version='1.0'?><score-partwise/>", "not_midi", "MusicXML"),
    "a header cut short": (b"MThd\x00\x00\x00\x06\x00", "damaged", "it ends within its header"),
    "a header with an impossible length": (b"MThd\xff\xff\xff\xff" + bytes(20), "damaged", "impossible length"),
    "two sequences": (file(NOTE, NOTE, kind=2), "unsupported_format", "holds 2 separate sequences (format 2)"),
    "19 film frames": (with_division("ed 28"), "unsupported_timing", "19 film frames a second (SMPTE)"),
    "film frames without parts": (with_division("e7 00"), "unsupported_timing", "25 film frames a second (SMPTE)"),
    "division 0": (with_division("00 00"), "unsupported_timing", "0 ticks per quarter note"),
    "33 tracks": (file(*[NOTE] * 33), "too_many_tracks", "more than 32 instruments"),
    "33 channels and programs": (file(*[NOTE + "00 c0 05" + NOTE] * 17), "too_many_tracks", "more than 32 instruments"),
    "no track": (file(), "no_notes", "has no notes"),
    "a track without notes": (file("00 c0 05"), "no_notes", "has no notes"),
    "only releases": (file("00 90 3c 00  10 80 3c 40"), "no_notes", "has no notes"),
    # 40: a data byte where no status has been yet
    "running status from nowhere": (file("00 40 40" + NOTE), "damaged", "track 1 cannot be read"),
    # seven bytes of one variable-length number; four are allowed
    "an overlong number": (file("80 80 80 80 80 80 00 90 3c 40"), "damaged", "track 1 cannot be read"),
    # a text of 127 bytes of which three are there
    "a text longer than its track": (file(NOTE + "00 ff 01 7f 61 62 63"), "damaged", "track 1 cannot be read"),
    "an event that ends with its track": (file(chunk(NOTE + "00 90", end=b"")), "damaged", "track 1 cannot be read"),
    # the first event of the second track has no status
    "a damaged hand": (file(NOTE, "00 40 40" + NOTE, NOTE), "damaged", "track 2 cannot be read"),
    "a file cut short before its first note": (file(NOTE)[:24], "damaged", "ends before its first note"),
    # ff ff ff 7f: the longest delta, eight times over: past what 32 bits count
    "time without end": (file("ff ff ff 7f 90 3c 40" + "ff ff ff 7f 80 3c 00" * 8), "too_long", "30 minutes"),
    # 1,801 s at 480 ticks a quarter of 0.5 s: 1,728,960 ticks = e9 c3 40
    "a note of more than half an hour": (file("00 90 3c 40  e9 c3 40 80 3c 00"), "too_long", "longer than 30 minutes"),
}
# fmt: on


@pytest.mark.parametrize("name", REFUSED)
def test_bytes_are_refused_with_their_code_and_sentence(name: str) -> None:
    data, code, words = REFUSED[name]

    with pytest.raises(MidiError) as refused:
        read_midi(data)

    assert refused.value.code == code
    assert words in refused.value.sentence


@pytest.mark.parametrize(
    ("limits", "data", "code", "words"),
    [
        (MidiLimits(size_bytes=2048), file(NOTE) + bytes(4000), "too_big", "4 KiB, and the limit is 2 KiB"),
        (MidiLimits(notes=2), file(NOTE * 3), "too_many_notes", "more than 2 notes"),
        (MidiLimits(tracks=2), file(NOTE, NOTE, NOTE), "too_many_tracks", "more than 2 instruments"),
        (MidiLimits(tracks=1), file(NOTE + "00 c0 05" + NOTE), "too_many_tracks", "more than 1 instruments"),
        (MidiLimits(duration_s=0.4), file(NOTE), "too_long", "minutes"),
        (
            MidiLimits(map_changes=2),
            file("00 ff 51 03 07 a1 20  10 ff 51 03 08 a1 20  10 ff 51 03 09 a1 20" + NOTE),
            "too_many_changes",
            "changes its tempo more than 2 times",
        ),
        (
            MidiLimits(map_changes=1),
            file("00 b0 40 7f  10 40 00  10 40 7f", NOTE),
            "too_many_changes",
            "changes its pedal more than 1 times",
        ),
    ],
)
def test_every_limit_is_a_setting(limits: MidiLimits, data: bytes, code: str, words: str) -> None:
    with pytest.raises(MidiError) as refused:
        read_midi(data, limits)

    assert refused.value.code == code
    assert words in refused.value.sentence


def test_a_file_just_within_its_limits_is_read() -> None:
    data = file(NOTE * 3, NOTE)

    read = read_midi(data, MidiLimits(size_bytes=len(data), notes=4, tracks=2, duration_s=1.5))

    assert len(read.piece) == 4


def test_sizes_are_refused_before_anything_is_parsed() -> None:
    with pytest.raises(MidiError) as refused:
        read_midi(b"MThd" + bytes(1024 * 1024))

    assert refused.value.code == "too_big"


def test_a_million_notes_are_refused() -> None:
    # 3c 40 / 3c 00: strike and release of C4 under running status
    notes = (
        struct.pack(">4sI", b"MTrk", 4 + 6_000_000 + 4)
        + bytes.fromhex("00 90 3c 40")
        + bytes.fromhex("01 3c 00 00 3c 40") * 1_000_000
        + bytes.fromhex("00 ff 2f 00")
    )

    with pytest.raises(MidiError) as refused:
        read_midi(file(notes), MidiLimits.for_data())

    assert refused.value.code == "too_many_notes"


def test_every_sentence_says_what_to_do_in_one_sentence() -> None:
    for sentence in SENTENCES.values():
        assert sentence.endswith(".")
        assert any(word in sentence for word in ("send", "save", "export", "cut", "make"))
