"""The files of an owner's data sets on disk, and the lock under which they change.

`sets/<name>.json` lists the pieces of a set, `sets/<name>.sketches` holds what near-duplicates are found by, and
`pieces/<hash>.mid` is a piece, stored once however many sets hold it. The JSON is written last: a killed process leaves
at most files that no set lists, and `sweep` deletes those.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from model.analysis.near_duplicates import Sketch
from model.errors import DataError
from model.files import replace_file
from model.uploads.info import SET_NAME, DataSetInfo, PieceInfo

HASH_BYTES = 32


class DataSetFiles:
    """Reads and writes sets and pieces; it does not decide what may be added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sets, self._pieces = folder / "sets", folder / "pieces"
        self._held = threading.local()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock of the folder against all other threads and processes; may be nested within a thread."""
        if getattr(self._held, "depth", 0):
            yield
            return
        try:
            for folder in (self._sets, self._pieces):
                folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # of this descriptor: threads exclude one another, too
            self._held.depth = 1
            yield
        except OSError as error:
            raise self._unwritable(error) from error
        finally:
            self._held.depth = 0
            os.close(descriptor)

    def _unwritable(self, error: OSError) -> DataError:
        return DataError(f"The data sets in {self.folder} cannot be changed ({error.strerror}): check the disk.")

    def names(self) -> list[str]:
        """The names of the sets, sorted."""
        try:
            return sorted(path.stem for path in self._sets.glob("*.json") if SET_NAME.fullmatch(path.stem))
        except OSError:
            return []

    def read(self, name: str) -> DataSetInfo | None:
        """The set called `name` (checked), or None if there is none.

        Raises:
            DataError: its file is damaged.
        """
        try:
            return DataSetInfo.model_validate_json((self._sets / f"{name}.json").read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise DataError(f"The data set '{name}' cannot be read: check {self._sets / name}.json.") from error

    def write(self, info: DataSetInfo, sketches: Mapping[str, Sketch]) -> None:
        """Write the set; `sketches` by hash must include those of its pieces."""
        rows = {piece.sha256: sketches[piece.sha256] for piece in info.pieces if piece.sha256 in sketches}
        with replace_file(self._sets / f"{info.name}.sketches") as file:
            for sha256, sketch in rows.items():
                file.write(bytes.fromhex(sha256) + np.uint32(len(sketch)).tobytes() + sketch.tobytes())
        with replace_file(self._sets / f"{info.name}.json") as file:
            file.write(info.model_dump_json().encode())

    def sketches(self, name: str) -> dict[str, Sketch]:
        """The sketches of a set's pieces by hash; unreadable ones are left out."""
        try:
            data = (self._sets / f"{name}.sketches").read_bytes()
        except FileNotFoundError:
            return {}
        found: dict[str, Sketch] = {}
        start = 0
        while start + HASH_BYTES + 4 <= len(data):
            sha256 = data[start : start + HASH_BYTES].hex()
            count = int(np.frombuffer(data, np.uint32, 1, start + HASH_BYTES)[0])
            start += HASH_BYTES + 4
            if start + 8 * count > len(data):
                break
            found[sha256] = np.frombuffer(data[start : start + 8 * count], dtype=np.uint64)
            start += 8 * count
        return found

    def drop(self, name: str) -> None:
        """Delete the set, but not its pieces."""
        (self._sets / f"{name}.json").unlink(missing_ok=True)
        (self._sets / f"{name}.sketches").unlink(missing_ok=True)

    def put(self, data: bytes) -> str:
        """Store the bytes of a piece and return their hash."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.path(sha256).exists():
            with replace_file(self.path(sha256)) as file:
                file.write(data)
        return sha256

    def path(self, sha256: str) -> Path:
        """The path of a piece."""
        return self._pieces / f"{sha256}.mid"

    def bytes_of(self, piece: PieceInfo) -> bytes:
        """The bytes of a piece.

        Raises:
            DataError: they are missing or damaged.
        """
        try:
            data = self.path(piece.sha256).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != piece.sha256:
            raise DataError(f"The piece '{piece.name}' ({piece.short}) is damaged: remove it, and add it again.")
        return data

    def bytes_in_all(self) -> int:
        """The size of all pieces together."""
        with os.scandir(self._pieces) as entries:
            return sum(entry.stat().st_size for entry in entries if entry.name.endswith(".mid"))

    def sweep(self) -> None:
        """Delete pieces that no set lists, and files that a killed process left half-written."""
        kept = {piece.sha256 for name in self.names() for piece in self._pieces_of(name)}
        with os.scandir(self._pieces) as entries:
            unnamed = [Path(entry.path) for entry in entries if entry.name.removesuffix(".mid") not in kept]
        for path in [*unnamed, *self._sets.glob(".*")]:
            path.unlink(missing_ok=True)

    def _pieces_of(self, name: str) -> Iterable[PieceInfo]:
        info = self.read(name)
        return info.pieces if info else ()
