"""Downloads of published files, and the folders of corpora made from them, kept in a cache between runs.

Anything in the cache may be deleted. An interrupted download is resumed, and a file with another checksum is refused. A
folder counts as complete once it has its marker file, which is written last.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from tqdm import tqdm

import model
from model.errors import DataError
from model.files import CACHE_SETTING

ATTEMPTS = 4
PAUSE_S = 1.0  # before the second attempt; twice as long before each further one
SILENCE_S = 30.0  # without a byte, after which an attempt is given up
BLOCK = 1 << 16  # bytes read at once
USER_AGENT = "cadenza"
SEAL = "made"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file atomically, making its folder.

    Raises:
        DataError: when it cannot be written.
    """
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(data)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise DataError(
            f"{path} cannot be written ({error.strerror}): make room, or name another cache with --cache or "
            f"{CACHE_SETTING}."
        ) from error


def fetch(address: str, target: Path, sha256: str | None = None, largest: int = 1 << 30) -> Path:
    """Download `address` to `target`, unless it is there already.

    Args:
        address: http or https.
        target: path of the complete file; its folder is made.
        sha256: the published checksum, in hexadecimal; None if none is published.
        largest: most bytes of a file.

    Raises:
        DataError: it cannot be downloaded, is too large, or has another checksum.
    """
    if target.exists():
        check(target, sha256)
        return target
    partial = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _transfer(address, partial, largest)
    except OSError as error:
        raise DataError(
            f"{target} cannot be written ({error.strerror}): make room, or name another --cache."
        ) from error
    try:
        check(partial, sha256)
    except DataError:
        partial.unlink(missing_ok=True)  # going on from its end would never mend it
        raise
    partial.replace(target)
    return target


def check(path: Path, sha256: str | None) -> None:
    """Compare a file with its published checksum.

    Raises:
        DataError: the checksum differs, or the file cannot be read.
    """
    if sha256 is None:
        return
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from error
    if found != sha256:
        raise DataError(
            f"{path.name.removesuffix('.part')} is not the published file: its SHA-256 is {found}, it should be "
            f"{sha256}. Delete it and fetch it again; a part of the data set can be used with --from."
        )


def _transfer(address: str, partial: Path, largest: int) -> None:
    """Download `address` into `partial`, and resume after an interruption."""
    trouble = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            sys.stderr.write(f"The transfer broke off ({trouble}); going on from where it stood.\n")
            time.sleep(PAUSE_S * 2 ** (attempt - 1))
        try:
            if _receive(address, partial, largest):
                return
            trouble = "the connection closed early"
        except urllib.error.HTTPError as error:
            trouble = f"{error.code} {error.reason}"
            if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                partial.unlink(missing_ok=True)  # it holds more than there is: another version
            elif error.code < http.HTTPStatus.INTERNAL_SERVER_ERROR:
                break
        except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
            trouble = str(getattr(error, "reason", "") or error or type(error).__name__)
    raise DataError(
        f"{address} cannot be fetched ({trouble}). Fetch it by other means and name the file: --from {partial.stem}."
    )


def _receive(address: str, partial: Path, largest: int) -> bool:
    """One attempt; returns whether the file is complete."""
    there = partial.stat().st_size if partial.exists() else 0
    headers = {"User-Agent": USER_AGENT} | ({"Range": f"bytes={there}-"} if there else {})
    if not address.startswith(("http://", "https://")):
        raise DataError(f"{address} is no address of a file: it begins with http:// or https://.")
    request = urllib.request.Request(address, headers=headers)  # noqa: S310 -- only http and https, see above
    with urllib.request.urlopen(request, timeout=SILENCE_S) as reply:  # noqa: S310
        if reply.status != http.HTTPStatus.PARTIAL_CONTENT:
            there = 0  # the server does not resume: from the start
        length = reply.headers.get("Content-Length")
        total = there + int(length) if length and length.isdigit() else None
        with (
            partial.open("ab" if there else "wb") as file,
            tqdm(total=total, initial=there, desc=partial.stem, unit="B", unit_scale=True, file=sys.stderr) as bar,
        ):
            while block := reply.read(BLOCK):
                file.write(block)
                bar.update(len(block))
                if file.tell() > largest:
                    raise DataError(f"{address} is larger than {largest >> 20} MiB: that is not the published file.")
            return total is None or file.tell() >= total


def is_made(folder: Path) -> bool:
    """Whether the folder is complete."""
    return (folder / SEAL).exists()


def seal(folder: Path) -> None:
    """Mark the folder as complete.

    Raises:
        DataError: when it cannot be written.
    """
    write_whole(folder / SEAL, b"")


def name_of(prefix: str, data: bytes, *modules: str) -> str:
    """The name of a converted corpus' folder; it changes with the published data and with the converting code.

    Args:
        prefix: of the name.
        data: the published data, or its digest.
        modules: of `model/corpora/readers`, besides those that read and write MIDI.
    """
    package = Path(model.__file__).parent
    digest = hashlib.sha256(data)
    made_by = [package / "corpora/readers" / f"{module}.py" for module in modules]
    for file in [*made_by, package / "piece.py", *sorted(package.glob("midi/*.py"))]:
        digest.update(file.read_bytes())
    return f"{prefix}-{digest.hexdigest()[:16]}"
