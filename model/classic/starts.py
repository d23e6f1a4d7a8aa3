"""What a classic piece can start from: nothing, names of notes, a MIDI file, or a random place in the training data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.errors import MidiError, RequestError
from model.files import replace_file
from model.midi import read_midi
from model.representation.chords import NAMES, is_chord, name_of, pitch_written, pitches_of
from model.representation.notes import Notes, names_in

RANDOM = "random"  # the word that asks for a random place
FILE = "starts.json"  # windows of the training data, beside a bundle that training wrote
MOST_STARTS = 64
MOST_SAID = 5  # names that a remark lists


@dataclass(frozen=True)
class Start:
    """Notes that the network hears first, int32 (notes,); whether the piece begins with them, and what to say."""

    notes: NDArray[np.int32]
    is_part_of_piece: bool = True
    remarks: tuple[str, ...] = ()


def start_of(wish: str | None, notes: Notes, folder: Path, random_seed: int) -> Start:
    """What `wish` means.

    Args:
        wish: None or '' for nothing; 'random'; a MIDI file's path; or names such as 'C4 E4 G4' and '0.4.7'.
        notes: of the bundle.
        folder: where the bundle was trained, for a random place.
        random_seed: decides which place.

    Raises:
        RequestError: when it is none of these, or the bundle has no random places.
        MidiError: when the file cannot be read.
    """
    if not (wish or "").strip():
        return Start(np.zeros(0, dtype=np.int32))
    text = str(wish).strip()
    if text == RANDOM:
        return Start(_random(notes, folder, random_seed), is_part_of_piece=False)
    if Path(text).suffix.lower() in (".mid", ".midi") or Path(text).is_file():
        return of_names(names_of_file(Path(text)), notes)
    names = [canonical(word) for word in text.replace(",", " ").split()]
    return of_names(names, notes)


def of_names(names: Sequence[str], notes: Notes) -> Start:
    """A start from `names`; those that the vocabulary lacks become the nearest known ones, which the remark says."""
    unknown = notes.unknown(names)
    said = ", ".join(f"{name} by {known}" for name, known in list(unknown.items())[:MOST_SAID])
    more = f" and {len(unknown) - MOST_SAID} more" if len(unknown) > MOST_SAID else ""
    remarks = (
        (f"The model does not know every note of the start; the nearest it knows stands in: {said}{more}.",)
        if unknown
        else ()
    )
    return Start(notes.indices(names)[:, 0], remarks=remarks)


def names_of_file(path: Path) -> list[str]:
    """The names of the notes and chords in the MIDI file `path`.

    Raises:
        RequestError: when it cannot be opened, or has no notes with a pitch.
        MidiError: when it is refused.
    """
    try:
        names = names_in(read_midi(path.read_bytes()).piece)
    except OSError as error:
        raise RequestError(f"The start {path} cannot be read: {error.strerror}.") from error
    except MidiError as error:
        raise MidiError(f"{path}: {error.sentence}", error.code) from error
    if not names:
        raise RequestError(f"{path} has only drums: give a start with notes that have a pitch.")
    return names


def canonical(word: str) -> str:
    """A name as people write it in the spelling of the vocabulary: 'eb4' and 'D#4' are 'E-4', '7.0.4' is '0.4.7'.

    Raises:
        RequestError: when it is no name of a note or a chord.
    """
    if is_chord(word):
        return name_of(pitches_of(word))
    return NAMES[pitch_written(word)]


def write_starts(folder: Path, pieces: Sequence[Sequence[str]], length: int) -> None:
    """Keep some windows of `pieces` (names of notes) in `folder`, evenly spread, as random places to start from."""
    places = [(piece, first) for piece in pieces for first in range(0, max(1, len(piece) - length), length)]
    chosen = [places[index] for index in np.linspace(0, len(places) - 1, min(MOST_STARTS, len(places))).astype(int)]
    with replace_file(folder / FILE) as file:
        file.write(json.dumps([list(piece[first : first + length]) for piece, first in chosen]).encode())


def _random(notes: Notes, folder: Path, random_seed: int) -> NDArray[np.int32]:
    try:
        starts = json.loads((folder / FILE).read_bytes())
        chosen = starts[int(np.random.default_rng(random_seed).integers(len(starts)))]
        return notes.indices(chosen)[:, 0]
    except (OSError, ValueError, TypeError) as error:
        raise RequestError(
            "Random places of the training data are kept only beside a bundle that `train` wrote: name its folder with "
            "--bundle, or give --start some notes or a MIDI file."
        ) from error
