"""Bundles as zip archives: writes one for export, reads an untrusted one and its .npz files for import.

Nothing is unpacked to disk, and only files that belong to a bundle are accepted; `inspection` checks their contents. An
.npz is a zip of .npy files, each a header line with type and shape and then the numbers. NumPy's reader evaluates that
header and trusts its sizes, so arrays are read here: no pickle, no `eval`, and only headers in exactly the form that
NumPy writes for plain arrays.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from model.archives import Archive, ArchiveLimits
from model.bundles.bundle import CARD, CONFIG, HISTORY, LARGEST_BYTES, MANIFEST, ORIGINALITY, PAGE, PRIORS, WEIGHTS
from model.errors import ArchiveError, BundleError

MIB = 1 << 20
REPLAY_SAMPLE = "rehearsal.npz"  # optional
NEEDED = (MANIFEST, WEIGHTS, CONFIG, CARD, HISTORY)
LARGEST = {  # size limit of each file in bytes
    MANIFEST: MIB // 16,
    WEIGHTS: LARGEST_BYTES,
    CONFIG: 2 * MIB,
    CARD: MIB // 16,
    HISTORY: 2 * MIB,
    PAGE: MIB // 16,
    ORIGINALITY: 8 * MIB,
    PRIORS: MIB // 16,
    REPLAY_SAMPLE: 64 * MIB,
}
LIMITS = ArchiveLimits(LARGEST_BYTES + MIB, 32, LARGEST_BYTES, LARGEST_BYTES, 1_000)
WRITTEN = (1980, 1, 1, 0, 0, 0)  # timestamp of every entry, so that the same version gives the same bytes
KERAS = ("model.weights.h5", "metadata.json", "keras_metadata.pb", "saved_model.pb")
PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".bin", ".joblib", ".npy")
OTHER_KINDS = (
    (b"\x89HDF", "This is a Keras model (.h5)"),
    (b"\x80\x02", "This is a pickle, which could run code"),
    (b"\x80\x03", "This is a pickle, which could run code"),
    (b"\x80\x04", "This is a pickle, which could run code"),
    (b"\x80\x05", "This is a pickle, which could run code"),
    (b"\x93NUMPY", "This is a single array"),
    (b"MThd", "This is a MIDI file"),
    (b"\x1f\x8b", "This is a gzip archive"),
    (b"Rar!", "This is a RAR archive"),
    (b"7z\xbc\xaf", "This is a 7z archive"),
)
EXPORTED = "only zip files made by Cadenza's model export can be imported"
MOST_ARRAYS = 2_000
MOST_DIMENSIONS = 8
MAGIC = b"\x93NUMPY"
LONGEST_LINE = 1_000  # bytes
KINDS = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"}
_LINE = re.compile(
    rb"\{'descr': '[<|=]([fiub][0-9]{1,2})', 'fortran_order': (False|True), 'shape': \(([0-9, ]{0,200})\), \} *\n"
)


def write_zip(files: Mapping[str, bytes]) -> bytes:
    """The files of a bundle as an uncompressed zip: weights hardly compress, and the bytes are the same everywhere."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files, key=lambda name: (name != MANIFEST, name)):
            entry = zipfile.ZipInfo(name, WRITTEN)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name])
    return buffer.getvalue()


def read_zip(data: bytes) -> dict[str, bytes]:
    """The files in an untrusted zip, if their names are those of a bundle.

    Raises:
        BundleError: it is not a zip, malicious, or contains something else.
    """
    kind = next((kind for start, kind in OTHER_KINDS if data.startswith(start)), None)
    if kind:
        raise BundleError(f"{kind}; {EXPORTED}.")
    try:
        archive = Archive(data, LIMITS)
    except ArchiveError as error:
        raise BundleError(f"This can't be imported. {error.sentence}") from error
    _check_names(archive)
    files: dict[str, bytes] = {}
    for entry in archive.entries:
        try:
            files[entry.name] = archive.read(entry)
        except ArchiveError as error:
            raise BundleError(f"This can't be imported because of {entry.name}. {error.sentence}") from error
    return files


def _check_names(archive: Archive) -> None:
    """Reject archives with other files than those of a bundle, before anything is decompressed."""
    names = [entry.name for entry in archive.entries]
    if any(name.rsplit("/", 1)[-1] in KERAS or name.endswith((".keras", ".h5")) for name in names):
        raise BundleError(f"This is a Keras model, not a Cadenza model; {EXPORTED}.")
    if pickled := next((name for name in names if name.endswith(PICKLES)), None):
        raise BundleError(f"This contains {_shown(pickled)}, which could run code when it is read; {EXPORTED}.")
    for entry in archive.entries:
        if entry.refused:
            raise BundleError(f"This can't be imported because of {_shown(entry.name)}. {entry.refused}")
        if entry.name not in LARGEST:
            raise BundleError(f"This contains {_shown(entry.name)}, which does not belong to a model; {EXPORTED}.")
        if entry.stated_bytes > LARGEST[entry.name]:
            raise BundleError(f"{entry.name} is larger than {LARGEST[entry.name] / MIB:g} MiB.")
    if len(set(names)) < len(names):
        raise BundleError("This contains the same file twice; export the model again.")
    if missing := [name for name in NEEDED if name not in names]:
        raise BundleError(f"This is not a complete model: {missing[0]} is missing. {EXPORTED.capitalize()}.")


def _shown(name: str) -> str:
    """An untrusted file name, quoted for a sentence."""
    return "'" + "".join(letter if letter.isprintable() else "?" for letter in name[-60:]) + "'"


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
