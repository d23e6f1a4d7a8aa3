"""The JSB chorales: the published JSON as grids of four voices, and as MIDI files with the published split."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.corpora.downloads import is_made, name_of, seal, write_whole
from model.errors import DataError
from model.midi import write_midi
from model.representation.four_parts import piece_of

VOICES = 4
LOWEST, HIGHEST = -1, 127  # -1 = silent
LARGEST_BYTES = 64 << 20  # the chorales take 1 MB
STYLE = "bach-chorale"
SPLITS = {"valid": "validation"}  # as the published file calls them, and as everybody else does
LICENCE = "none stated; the music is in the public domain"


def read_jsb(path: Path) -> dict[str, list[NDArray[np.int32]]]:
    """The pieces of each split in the file, int32 (sixteenths, 4) each.

    Raises:
        DataError: when the file cannot be read or is not of this form.
    """
    splits = _parsed(path)
    if not isinstance(splits, dict) or not splits:
        raise DataError(f"{path.name} names no splits: it should begin like {{'valid': [[[74, 70, 65, 58], ...]]}}.")
    for split, pieces in splits.items():
        if not isinstance(pieces, list):
            raise DataError(f"The split '{split}' in {path.name} is no list of pieces.")
    return {
        split: [_piece(piece, f"Piece {number} of the split '{split}'") for number, piece in enumerate(pieces, 1)]
        for split, pieces in splits.items()
    }


def split_of(path: Path, split: str) -> list[NDArray[np.int32]]:
    """The pieces of one split of the file, at least one.

    Raises:
        DataError: when the file cannot be read, is not of this form, or holds no piece of that split.
    """
    splits = read_jsb(path)
    if not splits.get(split):
        known = ", ".join(f"'{name}'" for name, pieces in splits.items() if pieces) or "none"
        raise DataError(f"{path.name} holds no piece of the split '{split}'. It has: {known}.")
    return splits[split]


def _parsed(path: Path) -> object:
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise DataError(f"{path.name} is larger than {LARGEST_BYTES >> 20} MiB: that is no file of chorales.")
        return json.loads(path.read_bytes())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:  # wrong bytes, wrong JSON, or lists a thousand deep
        raise DataError(f"{path.name} is not JSON that can be read: it may be cut off or of another kind.") from error


def _piece(rows: object, what: str) -> NDArray[np.int32]:
    try:
        steps = np.array(rows)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{what} has sixteenths of unequal length: each holds four pitches.") from error
    if steps.ndim != 2 or not len(steps) or steps.shape[1] != VOICES:
        raise DataError(f"{what} is no list of sixteenths with four pitches each.")
    if steps.dtype.kind != "i" or steps.min() < LOWEST or steps.max() > HIGHEST:
        raise DataError(f"{what} holds something that is no pitch: whole numbers from -1 (silent) to 127 are.")
    return steps.astype(np.int32)


def prepare(source: Path | None, part: str, prepared: Path, is_published: bool) -> tuple[tuple[Path, ...], str, bool]:
    """The folder of MIDI files made of the JSON file `source`, its licence, and that it is free of restrictions.

    `part` and `is_published` are ignored; the file's checksum was compared after the download.

    Raises:
        DataError: when the file is not of the published form, or the folder cannot be written.
    """
    if source is None or not source.is_file():
        raise DataError(f"The chorales are one JSON file, Jsb16thSeparated.json, not {source}.")
    folder = prepared / name_of("jsb", source.read_bytes(), "jsb")
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
