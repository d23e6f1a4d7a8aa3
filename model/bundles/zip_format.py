"""Bundles as zip archives: writing one for export, reading an untrusted one for import.

Nothing is unpacked to disk, and only files that belong to a bundle are accepted. `inspection` checks their contents.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from model.archives import Archive, ArchiveLimits
from model.bundles.bundle import CARD, CONFIG, HABITS, HISTORY, LARGEST_BYTES, MANIFEST, ORIGINALITY, PAGE, WEIGHTS
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
    HABITS: MIB // 16,
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
