"""What a classic piece can start from: nothing, names of notes, a MIDI file, or a random place in the training data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.classic.corpus import NOTES_FILE, NamedCorpus
from model.errors import DataError, MidiError, RequestError
from model.midi import read_midi
from model.representation.notes import Notes, words_in
from model.representation.spelling import END, Spelling, word_written

RANDOM = "random"  # the word that asks for a random place
RANDOM_NOTES = 100  # of a random place
MOST_SAID = 5  # names that a remark lists
NEAREST = "Some notes of the start are unknown to this model and were replaced by the nearest it knows: {said}."
DROPPED = "Left out of the start, because this model has nothing like it: {words}."


@dataclass(frozen=True)
class Start:
    """Notes that the network hears first, int32 (notes,); whether the piece begins with them, and what to say."""

    notes: NDArray[np.int32]
    is_part_of_piece: bool = True
    remarks: tuple[str, ...] = ()


def start_of(given: str | None, notes: Notes, folder: Path, random_seed: int) -> Start:
    """What `given` means.

    Args:
        given: None or '' for nothing; 'random'; a MIDI file's path; or words such as 'C4 E4+G4+C5 0.4.7 R'.
        notes: of the bundle.
        folder: where the bundle was trained, for a random place.
        random_seed: decides which place.

    Raises:
        RequestError: when it is none of these, or the bundle has no random places.
        MidiError: when the file cannot be read.
    """
    if not (given or "").strip():
        return Start(np.zeros(0, dtype=np.int32))
    text = str(given).strip()
    if text == RANDOM:
        return Start(_random(notes, folder, random_seed), is_part_of_piece=False)
    if Path(text).suffix.lower() in (".mid", ".midi") or Path(text).is_file():
        return of_names(names_of_file(Path(text), notes.spelling), notes)
    return of_words(text.replace(",", " ").split(), notes)


def of_words(written: Sequence[str], notes: Notes) -> Start:
    """A start from words as people write them: 'eb4' is 'E-4'; a rest where the model knows none is left out, and said.

    Raises:
        RequestError: when one is no word, or nothing is left.
    """
    said = [word_written(word) for word in written]
    names = [notes.spelling.word(word) for word in said]
    dropped = tuple(dict.fromkeys(word for word, name in zip(written, names, strict=True) if name is None))
    start = of_names([name for name in names if name is not None], notes)
    if not len(start.notes):
        raise RequestError("Nothing of the start is known to this model: give it some notes, such as C4 E4 G4.")
    if not dropped:
        return start
    return replace(start, remarks=(DROPPED.format(words=", ".join(dropped[:MOST_SAID])), *start.remarks))


def of_names(names: Sequence[str], notes: Notes) -> Start:
    """A start from `names`; those that the vocabulary lacks become the nearest known ones, which the remark says."""
    unknown = notes.unknown(names)
    nearest = {name: known for name, known in unknown.items() if known is not None}
    said = ", ".join(f"{name} by {known}" for name, known in list(nearest.items())[:MOST_SAID])
    more = f" and {len(nearest) - MOST_SAID} more" if len(nearest) > MOST_SAID else ""
    remarks = [NEAREST.format(said=said + more)] if nearest else []
    if dropped := [name for name, known in unknown.items() if known is None]:
        remarks.append(DROPPED.format(words=", ".join(dropped[:MOST_SAID])))
    return Start(notes.indices(names)[:, 0], remarks=tuple(remarks))


def names_of_file(path: Path, spelling: Spelling) -> list[str]:
    """The words of the MIDI file `path`.

    Raises:
        RequestError: when it cannot be opened, or has no notes with a pitch.
        MidiError: when it is refused.
    """
    try:
        names = words_in(read_midi(path.read_bytes()).piece, spelling)
    except OSError as error:
        raise RequestError(f"The start {path} cannot be read: {error.strerror}.") from error
    except MidiError as error:
        raise MidiError(f"{path}: {error.sentence}", error.code) from error
    names = [name for name in names if name != END]
    if not names:
        raise RequestError(f"{path} has only drums: give a start with notes that have a pitch.")
    return names


def _random(notes: Notes, folder: Path, random_seed: int) -> NDArray[np.int32]:
    """A window of the training data that the run in `folder` parsed."""
    try:
        pieces = NamedCorpus.load(folder / NOTES_FILE).train
    except DataError as error:
        raise RequestError(
            "Random places of the training data are known only beside a bundle that `python -m model classic` wrote: "
            "name its folder, or give --start some notes or a MIDI file."
        ) from error
    rng = np.random.default_rng(random_seed)
    names = pieces[int(rng.integers(len(pieces)))].names
    first = int(rng.integers(max(1, len(names) - RANDOM_NOTES)))
    return notes.indices(names[first : first + RANDOM_NOTES])[:, 0]
