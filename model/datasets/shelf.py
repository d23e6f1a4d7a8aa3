"""The files of an owner's data sets, and the lock under which they change.

`sets/<name>.json` says what a set holds, `sets/<name>.sketches` what its pieces are compared by, and a piece is kept as
`pieces/<hash>.mid`, once however many sets hold it. The JSON is written last and names what counts: a process that is
killed leaves at most files that no set names, and those go with the next piece that is removed.
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

from model.corpora.near_duplicates import Sketch
from model.datasets.info import DataSetInfo, PieceInfo
from model.datasets.names import SET_NAME
from model.errors import DataError
from model.files import replace_file

HASH_BYTES = 32


class Shelf:
    """Reads and writes whole sets and single pieces; knows nothing of what may be added."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._sets, self._pieces = folder / "sets", folder / "pieces"
        self._held = threading.local()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other thread and process from changing anything here; may be nested within one thread."""
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
        return DataError(f"The data sets in {self.folder} cannot be changed ({error.strerror}): look after the disk.")

    def names(self) -> list[str]:
        """The sets that are here, sorted."""
        try:
            return sorted(path.stem for path in self._sets.glob("*.json") if SET_NAME.fullmatch(path.stem))
        except OSError:
            return []

    def read(self, name: str) -> DataSetInfo | None:
        """What the set holds, or None where there is none of that (checked) name.

        Raises:
            DataError: its file is damaged.
        """
        try:
            return DataSetInfo.model_validate_json((self._sets / f"{name}.json").read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise DataError(
                f"What is kept of the data set '{name}' cannot be read: look after {self._sets / name}.json."
            ) from error

    def write(self, info: DataSetInfo, sketches: Mapping[str, Sketch]) -> None:
        """Let the set be as `info` says from now on; `sketches` are by hash, at least those of its pieces."""
        rows = {piece.sha256: sketches[piece.sha256] for piece in info.pieces if piece.sha256 in sketches}
        with replace_file(self._sets / f"{info.name}.sketches") as file:
            for sha256, sketch in rows.items():
                file.write(bytes.fromhex(sha256) + np.uint32(len(sketch)).tobytes() + sketch.tobytes())
        with replace_file(self._sets / f"{info.name}.json") as file:
            file.write(info.model_dump_json().encode())

    def sketches(self, name: str) -> dict[str, Sketch]:
        """What the pieces of a set are compared by, by hash; what cannot be read is left out."""
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
        """Let there be no set of that name."""
        (self._sets / f"{name}.json").unlink(missing_ok=True)
        (self._sets / f"{name}.sketches").unlink(missing_ok=True)

    def put(self, data: bytes) -> str:
        """Keep the bytes of a piece and return their hash."""
        sha256 = hashlib.sha256(data).hexdigest()
        if not self.path(sha256).exists():
            with replace_file(self.path(sha256)) as file:
                file.write(data)
        return sha256

    def path(self, sha256: str) -> Path:
        """Where a piece lies."""
        return self._pieces / f"{sha256}.mid"

    def bytes_of(self, piece: PieceInfo) -> bytes:
        """A piece as it was kept.

        Raises:
            DataError: it is gone or damaged.
        """
        try:
            data = self.path(piece.sha256).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != piece.sha256:
            raise DataError(f"The piece '{piece.name}' ({piece.short}) is damaged: remove it, and add it again.")
        return data

    def bytes_in_all(self) -> int:
        """Bytes of all pieces that are here."""
        with os.scandir(self._pieces) as entries:
            return sum(entry.stat().st_size for entry in entries if entry.name.endswith(".mid"))

    def sweep(self) -> None:
        """Delete the pieces that no set names, and what a killed process left half-written."""
        kept = {piece.sha256 for name in self.names() for piece in self._pieces_of(name)}
        with os.scandir(self._pieces) as entries:
            unnamed = [Path(entry.path) for entry in entries if entry.name.removesuffix(".mid") not in kept]
        for path in [*unnamed, *self._sets.glob(".*")]:
            path.unlink(missing_ok=True)

    def _pieces_of(self, name: str) -> Iterable[PieceInfo]:
        info = self.read(name)
        return info.pieces if info else ()
