"""The classic tutorial's music: one note or chord after another, from a vocabulary built out of a corpus.

Of the music only the order of notes and chords is kept: no rhythm, no loudness, no octave of a chord. It is written an
eighth apart, as the tutorial did, so that its users' models train and play here. A note or chord that the corpus did
not have becomes the nearest one it had, and `unknown` says which.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError
from model.midi.repairs import cut_overlaps
from model.piece import NOTE, Piece, table
from model.representation.base import Field
from model.representation.chords import PITCH_OF, Nearest, name_of, pitches_of
from model.representation.tokens import Tokens

TICKS_PER_QUARTER = 480
APART = TICKS_PER_QUARTER // 2  # ticks from one note or chord to the next, for which it sounds: an eighth
VELOCITY = 90
TOGETHER = 4  # notes closer than a quarter of a beat are struck together, as music21 has it
GRID = 12  # onsets are read on sixteenths and triplets: twelfths of a beat


class Notes(Tokens):
    """One note or chord a step; `vocabulary` is every name the corpus has, sorted."""

    name = "notes"
    left_fades = (2.0, 8.0, 32.0, 128.0)  # notes
    symbol = "note or chord"
    units_per_second = 4.0  # an eighth at 120 bpm
    quantisation = (
        "the order of notes and chords of the first instrument and nothing else: even eighths, one loudness, chords "
        "without their octave, names that the corpus did not have moved to the nearest one"
    )

    def __init__(self, styles: Sequence[str] = (), vocabulary: Sequence[str] = ()) -> None:
        super().__init__(styles, vocabulary)
        self.end_class = len(self.vocabulary)
        self.fields = (Field("note", self.end_class + 1),)
        self._nearest = Nearest(self.vocabulary)

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The notes and chords of `piece`, int32 (steps, 1) in 0..len(vocabulary)-1.

        Raises:
            DataError: when the vocabulary is empty.
        """
        return self.indices(names_in(piece))

    def indices(self, names: Sequence[str]) -> NDArray[np.int32]:
        """The indices of `names`, or of the nearest known ones, int32 (steps, 1).

        Raises:
            DataError: when the vocabulary is empty.
        """
        if not self.vocabulary:
            raise DataError("This model knows no note yet: its vocabulary comes from the data it is trained on.")
        return self.steps_of_tokens([self._nearest.index_of(name) for name in names])

    def unknown(self, names: Sequence[str]) -> dict[str, str]:
        """The names among `names` that are not in the vocabulary, each with the one that stands for it."""
        return {
            name: self.vocabulary[self._nearest.index_of(name)]
            for name in dict.fromkeys(names)
            if not self._nearest.knows(name)
        }

    def names(self, steps: NDArray[np.int32]) -> list[str]:
        """The names that raw `steps` (steps, 1) stand for."""
        return [self.vocabulary[index] for index in steps[:, 0].tolist()]

    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """A piece at 120 bpm, one note or chord every eighth."""
        rows: list[tuple[int, int, int, int, int]] = []
        for position, name in enumerate(self.names(steps)):
            rows += [(position * APART, APART, pitch, VELOCITY, 0) for pitch in pitches_of(name)]
        return Piece(notes=table(NOTE, rows), ticks_per_quarter=TICKS_PER_QUARTER)

    def transposed(self, steps: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
        """`steps` moved by `semitones`, or as they are where the vocabulary lacks one of the moved names."""
        moved = [_moved(name, semitones) for name in self.names(steps)]
        return self.indices(moved) if all(map(self._nearest.knows, moved)) else steps


def names_in(piece: Piece) -> list[str]:
    """The names of the notes and chords of `first_instrument`, in order of time.

    Notes less than a sixteenth apart that also end together make a chord, as in music21's reading of MIDI.
    """
    notes = first_instrument(piece)
    groups = _grouped(notes["onset"], notes["onset"] + notes["duration"], TICKS_PER_QUARTER / TOGETHER)
    places = [(grid_of(notes["onset"][group[0]] / TICKS_PER_QUARTER), notes["pitch"][group]) for group in groups]
    places.sort(key=lambda place: (place[0], int(place[1].min())))
    return [name_of(pitches.tolist()) for _, pitches in places]


def first_instrument(piece: Piece) -> NDArray:
    """The notes of the pitched instrument that is first in `piece`, with those that share its program.

    NOTE rows at `TICKS_PER_QUARTER`, of one instrument; of notes struck together on one key the longest stays.
    """
    used = [index for index in range(len(piece.instruments)) if (piece.notes["instrument"] == index).any()]
    pitched = [index for index in used if not piece.instruments[index].is_drum]
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


def _moved(name: str, semitones: int) -> str:
    """`name` so many semitones higher; an impossible name where that leaves MIDI's range."""
    if name in PITCH_OF:
        pitch = PITCH_OF[name] + semitones
        return name_of([pitch]) if 0 <= pitch < 128 else ""
    classes = [(int(part) + semitones) % 12 for part in name.split(".")]
    return name_of(classes if len(classes) > 1 else classes * 2)
