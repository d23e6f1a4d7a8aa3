"""Reads the arrays of an untrusted .npz without NumPy's reader: no pickle, no `eval`, no trust in stated sizes.

An .npz is a zip of .npy files. Each of those has a header line with type and shape, followed by the numbers. Only a
header in exactly the form in which NumPy writes plain arrays is accepted.
"""

from __future__ import annotations

import math
import re
import struct

import numpy as np
from numpy.typing import NDArray

from model.archives import Archive, ArchiveLimits
from model.errors import ArchiveError, BundleError

MOST_ARRAYS = 2_000
MOST_DIMENSIONS = 8
MAGIC = b"\x93NUMPY"
LONGEST_LINE = 1_000  # bytes
KINDS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
_LINE = re.compile(
    rb"\{'descr': '[<|=]([fiub][0-9]{1,2})', 'fortran_order': (False|True), 'shape': \(([0-9, ]{0,200})\), \} *\n"
)


def plain_arrays(data: bytes, file: str, most_bytes: int) -> dict[str, NDArray]:
    """The arrays in the .npz `data` by name, as views on its bytes.

    Args:
        data: content of the file.
        file: its name, for error messages.
        most_bytes: limit of the decompressed size.

    Raises:
        BundleError: something in it is not a plain array of finite numbers.
    """
    limits = ArchiveLimits(len(data), MOST_ARRAYS, most_bytes, most_bytes, 1_000)
    arrays: dict[str, NDArray] = {}
    try:
        archive = Archive(data, limits)
        for entry in archive.entries:
            name = entry.name.removesuffix(".npy")
            if name == entry.name or "/" in name or name in arrays:
                raise BundleError(f"{file} contains something other than arrays: export the model again.")
            arrays[name] = _array(archive.read(entry), f"{file} ({name[:40]})")
    except ArchiveError as error:
        raise BundleError(f"{file} can't be read. {error.sentence}") from error
    return arrays


def _array(data: bytes, place: str) -> NDArray:
    if not data.startswith(MAGIC) or data[6:8] not in (b"\x01\x00", b"\x02\x00"):
        raise BundleError(f"{place} is not a NumPy array: export the model again.")
    size, start = (2, 10) if data[6] == 1 else (4, 12)
    length = struct.unpack("<H" if size == 2 else "<I", data[8:start].ljust(size, b"\0"))[0]
    line = data[start : start + min(length, LONGEST_LINE)]
    if b"'descr': '|O'" in line or b"'O'" in line:
        raise BundleError(f"{place} contains Python objects, which could run code: nothing of it was read.")
    match = _LINE.fullmatch(line)
    if match is None or match[1].decode() not in KINDS:
        raise BundleError(f"{place} is not a plain array of numbers: export the model again.")
    shape = tuple(int(part) for part in match[3].replace(b" ", b"").split(b",") if part)
    dtype = np.dtype(f"<{match[1].decode()}")
    body = memoryview(data)[start + length :]
    if len(shape) > MOST_DIMENSIONS or math.prod(shape) * dtype.itemsize != len(body):
        raise BundleError(f"{place} has a different size than it states: export the model again.")
    array = np.frombuffer(body, dtype).reshape(shape, order="F" if match[2] == b"True" else "C")
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise BundleError(f"{place} contains NaN or infinite values: train the model again.")
    return array
