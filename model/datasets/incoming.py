"""What members send as single files: MIDI as it is, archives entry by entry; a reason where one is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model.archives import SUFFIXES, Archive, Entry, is_archive
from model.datasets.exchange import ABOUT, NOT_MUSIC, About, about
from model.datasets.limits import DataSetLimits
from model.datasets.names import cleaned
from model.errors import ArchiveError
from model.midi import is_midi

MIDI_SUFFIXES = (".mid", ".midi", ".rmi", ".kar")
CLUTTER = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")  # what file managers add without being asked


@dataclass(frozen=True)
class Incoming:
    """One file of a batch: its bytes, or why it is refused; `about` where it comes out of a set that was exported."""

    name: str
    data: bytes = b""
    refused: str = ""
    code: str = ""
    about: About | None = None


class Batch:
    """The files of one batch, those in archives included; nothing is unpacked before it is asked for."""

    def __init__(self, files: Sequence[tuple[str, bytes]], limits: DataSetLimits) -> None:
        self._limits = limits
        self._parts: list[Incoming | tuple[Archive, Entry, About | None]] = []
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

    def _entry(self, archive: Archive, entry: Entry, known: About | None) -> Incoming:
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
            return Incoming(name, refused="It is no MIDI file (.mid).", code="not_midi_name")
        return self._within(Incoming(name, data, about=known))

    def _within(self, file: Incoming) -> Incoming:
        """`file`, without its bytes where they are more than a process should be given."""
        if len(file.data) <= self._limits.file_bytes:
            return file
        most = f"{self._limits.file_bytes / (1 << 20):,.0f}"
        return Incoming(file.name, refused=f"It has more than {most} MiB; send a shorter piece.", code="too_big")
