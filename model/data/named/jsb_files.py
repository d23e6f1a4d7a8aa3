"""The JSB chorales as MIDI files with the table of their published split."""

from __future__ import annotations

from pathlib import Path

from model.data.cache import write_whole
from model.data.jsb import read_jsb
from model.data.named.folders import is_made, name_of, seal
from model.errors import DataError
from model.midi import write_midi
from model.representation.four_parts import piece_of

STYLE = "bach-chorale"
SPLITS = {"valid": "validation"}  # as the published file calls them, and as everybody else does
LICENCE = "none stated; the music is in the public domain"


def prepare(source: Path | None, part: str, prepared: Path, is_published: bool) -> tuple[tuple[Path, ...], str, bool]:
    """The folder of MIDI files made of the JSON file `source`, its licence, and that it is free of restrictions.

    `part` and `is_published` mean nothing here; the file's checksum was compared when it was fetched.

    Raises:
        DataError: when the file is not of the published form, or the folder cannot be written.
    """
    if source is None or not source.is_file():
        raise DataError(f"The chorales are one JSON file, Jsb16thSeparated.json, not {source}.")
    folder = prepared / name_of("jsb", source.read_bytes(), "jsb_files")
    if not is_made(folder):
        rows = ["midi_filename,split,style"]
        for split, grids in read_jsb(source).items():
            for number, grid in enumerate(grids):
                name = f"{split}/{number:03}.mid"
                write_whole(folder / name, write_midi(piece_of(grid)))
                rows.append(f"{name},{SPLITS.get(split, split)},{STYLE}")
        write_whole(folder / "table.csv", "\n".join(rows).encode())
        seal(folder)
    return (folder,), LICENCE, False
