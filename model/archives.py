"""Reads untrusted zip archives in memory. Nothing is unpacked to disk, and no stated size is trusted.

Used for data sets and bundles that members upload. It does not know what the files in an archive are.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from model.errors import ArchiveError
from model.midi.texts import TextDecoder

MIB = 1 << 20
END_OF_DIRECTORY, END_64 = b"PK\x05\x06", b"PK\x06\x07"
END_BYTES, LONGEST_COMMENT, END_64_BYTES = 22, 0xFFFF, 20
DIRECTORY, DIRECTORY_BYTES = b"PK\x01\x02", 46  # of one entry in the list, without its name
LOCAL_HEADER, LOCAL_HEADER_BYTES = b"PK\x03\x04", 30
UTF_8_FLAG = 0x800
ENTRY_BYTES = 46 + 1024  # of the directory for one entry: its fixed part, and room for name and extra fields
LONGEST_NAME, LONGEST_PART = 512, 255  # letters
SMALL_BYTES = MIB  # what unpacks to no more than this is harmless, however small it was
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # LZMA may ask for 4 GiB of memory by its header alone
UNREADABLE = (OSError, EOFError, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)
KINDS = (  # first bytes of what is an archive itself
    b"PK\x03\x04", b"PK\x05\x06", b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00",
    b"\x28\xb5\x2f\xfd",
)  # fmt: skip
SUFFIXES = (".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".lzma", ".jar", ".cab", ".iso")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class ArchiveLimits:
    """Upper bounds, all inclusive. `ratio` is of unpacked to packed bytes, of each entry and of all together."""

    archive_bytes: int = 64 * MIB
    entries: int = 5_000
    unpacked_bytes: int = 256 * MIB
    file_bytes: int = 8 * MIB
    ratio: int = 200


@dataclass(frozen=True)
class ArchiveEntry:
    """One file of an archive. `refused` says why it will not be read; it is '' for a good entry."""

    name: str  # as the archive has it, with / between folders
    refused: str
    _info: zipfile.ZipInfo

    @property
    def stated_bytes(self) -> int:
        """The size the archive states for it. No more than that is ever read."""
        return self._info.file_size


class Archive:
    """The files of one zip archive; folders are left out."""

    def __init__(self, data: bytes, limits: ArchiveLimits | None = None) -> None:
        """Read the directory of `data`; nothing is unpacked yet.

        Raises:
            ArchiveError: `data` is not a zip archive, is damaged, empty, malicious, or exceeds a limit.
        """
        self.limits = limits or ArchiveLimits()
        self._packed = len(data)
        self._unpacked = 0  # bytes so far
        check_directory(data, self.limits)
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(_with_plain_directory(data)))
            infos = self._zip.infolist()
        except UNREADABLE as error:
            raise ArchiveError("The archive is damaged: its list of files cannot be read. Pack it again.") from error
        _check_infos(infos, self._packed, self.limits)
        files = (info for info in infos if not info.filename.endswith("/"))
        self.entries = [ArchiveEntry(_name(info), _reason(info, self.limits), info) for info in files]
        if not self.entries:
            raise ArchiveError("The archive is empty.")

    def start(self, entry: ArchiveEntry, count: int = 16) -> bytes:
        """The first `count` bytes of `entry`, or fewer if it is shorter; b'' if it cannot be read."""
        try:
            with self._zip.open(entry._info) as file:
                return file.read(count)
        except UNREADABLE:
            return b""

    def read(self, entry: ArchiveEntry) -> bytes:
        """The bytes of `entry`.

        Raises:
            ArchiveError: it was refused, is damaged, or unpacks to more than it states or than a limit allows.
        """
        if entry.refused:
            raise ArchiveError(entry.refused)
        most = min(self.limits.file_bytes, self.limits.unpacked_bytes - self._unpacked)
        try:
            with self._zip.open(entry._info) as file:
                data = file.read(most + 1)
        except UNREADABLE as error:
            raise ArchiveError(_unreadable(error)) from error
        self._unpacked += len(data)
        if len(data) > most:
            raise ArchiveError("It is too large when unpacked; send it in parts.")
        if len(data) != entry._info.file_size:
            raise ArchiveError("It is damaged: it does not have the size that the archive says. Pack it again.")
        return data


def is_archive(data: bytes) -> bool:
    """Whether `data` starts like an archive or a compressed file."""
    return data.startswith(KINDS)


def check_directory(data: bytes, limits: ArchiveLimits) -> None:
    """Check the end of an archive before its directory is loaded into memory.

    Raises:
        ArchiveError: the directory is missing, misplaced or too long.
    """
    if len(data) > limits.archive_bytes:
        raise ArchiveError(
            f"The archive has {len(data) / MIB:,.1f} MiB; the limit is {limits.archive_bytes / MIB:,.0f} MiB. "
            "Send it in parts."
        )
    if not data.startswith((b"PK\x03\x04", END_OF_DIRECTORY)):
        kind = "another kind of archive" if is_archive(data) else "not an archive"
        raise ArchiveError(f"This is {kind}; send a zip archive.")
    start = data.rfind(END_OF_DIRECTORY, max(0, len(data) - END_BYTES - LONGEST_COMMENT))
    if start < 0 or start + END_BYTES > len(data):
        raise ArchiveError("The archive is cut short: its list of files is missing. Pack it again, and send it whole.")
    if data[max(0, start - END_64_BYTES) :].startswith(END_64):
        raise ArchiveError("This is a zip64 archive, which isn't supported; pack fewer files.")
    disk, first_disk, here, total, size, offset, comment = struct.unpack("<4H2LH", data[start + 4 : start + END_BYTES])
    if disk or first_disk or here != total:
        raise ArchiveError("The archive is one part of several; pack it as one.")
    if total > limits.entries or size > limits.entries * ENTRY_BYTES:
        raise ArchiveError(f"The archive has more than {limits.entries:,} entries; send it in parts.")
    if offset + size > start or start + END_BYTES + comment > len(data):
        raise ArchiveError("The archive is damaged: its list of files lies outside it. Pack it again.")
    _check_list(data, start - size, start, total)


def _with_plain_directory(data: bytes) -> bytes:
    """`data`, which `check_directory` has passed, with a directory that zipfile can read despite bad entries.

    Extra fields and comments are dropped, and the UTF-8 flag is cleared on names that are not UTF-8.
    """
    end = data.rfind(END_OF_DIRECTORY, max(0, len(data) - END_BYTES - LONGEST_COMMENT))
    total, size, offset = struct.unpack("<HLL", data[end + 10 : end + 20])
    at, files, directory = end - size, bytearray(data[: end - size]), bytearray()
    shift = end - size - offset  # of the places that the directory names
    for _ in range(total):
        head = bytearray(data[at : at + DIRECTORY_BYTES])
        name_bytes, extra_bytes, comment_bytes = struct.unpack("<3H", head[28:34])
        name = data[at + DIRECTORY_BYTES : at + DIRECTORY_BYTES + name_bytes]
        if not _is_utf_8(name):
            head[9] &= ~(UTF_8_FLAG >> 8) & 0xFF
            local = shift + int.from_bytes(head[42:46], "little")
            if files[local : local + 4] == LOCAL_HEADER:
                files[local + 7] &= ~(UTF_8_FLAG >> 8) & 0xFF
        head[30:34] = bytes(4)  # no extra field, no comment
        directory += head + name
        at += DIRECTORY_BYTES + name_bytes + extra_bytes + comment_bytes
    tail = bytearray(data[end : end + END_BYTES])
    tail[12:16], tail[20:22] = struct.pack("<L", len(directory)), bytes(2)
    return bytes(files + directory + tail)


def _is_utf_8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_list(data: bytes, start: int, end: int, total: int) -> None:
    """Refuse a directory whose length or number of entries is not what the archive states."""
    for _ in range(total):
        if data[start : start + 4] != DIRECTORY or start + DIRECTORY_BYTES > end:
            break
        start += DIRECTORY_BYTES + sum(struct.unpack("<3H", data[start + 28 : start + 34]))
    else:
        if start == end:
            return
    raise ArchiveError("The archive is damaged: its list of files cannot be read. Pack it again.")


def _check_infos(infos: Sequence[zipfile.ZipInfo], packed: int, limits: ArchiveLimits) -> None:
    """Refuse the whole archive if the stated sizes and offsets of its entries cannot be right."""
    if len(infos) > limits.entries:
        raise ArchiveError(f"The archive has more than {limits.entries:,} entries; send it in parts.")
    ends = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < ends:
            raise ArchiveError("The entries of the archive overlap, as in a zip bomb; pack it again.")
        ends = info.header_offset + LOCAL_HEADER_BYTES + len(info.orig_filename) + info.compress_size
    if ends > packed:
        raise ArchiveError("The archive is damaged: an entry reaches beyond its end. Pack it again.")
    unpacked = sum(info.file_size for info in infos)
    if unpacked > max(SMALL_BYTES, limits.ratio * packed):
        raise ArchiveError("The archive grows too much when unpacked, as a zip bomb does; pack the files again.")
    if unpacked > limits.unpacked_bytes:
        raise ArchiveError(
            f"The archive unpacks to more than {limits.unpacked_bytes / MIB:,.0f} MiB; send it in parts."
        )


def _name(info: zipfile.ZipInfo) -> str:
    """The entry's name with / between folders, decoded from whatever encoding it has."""
    name = info.orig_filename
    if not info.flag_bits & UTF_8_FLAG and not name.isascii():  # zipfile has decoded it as code page 437
        stored = name.encode("cp437")
        name = TextDecoder([stored])(stored, LONGEST_NAME + 1) or name
    return name.replace("\\", "/")


def _reason(info: zipfile.ZipInfo, limits: ArchiveLimits) -> str:
    """Why the entry is refused, judged by the directory; '' for a good entry."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        what = "a link" if kind == stat.S_IFLNK else "a device or a pipe"
        return f"It is {what}, not a file; pack the file itself."
    if sentence := _name_reason(_name(info)):
        return sentence
    if info.flag_bits & 0x1 or info.flag_bits & 0x2000:
        return "It is encrypted; pack it without a password."
    if info.compress_type not in COMPRESSIONS:
        return "It is compressed in a way that is not read; pack it as an ordinary zip."
    if info.file_size > limits.file_bytes:
        return f"It has more than {limits.file_bytes / MIB:,.0f} MiB; send a shorter piece."
    if info.file_size > max(SMALL_BYTES, limits.ratio * info.compress_size):
        return "It grows too much when unpacked, as a zip bomb does; send the file itself."
    return ""


def _name_reason(name: str) -> str:
    """What is wrong with a name. Nothing is written under it, but such an entry is malicious or badly packed."""
    if not name or "\0" in name or any(ord(letter) < 32 for letter in name):
        return "Its name holds signs that no name has; rename it and pack it again."
    parts = name.split("/")
    if name.startswith("/") or _DRIVE.match(name):
        return "Its name is a path from the root of a disk; pack the folder, not the disk."
    if ".." in parts:
        return "Its name leads out of the archive (..); pack the folder itself."
    if len(name) > LONGEST_NAME or any(len(part) > LONGEST_PART for part in parts):
        return "Its name is longer than a name can be; rename it and pack it again."
    return ""


def _unreadable(error: Exception) -> str:
    if isinstance(error, zipfile.BadZipFile) and "CRC" in str(error):
        return "It is damaged: its checksum is wrong. Pack it again."
    return "It is damaged and cannot be unpacked; pack it again."
