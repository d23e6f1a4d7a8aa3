"""Zip archives by hand, for tests of those that no packer would make: every field of every header can lie."""

from __future__ import annotations

import bz2
import io
import lzma
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass, field


@dataclass
class Part:
    """One entry. What is None is as it should be; anything else is what the headers say."""

    name: bytes
    data: bytes = b""
    method: int = zipfile.ZIP_STORED
    flags: int = 0
    mode: int = 0  # of the file, as Unix has it
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    offset: int | None = None
    local: bytes | None = None  # the local header's name
    body: bytes | None = None  # what stands where the packed bytes should

    def squeezed(self) -> bytes:
        if self.body is not None:
            return self.body
        if self.method == zipfile.ZIP_DEFLATED:
            squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
            return squeeze.compress(self.data) + squeeze.flush()
        packers = {zipfile.ZIP_BZIP2: bz2.compress, zipfile.ZIP_LZMA: lzma.compress}
        return packers.get(self.method, bytes)(self.data)


@dataclass
class Lies:
    """What the end of the archive says, where it is not the truth."""

    disk: int = 0
    here: int | None = None
    total: int | None = None
    size: int | None = None
    offset: int | None = None
    comment: int = 0
    before_end: bytes = field(default=b"")


def archive(*parts: Part, lies: Lies | None = None) -> bytes:
    """The bytes of an archive of `parts`."""
    lies = lies or Lies()
    body, directory = io.BytesIO(), io.BytesIO()
    for part in parts:
        squeezed = part.squeezed()
        crc = zlib.crc32(part.data) if part.crc is None else part.crc
        sizes = (
            crc,
            len(squeezed) if part.packed is None else part.packed,
            len(part.data) if part.size is None else part.size,
        )
        offset = body.tell() if part.offset is None else part.offset
        local = part.name if part.local is None else part.local
        head = (20, part.flags, part.method, 0, 33, *sizes)
        body.write(struct.pack("<4s5H3L2H", b"PK\x03\x04", *head, len(local), 0) + local + squeezed)
        ends = (len(part.name), 0, 0, 0, 0, part.mode << 16, offset)
        directory.write(struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 0x0314, *head, *ends) + part.name)
    listed = directory.getvalue()
    end = struct.pack(
        "<4s4H2LH",
        b"PK\x05\x06",
        lies.disk,
        lies.disk,
        len(parts) if lies.here is None else lies.here,
        len(parts) if lies.total is None else lies.total,
        len(listed) if lies.size is None else lies.size,
        body.tell() if lies.offset is None else lies.offset,
        lies.comment,
    )
    return body.getvalue() + listed + lies.before_end + end


def link(name: bytes, target: bytes) -> Part:
    return Part(name, target, mode=stat.S_IFLNK | 0o777)


def plain(**files: bytes) -> bytes:
    """An honest archive."""
    return archive(*(Part(name.encode(), data, zipfile.ZIP_DEFLATED) for name, data in files.items()))
