"""Archives that mean harm or are broken, each with a name and the sentence it must be refused with."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from functools import cache

from tests.model.midi.midi_bytes import NOTE, file
from tests.model.uploads.tunes import tune
from tests.model.uploads.zips import Lies, Part, archive, link, plain

MIB = 1 << 20
GOOD = tune(1)
DEFLATED = zipfile.ZIP_DEFLATED
NOISE = random.Random(1).randbytes


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        entry = tarfile.TarInfo("a.mid")
        entry.size = len(GOOD)
        tar.addfile(entry, io.BytesIO(GOOD))
    return buffer.getvalue()


def _one(**fields: object) -> bytes:
    return archive(Part(**{"name": b"a.mid", "data": GOOD, **fields}))


def _lying(**lies: object) -> bytes:
    return archive(Part(b"a.mid", GOOD), lies=Lies(**lies))


@cache
def _files(count: int, data: bytes, **fields: object) -> bytes:
    return archive(*(Part(b"%d.mid" % number, data, **fields) for number in range(count)))


def _named(name: bytes) -> bytes:
    return archive(Part(name, GOOD))


@cache
def _holding(name: bytes, data: bytes, method: int = DEFLATED) -> bytes:
    return archive(Part(name, data, method))


def _at_same_place() -> bytes:
    return archive(*(Part(b"%d.mid" % number, GOOD, offset=0) for number in range(50)))


def _spanning() -> bytes:
    """The first entry's bytes hold all the others."""
    return archive(Part(b"a.mid", GOOD, packed=len(GOOD) + 500), *(Part(b"%d.mid" % n, GOOD) for n in range(5)))


def _with_wrong_directory() -> bytes:
    return plain(**{"a.mid": GOOD}).replace(b"PK\x01\x02", b"PK\x09\x09")


def _with_wrong_name_length() -> bytes:
    data = bytearray(plain(**{"a.mid": GOOD}))
    start = data.index(b"PK\x01\x02")
    data[start + 28 : start + 30] = struct.pack("<H", 60_000)
    return bytes(data)


def _tracks(count: int) -> bytes:
    return file(*([NOTE] * count))


LONG_NOTE = " ".join(f"00 90 {40 + n % 40:02x} 40 83 60 80 {40 + n % 40:02x} 00" for n in range(20))
FAR_NOTE = LONG_NOTE + " ff ff ff 7f 90 3c 40 83 60 80 3c 00"
ZIP = plain(**{"a.mid": GOOD})

# The archive as a whole
WHOLE: dict[str, tuple[Callable[[], bytes], str]] = {
    "nothing": (lambda: b"", "not an archive"),
    "a text": (lambda: b"Dear reader, " * 20, "not an archive"),
    "a web page": (lambda: b"<!DOCTYPE html><html></html>", "not an archive"),
    "its first bytes alone": (lambda: ZIP[:4], "cut short"),
    "its first half": (lambda: ZIP[: len(ZIP) // 2], "cut short"),
    "all but its last byte": (lambda: ZIP[:-1], "cut short"),
    "zeros after its start": (lambda: ZIP[:30] + bytes(100_000), "cut short"),
    "a part of several": (lambda: _lying(disk=3), "one part of several"),
    "other counts": (lambda: _lying(here=1, total=2), "one part of several"),
    "the enormous kind": (lambda: _lying(before_end=b"PK\x06\x07" + bytes(16)), "zip64"),
    "entries that are said to be many": (
        lambda: _lying(here=65_000, total=65_000), "more than 5,000 entries"
    ),
    "entries that are many": (lambda: archive(*(Part(b"%d" % n) for n in range(5_001))), "more than 5,000 entries"),
    "more entries than it says": (
        lambda: archive(*(Part(b"%d" % n) for n in range(5_001)), lies=Lies(here=1, total=1)), "cannot be read"
    ),
    "fewer entries than it says": (
        lambda: _lying(here=2, total=2), "list of files cannot be read"
    ),
    "a list that is said to be long": (
        lambda: _lying(size=1 << 31), "more than 5,000 entries"
    ),
    "a list beyond its end": (lambda: _lying(offset=1 << 30), "lies outside"),
    "a list of the wrong size": (lambda: _lying(size=1 << 20), "lies outside"),
    "a comment beyond its end": (lambda: _lying(comment=900), "lies outside"),
    "a list that is none": (_with_wrong_directory, "list of files cannot be read"),
    "a name longer than the list": (_with_wrong_name_length, "list of files cannot be read"),
    "entries at one place": (_at_same_place, "overlap"),
    "an entry over the others": (_spanning, "overlap"),
    "an entry beyond its end": (lambda: _one(packed=1 << 20), "beyond its end"),
    "100 MiB of zeros": (lambda: _holding(b"a.mid", bytes(100 * MIB)), "as a zip bomb does"),
    "zeros in forty files": (lambda: _files(40, bytes(3 * MIB), method=DEFLATED), "as a zip bomb does"),
    "a size of 4 GiB": (lambda: _one(size=(1 << 32) - 2), "as a zip bomb does"),
    "more than may be unpacked": (lambda: _files(30, NOISE(60_000), size=10 * MIB), "more than 256 MiB"),
    "more than 64 MiB": (lambda: _holding(b"a.mid", bytes(64 * MIB), zipfile.ZIP_STORED), "the limit is 64 MiB"),
    "rar": (lambda: b"Rar!\x1a\x07\x01\x00" + NOISE(500), "another kind of archive"),
    "7z": (lambda: b"7z\xbc\xaf\x27\x1c" + NOISE(500), "another kind of archive"),
    "gzip": (lambda: gzip.compress(GOOD), "another kind of archive"),
    "bzip2": (lambda: bz2.compress(GOOD), "another kind of archive"),
    "xz": (lambda: lzma.compress(GOOD), "another kind of archive"),
    "zstandard": (lambda: b"\x28\xb5\x2f\xfd" + NOISE(500), "another kind of archive"),
    "tar": (_tar, "not an archive"),
    "a program before it": (lambda: b"MZ" + bytes(500) + ZIP, "not an archive"),
}  # fmt: skip

# One entry of an archive
ENTRY: dict[str, tuple[Callable[[], bytes], str]] = {
    "up one folder": (lambda: _named(b"../a.mid"), "leads out of the archive"),
    "up many folders": (lambda: _named(b"../" * 30 + b"etc/cron.d/a.mid"), "leads out of the archive"),
    "down and up": (lambda: _named(b"a/b/../../../a.mid"), "leads out of the archive"),
    "up with backslashes": (lambda: _named(b"..\\..\\a.mid"), "leads out of the archive"),
    "up with both": (lambda: _named(b"a\\../../a.mid"), "leads out of the archive"),
    "from the root": (lambda: _named(b"/etc/a.mid"), "path from the root"),
    "from the root, twice": (lambda: _named(b"//a.mid"), "path from the root"),
    "on a network": (lambda: _named(b"\\\\server\\share\\a.mid"), "path from the root"),
    "on a drive": (lambda: _named(b"C:\\a.mid"), "path from the root"),
    "on a drive, with a slash": (lambda: _named(b"c:/a.mid"), "path from the root"),
    "beside a drive's folder": (lambda: _named(b"c:a.mid"), "path from the root"),
    "a zero in its name": (lambda: _named(b"a.mid\x00.exe"), "signs that no name has"),
    "a line in its name": (lambda: _named(b"a\nb.mid"), "signs that no name has"),
    "an escape in its name": (lambda: _named(b"\x1b[2Ja.mid"), "signs that no name has"),
    "no name": (lambda: _named(b""), "signs that no name has"),
    "a long name": (lambda: _named(b"a" * 300 + b".mid"), "longer than a name can be"),
    "a long path": (lambda: _named(b"ab/" * 300 + b"a.mid"), "longer than a name can be"),
    "a name of 60,000": (lambda: _named(b"a" * 60_000), "longer than a name can be"),
    "a link": (lambda: archive(link(b"a.mid", b"/etc/passwd")), "a link"),
    "a link to a folder": (lambda: archive(link(b"up", b"/"), Part(b"up/a.mid", b"x")), "a link|not a MIDI file"),
    "a pipe": (lambda: _one(mode=stat.S_IFIFO | 0o666), "a device or a pipe"),
    "a device": (lambda: _one(mode=stat.S_IFBLK | 0o666), "a device or a pipe"),
    "a terminal": (lambda: _one(mode=stat.S_IFCHR | 0o666), "a device or a pipe"),
    "a password": (lambda: _one(flags=1), "encrypted"),
    "a hidden header": (lambda: _one(flags=0x2000), "encrypted"),
    "strong encryption": (lambda: _one(flags=0x41), "encrypted"),
    "bzip2": (lambda: _one(method=zipfile.ZIP_BZIP2), "compressed in a way"),
    "lzma": (lambda: _one(method=zipfile.ZIP_LZMA), "compressed in a way"),
    "aes": (lambda: _one(method=99), "compressed in a way"),
    "deflate64": (lambda: _one(method=9), "compressed in a way"),
    "another checksum": (lambda: _one(crc=1), "checksum is wrong"),
    "another checksum, packed": (lambda: _one(crc=1, method=DEFLATED), "checksum is wrong"),
    "noise for packed bytes": (lambda: _one(method=DEFLATED, body=b"\xff" * 200), "damaged and cannot be unpacked"),
    "half its packed bytes": (lambda: _one(method=DEFLATED, body=Part(b"", GOOD, DEFLATED).squeezed()[:50]), "damaged"),
    "a size too small": (lambda: _one(method=DEFLATED, size=20), "checksum is wrong"),
    "a size too large": (lambda: _one(method=DEFLATED, size=len(GOOD) + 99), "does not have the size"),
    "bombs of a small size": (lambda: _holding_lying(), "checksum is wrong"),
    "a name that is no UTF-8": (lambda: archive(Part(b"\xe9t\xe9.txt", b"x", flags=0x800)), "not a MIDI"),
    "a place without a file": (lambda: _one(offset=7), "damaged and cannot be unpacked|beyond its end"),
    "another name inside": (lambda: _one(local=b"b.mid"), "damaged and cannot be unpacked"),
    "three MiB of zeros": (lambda: _holding(b"a.mid", bytes(3 * MIB)), "as a zip bomb does"),
    "five MiB of noise": (lambda: _holding(b"a.mid", NOISE(5 * MIB)), "more than 4 MiB"),
    "a zip": (lambda: _holding(b"b.zip", ZIP), "archive inside an archive"),
    "a zip called MIDI": (lambda: _holding(b"b.mid", ZIP), "archive inside an archive"),
    "a gzip": (lambda: _holding(b"b.mid.gz", gzip.compress(GOOD)), "archive inside an archive"),
    "a rar": (lambda: _holding(b"b.rar", b"Rar!\x1a\x07\x01\x00"), "archive inside an archive"),
    "a 7z called MIDI": (lambda: _holding(b"b.midi", b"7z\xbc\xaf\x27\x1c" + NOISE(99)), "archive inside an archive"),
    "a tar": (lambda: _holding(b"b.tar", _tar()), "archive inside an archive"),
    "a text": (lambda: _holding(b"readme.txt", b"Thank you for the music."), "not a MIDI file"),
    "a program": (lambda: _holding(b"setup.exe", b"MZ" + NOISE(500)), "not a MIDI file"),
    "a script": (lambda: _holding(b"a.mid.py", b"import os"), "not a MIDI file"),
    "a picture called MIDI": (lambda: _holding(b"a.mid", b"\x89PNG\r\n\x1a\n" + NOISE(99)), "a picture, not a MIDI"),
    "a recording called MIDI": (lambda: _holding(b"a.mid", b"ID3" + NOISE(99)), "an MP3 recording, not a MIDI"),
    "a PDF called MIDI": (lambda: _holding(b"a.mid", b"%PDF-1.7" + NOISE(99)), "a PDF, not a MIDI"),
    "an empty file": (lambda: _holding(b"a.mid", b"", zipfile.ZIP_STORED), "is empty"),
    "half a header": (lambda: _holding(b"a.mid", GOOD[:12]), "MIDI file is damaged"),
    "film frames": (lambda: _holding(b"a.mid", file(LONG_NOTE, division=0xED28)), "film frames"),
    "format 2": (lambda: _holding(b"a.mid", file(LONG_NOTE, LONG_NOTE, kind=2)), "format 2"),
    "many tracks": (lambda: _holding(b"a.mid", _tracks(70)), "more than 64 instruments"),
    "two notes": (lambda: _holding(b"a.mid", file(NOTE)), "fewer than 16 notes"),
    "no notes": (lambda: _holding(b"a.mid", file("00 ff 51 03 07 a1 20")), "has no notes"),
    "a note next month": (lambda: _holding(b"a.mid", file(FAR_NOTE)), "longer than 120 minutes"),
    "events that are none": (lambda: _holding(b"a.mid", file(LONG_NOTE + " 00 f1", LONG_NOTE)), "file is damaged"),
}  # fmt: skip


def _holding_lying() -> bytes:
    """4 GiB are not there, but 30 MiB are, where 100 bytes are said to be."""
    return archive(Part(b"a.mid", bytes(30 * MIB), DEFLATED, size=100))
