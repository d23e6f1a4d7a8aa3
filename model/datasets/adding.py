"""A batch of strangers' files on its way into a set: read elsewhere, compared, and kept in parts.

Reading takes long and happens without the lock; what was read is added under it a part at a time, compared with what
the set holds by then. So several batches can go into one set at once, and a batch that is stopped keeps its parts.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from model.corpora.near_duplicates import Sketch
from model.datasets.exchange import About
from model.datasets.incoming import Batch, Incoming
from model.datasets.info import DataSetInfo, PieceInfo
from model.datasets.likeness import Likeness
from model.datasets.limits import DataSetLimits
from model.datasets.names import told_apart
from model.datasets.readers import ReadPiece, Unread, read_all
from model.datasets.report import BatchReport, Duplicate, Refused
from model.datasets.shelf import Shelf
from model.errors import DataError

Progress = Callable[[int, int], None]  # told how many files are done, and of how many
PART_FILES, PART_BYTES = 64, 16 << 20  # that are read before they are added


@dataclass(frozen=True)
class Ready:
    """A file that was read, or the piece of another set: what is to be added."""

    name: str
    original: str  # hash of what was sent
    read: ReadPiece
    piece: PieceInfo | None = None  # as the other set has it
    about: About | None = None  # what an exported set says of it


@dataclass
class Adding:
    """Adds to one set, and counts what became of each file. `keep_similar` lets in what is nearly there already."""

    shelf: Shelf
    limits: DataSetLimits
    name: str
    source: str
    added_by: int | None = None
    keep_similar: bool = False
    accepted: list[PieceInfo] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    stopped: bool = False
    _unread: dict[str, Unread] = field(default_factory=dict)  # by hash, so that a copy is not tried again

    def batch(self, files: Batch, on_progress: Progress | None, should_stop: Callable[[], bool] | None) -> None:
        """Read and add every file."""
        part: list[Ready] = []
        for (file, original), outcome in read_all(self._unknown(files, should_stop), self.limits):
            if isinstance(outcome, Unread):
                self.refused.append(Refused(file.name, outcome.sentence, outcome.code))
                self._unread[original] = outcome
            else:
                part.append(Ready(file.name, original, outcome, about=file.about))
            if len(part) >= PART_FILES or sum(len(one.read.data) for one in part) >= PART_BYTES:
                self.add(part)
                part = []
            if on_progress is not None:
                on_progress(self._seen + len(part), len(files))
        self.add(part)
        if on_progress is not None:
            on_progress(self._seen, len(files))

    def _unknown(
        self, files: Batch, should_stop: Callable[[], bool] | None
    ) -> Iterator[tuple[tuple[Incoming, str], bytes]]:
        """The files that must be read: neither refused as they came nor there already; each with its hash."""
        known = _by_hash(self._info().pieces)
        ends = time.monotonic() + self.limits.batch_seconds
        for file in files:
            if should_stop is not None and should_stop():
                self.stopped = True
                return
            original = hashlib.sha256(file.data).hexdigest()
            if file.refused:
                self.refused.append(Refused(file.name, file.refused, file.code))
            elif original in known:
                self.duplicates.append(Duplicate(file.name, known[original], True))
            elif original in self._unread:
                self.refused.append(Refused(file.name, self._unread[original].sentence, self._unread[original].code))
            elif time.monotonic() > ends:
                sentence = f"A batch is read for {self.limits.batch_seconds / 60:g} minutes; send the rest as another."
                self.refused.append(Refused(file.name, sentence, "batch_slow"))
            else:
                yield (Incoming(file.name, about=file.about), original), file.data

    @property
    def _seen(self) -> int:
        return len(self.accepted) + len(self.refused) + len(self.duplicates)

    def _info(self) -> DataSetInfo:
        if (info := self.shelf.read(self.name)) is None:
            raise DataError(f"The data set '{self.name}' was deleted meanwhile: create it and add the files again.")
        return info

    def report(self) -> BatchReport:
        """What became of the files so far."""
        left_out = tuple(self.refused), tuple(self.duplicates)
        return BatchReport(self._info(), tuple(self.accepted), *left_out, stopped=self.stopped)

    def add(self, part: list[Ready]) -> None:
        """Add what is new of `part`, all in one stroke."""
        if not part:
            return
        with self.shelf.locked():
            info, sketches = self._info(), self.shelf.sketches(self.name)
            pieces = list(info.pieces)
            known = _by_hash(pieces)
            nothing = part[0].read.sketch[:0]
            likeness = Likeness([sketches.get(piece.sha256, nothing) for piece in pieces])
            room = self.limits.bytes - self.shelf.bytes_in_all()
            for one in part:
                piece = self._piece(one, info, pieces, known, likeness, room)
                if piece is None:
                    continue
                if not self.shelf.path(piece.sha256).exists():
                    room -= piece.bytes
                    self.shelf.put(one.read.data)
                known |= {piece.original: piece.name, piece.sha256: piece.name}
                sketches[piece.sha256] = one.read.sketch
                likeness.add(one.read.sketch)
                pieces.append(piece)
            added = pieces[len(info.pieces) :]
            if added:
                self._write(info, pieces, sketches)
                self.accepted += added

    def _write(self, info: DataSetInfo, pieces: list[PieceInfo], sketches: dict[str, Sketch]) -> None:
        self.shelf.write(info.model_copy(update={"pieces": tuple(pieces), "updated_s": time.time()}), sketches)

    def _piece(
        self,
        one: Ready,
        info: DataSetInfo,
        pieces: list[PieceInfo],
        known: dict[str, str],
        likeness: Likeness,
        room: int,
    ) -> PieceInfo | None:
        """What `one` becomes in the set; None, with the reason noted, where it is left out."""
        sha256 = hashlib.sha256(one.read.data).hexdigest()
        if (same := known.get(one.original, known.get(sha256))) is not None:
            self.duplicates.append(Duplicate(one.name, same, True))
            return None
        near = None if self.keep_similar else likeness.nearest(one.read.sketch)
        if near is not None:
            self.duplicates.append(Duplicate(one.name, pieces[near].name, False))
            return None
        if len(pieces) >= self.limits.files:
            sentence = f"A data set holds at most {self.limits.files:,} pieces: begin another."
            self.refused.append(Refused(one.name, sentence, "set_full"))
            return None
        if len(one.read.data) > room and not self.shelf.path(sha256).exists():
            sentence = (
                f"All data sets together hold at most {self.limits.bytes / (1 << 20):,.0f} MiB: delete one first."
            )
            self.refused.append(Refused(one.name, sentence, "no_room"))
            return None
        return self._described(one, sha256, info, [piece.name for piece in pieces])

    def _described(self, one: Ready, sha256: str, info: DataSetInfo, taken: list[str]) -> PieceInfo:
        about = one.about
        name = about.names.get(one.original, one.name) if about else one.name
        terms = one.piece.terms if one.piece else (about.terms.get(one.original) if about else None)
        return PieceInfo(
            sha256=sha256,
            original=one.original,
            name=told_apart(name, taken),
            bytes=len(one.read.data),
            facts=one.read.facts,
            source=one.piece.source if one.piece else self.source,
            added_by=self.added_by,
            added_s=time.time(),
            terms=None if terms == info.terms else terms,
        )


def _by_hash(pieces: Iterable[PieceInfo]) -> dict[str, str]:
    """Names of pieces by the hash of what is kept and of what was sent."""
    return {sha256: piece.name for piece in pieces for sha256 in (piece.original, piece.sha256)}
