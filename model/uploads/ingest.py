"""Adds a batch of members' files to a data set: unpacks archives, reads each file, leaves out duplicates.

Reading takes long and happens without the lock. The pieces are then added under the lock a part at a time, and compared
with what the set holds by then, so several batches can be added at once, and a stopped batch keeps the parts it added.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from model.analysis.near_duplicates import FEWEST_SHARED, SAME, Sketch, share
from model.archives import SUFFIXES, Archive, ArchiveEntry, is_archive
from model.errors import ArchiveError, DataError
from model.midi import is_midi
from model.uploads.export import ABOUT, NOT_MUSIC, ExportInfo, about
from model.uploads.files import DataSetFiles
from model.uploads.info import DataSetInfo, DataSetLimits, PieceInfo, cleaned, told_apart
from model.uploads.reading import ReadPiece, Unread, read_all

Progress = Callable[[int, int], None]  # gets the number of files done, and of all
PART_FILES, PART_BYTES = 64, 16 << 20  # read before they are added together
MIDI_SUFFIXES = (".mid", ".midi", ".rmi", ".kar")
CLUTTER = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")  # files that file managers add to archives
MOST_REASONS = 10  # that a report lists


@dataclass(frozen=True)
class RefusedFile:
    """A rejected file. `code` stays the same when the sentence is reworded or contains a number."""

    name: str
    sentence: str
    code: str


@dataclass(frozen=True)
class DuplicateFile:
    """A file that was left out because the piece called `of` is the same, or nearly the same in any key."""

    name: str
    of: str
    is_exact: bool


@dataclass(frozen=True)
class BatchReport:
    """The result of a batch. `info` is the set afterwards; `stopped` means that the batch was stopped early."""

    info: DataSetInfo
    accepted: tuple[PieceInfo, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
    duplicates: tuple[DuplicateFile, ...] = ()
    stopped: bool = False

    @property
    def repaired(self) -> dict[str, tuple[str, ...]]:
        """The repairs to accepted pieces, by name."""
        return {piece.name: piece.facts.repairs for piece in self.accepted if piece.facts.repairs}

    def reasons(self) -> list[tuple[int, str]]:
        """How many files were refused for each reason, the most frequent reason first."""
        return [(count, sentence) for sentence, count in Counter(one.sentence for one in self.refused).most_common()]

    def text(self) -> str:
        """The report in a few lines of text."""
        lines = [f"{len(self.accepted)} added, {len(self.duplicates)} already there, {len(self.refused)} refused."]
        if self.repaired:
            lines.append(f"{len(self.repaired)} of those added were repaired.")
        reasons = self.reasons()
        lines += [f"{count} refused: {sentence}" for count, sentence in reasons[:MOST_REASONS]]
        if len(reasons) > MOST_REASONS:
            others = sum(count for count, _ in reasons[MOST_REASONS:])
            lines.append(f"{others} more refused, for {len(reasons) - MOST_REASONS} other reasons.")
        near = [one for one in self.duplicates if not one.is_exact]
        lines += [f"'{one.name}' is nearly the same as '{one.of}'." for one in near[:5]]
        if len(near) > 5:
            lines.append(f"{len(near) - 5} more are nearly the same as other pieces.")
        if self.stopped:
            lines.append("Stopped before the end; what was added stays.")
        info = self.info
        lines.append(f"'{info.name}' has {info.totals}.")
        return "\n".join(lines)


@dataclass(frozen=True)
class Incoming:
    """One file of a batch: its bytes, or the reason for its refusal; `about` if it comes from an exported set."""

    name: str
    data: bytes = b""
    refused: str = ""
    code: str = ""
    about: ExportInfo | None = None


class UploadBatch:
    """The files of one batch, including those in archives, which are unpacked one at a time."""

    def __init__(self, files: Sequence[tuple[str, bytes]], limits: DataSetLimits) -> None:
        self._limits = limits
        self._parts: list[Incoming | tuple[Archive, ArchiveEntry, ExportInfo | None]] = []
        for name, data in files:
            if is_archive(data) or (name.lower().endswith(SUFFIXES) and not is_midi(data)):
                self._open(name, data)
            else:
                self._parts.append(Incoming(cleaned(name), data))

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Incoming]:
        for number, part in enumerate(self._parts):
            if number >= self._limits.batch_files:
                sentence = f"A batch has at most {self._limits.batch_files:,} files; send the rest as another."
                name = part.name if isinstance(part, Incoming) else cleaned(part[1].name)
                yield Incoming(name, refused=sentence, code="batch_full")
            elif isinstance(part, Incoming):
                yield self._within(part)
            else:
                yield self._entry(*part)

    def _open(self, name: str, data: bytes) -> None:
        try:
            archive = Archive(data, self._limits.archive)
        except ArchiveError as error:
            self._parts.append(Incoming(cleaned(name), refused=error.sentence, code="archive"))
            return
        known = about(archive)
        before = len(self._parts)
        for entry in archive.entries:
            parts = entry.name.lower().split("/")
            is_ours = known is not None and entry.name in (ABOUT, *NOT_MUSIC)
            if not is_ours and parts[0] not in CLUTTER and not parts[-1].startswith("._") and parts[-1] not in CLUTTER:
                self._parts.append((archive, entry, known))
        if len(self._parts) == before:
            self._parts.append(Incoming(cleaned(name), refused="The archive has no MIDI files.", code="archive"))

    def _entry(self, archive: Archive, entry: ArchiveEntry, known: ExportInfo | None) -> Incoming:
        name = cleaned(entry.name)
        if entry.refused:
            return Incoming(name, refused=entry.refused, code=entry.refused)
        start = archive.start(entry)
        if is_archive(start) or entry.name.lower().endswith(SUFFIXES):
            sentence = "It is an archive inside an archive; send it by itself."
            return Incoming(name, refused=sentence, code="nested")
        try:
            data = archive.read(entry)
        except ArchiveError as error:
            return Incoming(name, refused=error.sentence, code=error.sentence)
        if data and not is_midi(data) and not entry.name.lower().endswith(MIDI_SUFFIXES):
            return Incoming(name, refused="It is not a MIDI file (.mid).", code="not_midi_name")
        return self._within(Incoming(name, data, about=known))

    def _within(self, file: Incoming) -> Incoming:
        """`file`, or its refusal if it is too large for the child that reads it."""
        if len(file.data) <= self._limits.file_bytes:
            return file
        most = f"{self._limits.file_bytes / (1 << 20):,.0f}"
        return Incoming(file.name, refused=f"It has more than {most} MiB; send a shorter piece.", code="too_big")


@dataclass(frozen=True)
class Ready:
    """A file that was read, or a piece of another set, ready to be added."""

    name: str
    original: str  # hash of what was sent
    read: ReadPiece
    piece: PieceInfo | None = None  # as the other set has it
    about: ExportInfo | None = None  # what an exported set says of it


@dataclass
class Ingest:
    """Adds files to one set and records the outcome of each. `keep_similar` allows near-duplicates."""

    files: DataSetFiles
    limits: DataSetLimits
    name: str
    source: str
    added_by: int | None = None
    keep_similar: bool = False
    accepted: list[PieceInfo] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)
    duplicates: list[DuplicateFile] = field(default_factory=list)
    stopped: bool = False
    _unread: dict[str, Unread] = field(default_factory=dict)  # by hash, so that a copy is not read again

    def batch(self, files: UploadBatch, on_progress: Progress | None, should_stop: Callable[[], bool] | None) -> None:
        """Read and add every file."""
        part: list[Ready] = []
        for (file, original), outcome in read_all(self._unknown(files, should_stop), self.limits):
            if isinstance(outcome, Unread):
                self.refused.append(RefusedFile(file.name, outcome.sentence, outcome.code))
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
        self, files: UploadBatch, should_stop: Callable[[], bool] | None
    ) -> Iterator[tuple[tuple[Incoming, str], bytes]]:
        """The files that must be read, with their hashes: neither refused before reading nor known already."""
        known = _by_hash(self._info().pieces)
        ends = time.monotonic() + self.limits.batch_seconds
        for file in files:
            if should_stop is not None and should_stop():
                self.stopped = True
                return
            original = hashlib.sha256(file.data).hexdigest()
            if file.refused:
                self.refused.append(RefusedFile(file.name, file.refused, file.code))
            elif original in known:
                self.duplicates.append(DuplicateFile(file.name, known[original], True))
            elif original in self._unread:
                self.refused.append(
                    RefusedFile(file.name, self._unread[original].sentence, self._unread[original].code)
                )
            elif time.monotonic() > ends:
                sentence = f"A batch is read for {self.limits.batch_seconds / 60:g} minutes; send the rest as another."
                self.refused.append(RefusedFile(file.name, sentence, "batch_slow"))
            else:
                yield (Incoming(file.name, about=file.about), original), file.data

    @property
    def _seen(self) -> int:
        return len(self.accepted) + len(self.refused) + len(self.duplicates)

    def _info(self) -> DataSetInfo:
        if (info := self.files.read(self.name)) is None:
            raise DataError(
                f"The data set '{self.name}' was deleted in the meantime: create it and add the files again."
            )
        return info

    def report(self) -> BatchReport:
        """The outcome of all files so far."""
        left_out = tuple(self.refused), tuple(self.duplicates)
        return BatchReport(self._info(), tuple(self.accepted), *left_out, stopped=self.stopped)

    def add(self, part: list[Ready]) -> None:
        """Add the new pieces of `part` in one change."""
        if not part:
            return
        with self.files.locked():
            info, sketches = self._info(), self.files.sketches(self.name)
            pieces = list(info.pieces)
            known = _by_hash(pieces)
            nothing = part[0].read.sketch[:0]
            near_duplicates = NearDuplicates([sketches.get(piece.sha256, nothing) for piece in pieces])
            room = self.limits.bytes - self.files.bytes_in_all()
            for one in part:
                piece = self._piece(one, info, pieces, known, near_duplicates, room)
                if piece is None:
                    continue
                if not self.files.path(piece.sha256).exists():
                    room -= piece.bytes
                    self.files.put(one.read.data)
                known |= {piece.original: piece.name, piece.sha256: piece.name}
                sketches[piece.sha256] = one.read.sketch
                near_duplicates.add(one.read.sketch)
                pieces.append(piece)
            added = pieces[len(info.pieces) :]
            if added:
                self._write(info, pieces, sketches)
                self.accepted += added

    def _write(self, info: DataSetInfo, pieces: list[PieceInfo], sketches: dict[str, Sketch]) -> None:
        self.files.write(info.model_copy(update={"pieces": tuple(pieces), "updated_s": time.time()}), sketches)

    def _piece(
        self,
        one: Ready,
        info: DataSetInfo,
        pieces: list[PieceInfo],
        known: dict[str, str],
        near_duplicates: NearDuplicates,
        room: int,
    ) -> PieceInfo | None:
        """The entry for `one` in the set; None, with the reason recorded, if it is left out."""
        sha256 = hashlib.sha256(one.read.data).hexdigest()
        if (same := known.get(one.original, known.get(sha256))) is not None:
            self.duplicates.append(DuplicateFile(one.name, same, True))
            return None
        near = None if self.keep_similar else near_duplicates.nearest(one.read.sketch)
        if near is not None:
            self.duplicates.append(DuplicateFile(one.name, pieces[near].name, False))
            return None
        if len(pieces) >= self.limits.files:
            sentence = f"A data set holds at most {self.limits.files:,} pieces: begin another."
            self.refused.append(RefusedFile(one.name, sentence, "set_full"))
            return None
        if len(one.read.data) > room and not self.files.path(sha256).exists():
            sentence = (
                f"All data sets together hold at most {self.limits.bytes / (1 << 20):,.0f} MiB: delete one first."
            )
            self.refused.append(RefusedFile(one.name, sentence, "no_room"))
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
    """Names of pieces by both hashes: of the stored bytes and of the original upload."""
    return {sha256: piece.name for piece in pieces for sha256 in (piece.original, piece.sha256)}


class NearDuplicates:
    """Finds near-duplicates of a new piece in any key. The pieces of the set are known by their numbers."""

    def __init__(self, sketches: list[Sketch]) -> None:
        self._sketches = list(sketches)
        hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *sketches])
        holders = np.repeat(np.arange(len(sketches)), [len(one) for one in sketches])
        order = np.argsort(hashes, kind="stable")
        self._hashes, self._holders = hashes[order], holders[order]
        self._sorted = len(sketches)  # how many pieces the two arrays know; those added later are looked at one by one

    def nearest(self, sketch: Sketch) -> int | None:
        """The piece that is nearly the same as `sketch`, the most similar one; None if there is none."""
        shares = {number: share(sketch, self._sketches[number]) for number in self._likely(sketch)}
        best = max(shares, key=lambda number: shares[number], default=None)
        return best if best is not None and shares[best] >= SAME else None

    def add(self, sketch: Sketch) -> None:
        """Add the sketch of one more piece."""
        self._sketches.append(sketch)

    def _likely(self, sketch: Sketch) -> list[int]:
        starts = np.searchsorted(self._hashes, sketch, side="left")
        ends = np.searchsorted(self._hashes, sketch, side="right")
        held = [self._holders[start:end] for start, end in zip(starts, ends, strict=True) if end > start]
        counts = np.bincount(np.concatenate([np.zeros(0, dtype=np.int64), *held]), minlength=self._sorted)
        return [*np.flatnonzero(counts >= FEWEST_SHARED).tolist(), *range(self._sorted, len(self._sketches))]
