"""Which pictures a command was asked for: `--picture`, `--sheet`, `--sheet-png`; written beside the piece."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.errors import RequestError
from model.piece import Piece


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that ask for pictures."""
    group = parser.add_argument_group("pictures of the piece")
    group.add_argument("--picture", type=Path, metavar="FILE.png", help="piano roll")
    group.add_argument("--sheet", type=Path, metavar="FILE.musicxml", help="sheet as MusicXML")
    group.add_argument("--sheet-png", type=Path, metavar="FILE.png", help="sheet as a picture")


def write_pictures(piece: Piece, arguments: argparse.Namespace, seed_s: float = 0.0, title: str = "") -> list[str]:
    """Write what `arguments` ask for; a sentence on each file, and on what a sheet leaves out.

    Raises:
        RequestError: when a file cannot be written, a library is not installed, or the piece has nothing to show.
    """
    said: list[str] = []
    if arguments.picture:
        from model.pictures.piano_roll import piano_roll

        if not len(piece):
            raise RequestError("A picture needs notes; this piece has none.")
        said.append(_written(arguments.picture, piano_roll(piece, seed_s, title), "The piano roll"))
    if arguments.sheet or arguments.sheet_png:
        from model.pictures.sheet import sheet

        made = sheet(piece, title)
        if arguments.sheet:
            said.append(_written(arguments.sheet, made.musicxml, "The sheet"))
        if arguments.sheet_png:
            from model.pictures.sheet import engraved

            said.append(_written(arguments.sheet_png, engraved(made.musicxml), "The sheet as a picture"))
        said += made.remarks
    return said


def write_file(path: Path, data: bytes, what: str) -> None:
    """Write `data`; raises RequestError, which says `what` could not be written and why."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise RequestError(f"{what} cannot be written to {path}: {error.strerror}.") from error


def _written(path: Path, data: bytes, what: str) -> str:
    write_file(path, data, what)
    return f"{path}: {what[0].lower()}{what[1:]}."
