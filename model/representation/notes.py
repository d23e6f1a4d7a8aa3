"""The classic tutorial's music: one note or chord after another, from a vocabulary built out of a corpus.

Plainly spelled, only the order of notes and chords is kept, and they are written an eighth apart, as the tutorial did.
`model.representation.spelling` also knows rests, lengths, waits and chords with octaves. A word that the corpus did not
have becomes the nearest one it had, and `unknown` says which.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError
from model.instruments import programs_of
from model.midi.repairs import cut_overlaps
from model.piece import NOTE, Piece, table
from model.representation.base import Field
from model.representation.spelling import GRID, QUARTERS_PER_SECOND, Nearest, Sound, Spelling, word_of
from model.representation.tokens import Tokens

TICKS_PER_QUARTER = 480
VELOCITY = 90
TOGETHER = 4  # notes closer than a quarter of a beat are struck together, as music21 has it


class Notes(Tokens):
    """One note or chord a step; `vocabulary` is every name the corpus has, sorted."""

    name = "notes"
    left_fades = (2.0, 8.0, 32.0, 128.0)  # notes
    symbol = "note or chord"
    units_per_second = 4.0  # an eighth at 120 bpm
    quantisation = (
        "the order of notes and chords of the first instrument; rests, lengths and octaves of chords where its "
        "vocabulary has them; one loudness, names that the corpus did not have moved to the nearest one"
    )

    def __init__(self, styles: Sequence[str] = (), vocabulary: Sequence[str] = ()) -> None:
        super().__init__(styles, vocabulary)
        self.end_class = len(self.vocabulary)
        self.fields = (Field("note", self.end_class + 1),)
        self.spelling = Spelling.of(self.vocabulary)
        self._nearest = Nearest(self.vocabulary)

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The words of `piece`, int32 (steps, 1) in 0..len(vocabulary)-1.

        Raises:
            DataError: when the vocabulary is empty.
        """
        return self.indices(words_in(piece, self.spelling))

    def indices(self, names: Sequence[str]) -> NDArray[np.int32]:
        """The indices of `names`, or of the nearest known ones, int32 (steps, 1); without what has no nearest one.

        Raises:
            DataError: when the vocabulary is empty.
        """
        if not self.vocabulary:
            raise DataError("This model knows no note yet: its vocabulary comes from the data it is trained on.")
        found = [self._nearest.index_of(name) for name in names]
        return self.steps_of_tokens([index for index in found if index is not None])

    def unknown(self, names: Sequence[str]) -> dict[str, str | None]:
        """The names that are not in the vocabulary, each with the one that stands for it; None where none does."""
        nearest = {name: self._nearest.index_of(name) for name in dict.fromkeys(names) if not self._nearest.knows(name)}
        return {name: None if index is None else self.vocabulary[index] for name, index in nearest.items()}

    def names(self, steps: NDArray[np.int32]) -> list[str]:
        """The names that raw `steps` (steps, 1) stand for."""
        return [self.vocabulary[index] for index in steps[:, 0].tolist()]

    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """A piece at 120 bpm; words without a length follow one another every eighth."""
        rows = [
            (round(onset * TICKS_PER_QUARTER), max(1, round(length * TICKS_PER_QUARTER)), pitch, VELOCITY, 0)
            for onset, length, pitches in self.spelling.sounds(self.names(steps))
            for pitch in pitches
        ]
        notes = np.sort(table(NOTE, rows), order=("onset", "pitch"))
        return Piece(notes=cut_overlaps(notes)[0], ticks_per_quarter=TICKS_PER_QUARTER)

    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, or as they are where the vocabulary lacks one of the moved names."""
        moved = [self._moved(name, semitones) for name in self.names(steps)]
        return self.indices(moved) if all(map(self._nearest.knows, moved)) else steps

    def _moved(self, name: str, semitones: int) -> str:
        """`name` so many semitones higher; an impossible name where that leaves MIDI's range."""
        said = word_of(name)
        if not said.pitches:
            return name
        pitches = tuple(pitch + semitones for pitch in said.pitches)
        return (
            (self.spelling.word(said._replace(pitches=pitches)) or "")
            if 0 <= min(pitches) <= max(pitches) < 128
            else ""
        )


def words_in(piece: Piece, spelling: Spelling) -> list[str]:
    """The words of the first instrument of `piece`, as music21's reading of the same music gives them."""
    timed = in_seconds(piece) if spelling.time_shift else piece
    return spelling.spelled(sounds_in(first_instrument(timed), is_on_grid=not spelling.time_shift))


def sounds_in(notes: NDArray, is_on_grid: bool = True) -> list[Sound]:
    """The notes and chords of `notes`, NOTE rows at `TICKS_PER_QUARTER`.

    Notes less than a sixteenth apart that also end together make a chord, as in music21's reading of MIDI.
    """
    groups = _grouped(notes["onset"], notes["onset"] + notes["duration"], TICKS_PER_QUARTER / TOGETHER)
    found = []
    for group in groups:
        onset = notes["onset"][group[0]] / TICKS_PER_QUARTER
        length = notes["duration"][group[0]] / TICKS_PER_QUARTER
        if is_on_grid:
            onset, length = grid_of(onset) / GRID, grid_of(length) / GRID
        found.append(Sound(onset, length, tuple(notes["pitch"][group].tolist())))
    return found


def in_seconds(piece: Piece) -> Piece:
    """`piece` at 120 bpm throughout, every note at the second where it was."""
    per_second = TICKS_PER_QUARTER * QUARTERS_PER_SECOND
    notes = piece.notes.copy()
    notes["onset"] = np.rint(piece.onsets_s * per_second)
    notes["duration"] = np.maximum(np.rint(piece.offsets_s * per_second) - notes["onset"], 1)
    return Piece(notes=notes, instruments=piece.instruments, ticks_per_quarter=TICKS_PER_QUARTER)


def first_instrument(piece: Piece, instrument: str = "") -> NDArray:
    """The notes of the pitched instrument that is first in `piece`, with those that share its program.

    With an `instrument` ('piano', 'flute', 'strings') the first that is one. NOTE rows at `TICKS_PER_QUARTER`, of one
    instrument; of notes struck together on one key the longest stays.
    """
    used = [index for index in range(len(piece.instruments)) if (piece.notes["instrument"] == index).any()]
    pitched = [index for index in used if not piece.instruments[index].is_drum]
    if instrument:
        pitched = [index for index in pitched if piece.instruments[index].program in programs_of(instrument)]
    if not pitched:
        return piece.notes[:0]
    program = piece.instruments[pitched[0]].program
    wanted = [index for index in pitched if piece.instruments[index].program == program]
    notes = piece.notes[np.isin(piece.notes["instrument"], wanted)].copy()
    scale = TICKS_PER_QUARTER / piece.ticks_per_quarter
    ends = np.rint((notes["onset"] + notes["duration"]) * scale).astype(np.int64)
    notes["onset"] = np.rint(notes["onset"] * scale)
    notes["duration"] = np.maximum(ends - notes["onset"], 1)
    notes["instrument"] = 0
    return np.sort(cut_overlaps(notes)[0], order=("onset", "pitch"))


def grid_of(quarters: float) -> int:
    """The nearest sixteenth, or else triplet eighth, to `quarters`, in twelfths of a quarter."""
    sixteenth, triplet = (_multiple(quarters, step) for step in (3, 4))
    return sixteenth if abs(sixteenth - quarters * GRID) <= abs(triplet - quarters * GRID) + 1e-6 else triplet


def _multiple(quarters: float, step: int) -> int:
    return int(np.ceil(quarters * GRID / step - 0.5)) * step  # halfway down, as music21 rounds


def _grouped(onsets: NDArray, ends: NDArray, tolerance: float) -> list[list[int]]:
    """Indices of notes struck and released together; the first of each group decides what is together with it.

    As in music21 a note can be part of two chords, when it is close to the first notes of both.
    """
    groups: list[list[int]] = []
    taken = np.zeros(len(onsets), dtype=bool)
    for first in range(len(onsets)):
        if taken[first]:
            continue
        group = [first]
        for other in range(first + 1, len(onsets)):
            if onsets[other] - onsets[first] >= tolerance:
                break
            if abs(int(ends[other] - ends[first])) <= tolerance:
                taken[other] = True
                group.append(other)
        groups.append(group)
    return groups
