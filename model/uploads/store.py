"""The data sets of one owner, such as a Discord server, in one folder, and all operations on them.

Several threads and processes may use one folder at once. A change happens completely or not at all. Nothing is written
outside the folder: names of members' files are shown, but never used as paths.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from model.errors import DataError
from model.uploads.export import file_names, zipped
from model.uploads.files import DataSetFiles
from model.uploads.info import DataSetInfo, DataSetLimits, PieceInfo, checked, cleaned, terms
from model.uploads.ingest import BatchReport, Ingest, Progress, Ready, UploadBatch
from model.uploads.reading import ReadPiece

SHORTEST_HASH = 6  # letters of a hash by which a piece can be named
LONGEST_NUMBER = 5  # digits; more are letters of a hash
LONGEST_SOURCE = 40  # letters


class DataSetStore:
    """The data sets in one folder, within `limits`."""

    def __init__(self, folder: Path | str, limits: DataSetLimits | None = None) -> None:
        self.folder, self.limits = Path(folder), limits or DataSetLimits()
        self._files = DataSetFiles(self.folder)

    def create(self, name: str, licence: str, created_by: int | None = None, note: str = "") -> DataSetInfo:
        """A new, empty set.

        Args:
            name: up to 32 of a-z, 0-9, '-' and '_'.
            licence: a key of `LICENCES`.
            created_by: the caller's id of whoever asked for it.
            note: on the licence, such as who gave permission; at most 200 letters.

        Raises:
            DataError: the name or the licence is invalid, the name is taken, or there are too many sets.
        """
        chosen = terms(licence, note)
        with self._files.locked():
            names = self._files.names()
            if checked(name) in names:
                raise DataError(f"There is already a data set '{name}': choose another name, or add to that one.")
            if len(names) >= self.limits.sets:
                raise DataError(f"There are already {len(names)} data sets, which is the limit: delete one first.")
            now = time.time()
            info = DataSetInfo(name=name, terms=chosen, created_by=created_by, created_s=now, updated_s=now)
            self._files.write(info, {})
        return info

    def names(self) -> list[str]:
        """The names of the sets, sorted."""
        return self._files.names()

    def infos(self) -> list[DataSetInfo]:
        """All sets, by name.

        Raises:
            DataError: a set's file cannot be read.
        """
        return [info for name in self._files.names() if (info := self._files.read(name)) is not None]

    def info(self, name: str) -> DataSetInfo:
        """One set.

        Raises:
            DataError: there is no such set, or its file cannot be read.
        """
        if (info := self._files.read(checked(name))) is None:
            known = ", ".join(self._files.names())
            advice = f"These are here: {known}." if known else "None is here yet: create one first."
            raise DataError(f"There is no data set '{name}'. {advice}")
        return info

    def add(
        self,
        name: str,
        files: Sequence[tuple[str, bytes]],
        source: str,
        added_by: int | None = None,
        on_progress: Progress | None = None,
        should_stop: Callable[[], bool] | None = None,
        keep_similar: bool = False,
    ) -> BatchReport:
        """Add MIDI files and zip archives of them; a bad file affects only itself.

        Duplicates and near-duplicates in any key are left out: a network would memorise them, and they could end up on
        both sides of the split.

        Args:
            name: of an existing set.
            files: the name and bytes of each.
            source: where they come from: 'attachment', 'message', 'starred', 'jam' ...
            added_by: the caller's id of whoever sent them.
            on_progress: receives the number of files done, and of all files.
            should_stop: asked before each file; what was added by then stays.
            keep_similar: also add near-duplicates.

        Raises:
            DataError: there is no such set, or the folder cannot be written.
        """
        self.info(name)
        ingest = Ingest(self._files, self.limits, name, cleaned(source)[:LONGEST_SOURCE], added_by, keep_similar)
        ingest.batch(UploadBatch(files, self.limits), on_progress, should_stop)
        return ingest.report()

    def add_from(self, name: str, other: str, added_by: int | None = None) -> BatchReport:
        """Add the pieces of the set `other` to the set `name`; each keeps its licence.

        Raises:
            DataError: one of the sets does not exist, or a piece is damaged.
        """
        with self._files.locked():
            source, sketches = self.info(other), self._files.sketches(other)
            self.info(name)
            if name == other:
                raise DataError(f"'{name}' cannot be added to itself: name another data set.")
            ingest = Ingest(self._files, self.limits, name, "data set", added_by)
            ingest.add([self._ready(piece, source, sketches) for piece in source.pieces])
            return ingest.report()

    def _ready(self, piece: PieceInfo, source: DataSetInfo, sketches: dict) -> Ready:
        read = ReadPiece(piece.facts, sketches[piece.sha256], self._files.bytes_of(piece))
        with_terms = piece.model_copy(update={"terms": piece.terms or source.terms})
        return Ready(piece.name, piece.original, read, with_terms)

    def remove(self, name: str, pieces: Sequence[str]) -> list[PieceInfo]:
        """Remove pieces from a set, and return them.

        Args:
            name: of the set.
            pieces: each by its number in the listing (from 1), its name, or at least 6 letters of its hash.

        Raises:
            DataError: there is no such set, or one of the pieces is not in it; then none is removed.
        """
        with self._files.locked():
            info = self.info(name)
            removed = list(dict.fromkeys(_found(info, wanted) for wanted in pieces))
            kept = tuple(piece for number, piece in enumerate(info.pieces) if number not in removed)
            changed = info.model_copy(update={"pieces": kept, "updated_s": time.time()})
            self._files.write(changed, self._files.sketches(name))
            self._files.sweep()
        return [info.pieces[number] for number in sorted(removed)]

    def forget(self, member: int, originals: Collection[str] = ()) -> list[PieceInfo]:
        """Take out of all sets what `member` added, and the uploads with the SHA-256 in `originals`; the pieces.

        Sets that the member created stay, without saying who created them.

        Raises:
            DataError: what is kept of a set cannot be read, or the folder cannot be written.
        """
        removed: list[PieceInfo] = []
        if not self.folder.exists():
            return removed
        with self._files.locked():
            for info in self.infos():
                gone = [piece for piece in info.pieces if piece.added_by == member or piece.original in originals]
                if not gone and info.created_by != member:
                    continue
                kept = tuple(piece for piece in info.pieces if piece not in gone)
                by = None if info.created_by == member else info.created_by
                changed = info.model_copy(update={"pieces": kept, "created_by": by, "updated_s": time.time()})
                self._files.write(changed, self._files.sketches(info.name))
                removed += gone
            self._files.sweep()
        return removed

    def delete(self, name: str) -> DataSetInfo:
        """Delete a set with all its pieces, and return its former description.

        Raises:
            DataError: there is no such set.
        """
        with self._files.locked():
            info = self.info(name)
            self._files.drop(name)
            self._files.sweep()
        return info

    def export(self, name: str) -> bytes:
        """The set as a zip of MIDI files, with a table and the licence text; `add` accepts it.

        Raises:
            DataError: there is no such set, or a piece of it is damaged.
        """
        with self._files.locked():
            return zipped(self.info(name), self._files.bytes_of)

    def materialise(self, name: str, folder: Path) -> Path:
        """Put the MIDI files of a set into `folder` for training, as links if possible, and return the folder.

        Raises:
            DataError: there is no such set, it is empty, a piece is damaged, or the folder cannot be written.
        """
        with self._files.locked():
            info = self.info(name)
            if not info.pieces:
                raise DataError(f"The data set '{name}' is empty: add MIDI files to it first.")
            folder.mkdir(parents=True, exist_ok=True)
            for file, piece in file_names(info).items():
                self._files.bytes_of(piece)
                _link(self._files.path(piece.sha256), folder / file)
        return folder


def _link(piece: Path, target: Path) -> None:
    """Make `target` the piece: a hard link if both are on one disk, else a copy."""
    target.unlink(missing_ok=True)
    try:
        os.link(piece, target)
    except OSError:
        shutil.copyfile(piece, target)


def _found(info: DataSetInfo, wanted: str) -> int:
    """The index of the requested piece.

    Raises:
        DataError: when none is, or more than one.
    """
    text = wanted.strip()
    if re.fullmatch(rf"#?[0-9]{{1,{LONGEST_NUMBER}}}", text):
        number = int(text.removeprefix("#"))
        if 1 <= number <= len(info.pieces):
            return number - 1
    named = [
        place for place, piece in enumerate(info.pieces) if piece.name.lower() in (text.lower(), cleaned(text).lower())
    ]
    if not named and re.fullmatch(rf"[0-9a-fA-F]{{{SHORTEST_HASH},64}}", text):
        named = [place for place, piece in enumerate(info.pieces) if piece.sha256.startswith(text.lower())]
    if len(named) == 1:
        return named[0]
    reason = "names several pieces" if named else "names no piece"
    raise DataError(
        f"'{cleaned(text)}' {reason} of the data set '{info.name}': use the number or the letters of the listing."
    )
