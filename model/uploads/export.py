"""Exports a data set as a zip that can be added again, and names its files."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import ValidationError

from model.archives import Archive
from model.errors import ArchiveError
from model.uploads.info import LICENCES, DataSetInfo, PieceInfo, Terms, cleaned, file_stem, terms

ABOUT, TABLE, LICENCE = "dataset.json", "table.csv", "LICENCE.txt"
NOT_MUSIC = (TABLE, LICENCE)
MIDI_FOLDER = "midi"
LARGEST_ABOUT = 8 << 20  # bytes
WRITTEN = (1980, 1, 1, 0, 0, 0)  # every entry's time, so that the same set gives the same bytes
COLUMNS = ("midi_filename", "title", "seconds", "notes", "key", "instruments", "licence", "source", "sha256")


@dataclass(frozen=True)
class ExportInfo:
    """Names and terms of the pieces in an exported set, by the hash of the file."""

    names: dict[str, str]
    terms: dict[str, Terms]


def about(archive: Archive) -> ExportInfo | None:
    """The description in an archive of an exported data set; None for any other archive."""
    entry = next((entry for entry in archive.entries if entry.name == ABOUT), None)
    if entry is None or entry.refused:
        return None
    try:
        data = archive.read(entry)
        info = DataSetInfo.model_validate_json(data) if len(data) <= LARGEST_ABOUT else None
    except (ArchiveError, ValidationError):
        return None
    if info is None:
        return None
    names = {piece.sha256: cleaned(piece.name) for piece in info.pieces}  # a stranger may have written them
    under = {piece.sha256: piece.terms or info.terms for piece in info.pieces}
    return ExportInfo(names, {sha256: terms(one.licence, one.note) for sha256, one in under.items()})


def file_names(info: DataSetInfo) -> dict[str, PieceInfo]:
    """A file name for each piece, of letters, digits and '-' alone, in the order of the set."""
    width = max(4, len(str(len(info.pieces))))
    named = {}
    for number, piece in enumerate(info.pieces, start=1):
        stem = "-".join(part for part in (f"{number:0{width}}", file_stem(piece.name), piece.short) if part)
        named[f"{stem}.mid"] = piece
    return named


def zipped(info: DataSetInfo, bytes_of: Callable[[PieceInfo], bytes]) -> bytes:
    """The set as a zip: MIDI files, a table with `midi_filename`, the licence in words, and `dataset.json`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, data: bytes) -> None:
            entry = zipfile.ZipInfo(name, WRITTEN)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, data)

        put(ABOUT, info.model_dump_json(exclude={"created_by": True, "pieces": {"__all__": {"added_by"}}}).encode())
        put(LICENCE, licence_text(info).encode())
        put(TABLE, _table(info).encode())
        for name, piece in file_names(info).items():
            put(f"{MIDI_FOLDER}/{name}", bytes_of(piece))
    return buffer.getvalue()


def licence_text(info: DataSetInfo) -> str:
    """The licences of a set in words."""
    lines = [f"The data set '{info.name}', gathered with Cadenza.", ""]
    for one in info.all_terms:
        note = f" Note: {one.note}." if one.note else ""
        lines.append(f"{LICENCES[one.licence].words}: {LICENCES[one.licence].sentence}.{note}")
    if info.non_commercial:
        lines += ["", "Not for commercial use; nor is what is trained on it."]
    return "\n".join(lines) + "\n"


def _table(info: DataSetInfo) -> str:
    text = io.StringIO()
    rows = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    rows.writeheader()
    for name, piece in file_names(info).items():
        facts = piece.facts
        rows.writerow(
            {
                "midi_filename": name,
                "title": piece.name,
                "seconds": facts.seconds,
                "notes": facts.notes,
                "key": facts.key,
                "instruments": "; ".join(facts.instruments),
                "licence": (piece.terms or info.terms).sentence.lstrip("=+-@"),
                "source": piece.source,
                "sha256": piece.sha256,
            }
        )
    return text.getvalue()
