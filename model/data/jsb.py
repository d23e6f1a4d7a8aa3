"""The JSON in which the JSB chorales are published: splits of pieces of sixteenths of four MIDI pitches.

`{"train": [[[74, 70, 65, 58], ...], ...], "valid": ...}`, from soprano to bass, -1 = silent (the pieces and splits are
those of Boulanger-Lewandowski et al. 2012, "Modeling Temporal Dependencies in High-Dimensional Sequences"). Whatever
else the file holds is refused in a sentence.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError

VOICES = 4
LOWEST, HIGHEST = -1, 127  # -1 = silent
LARGEST_BYTES = 64 << 20  # the chorales take 1 MB


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
