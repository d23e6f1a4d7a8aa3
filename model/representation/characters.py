"""Music as a text, one character a step, for networks that learn music the way they learn prose.

A text is words, each followed by a space. `C#4:6` strikes C sharp 4 and holds it for six twelfths of a quarter note;
`>3` lets three of them (a sixteenth) pass. Words without a wait between them sound together: `C4:12 E4:12 >12 G4:24 `
is a third of a quarter note's length, then a half note. (Karpathy 2015, "The Unreasonable Effectiveness of Recurrent
Neural Networks", and Sturm et al. 2016, "Music Transcription Modelling and Composition", train on texts like these.)
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from model.piece import NOTE, Piece, table
from model.representation import token_laws
from model.representation.base import Field
from model.representation.token_laws import ALPHABET, SPACE_CODE
from model.representation.tokens import Tokens

GRID = 12  # time units in a quarter note: sixteenths and triplets are exact
TICKS_PER_UNIT = 40
VELOCITY = 80
LARGEST = 999  # units that one word can say; longer waits take several, longer notes are cut
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
WORD = re.compile(r"(?:([A-G]#?)(-1|\d):|>)([1-9]\d{0,2})")

_CODE = {character: code for code, character in enumerate(ALPHABET)}
_PITCH_CLASS = {name: pitch_class for pitch_class, name in enumerate(SHARPS)}


class Characters(Tokens):
    """One character a step; a grammar refuses what is no word."""

    name = "characters"
    end_class = len(ALPHABET)
    state = token_laws.CHARACTER_STATE
    start = staticmethod(token_laws.start_characters)
    fields = (Field("character", len(ALPHABET) + 1),)
    left_fades = (6.0, 24.0, 96.0, 384.0)  # an eighth to eight bars
    symbol = "character"
    units_per_step = 0  # most characters are written without time passing
    units_per_second = 2.0 * GRID  # it is written at 120 bpm
    quantisation = (
        "onsets and lengths on sixteenths and triplets, the tempo 120 bpm, one loudness, drums, pedal and silence "
        "before the first note left out, all instruments played by one piano, notes cut at 83 quarter notes"
    )

    def encode(self, piece: Piece) -> NDArray[np.int32]:
        """The characters of `piece`'s text, int32 (characters, 1)."""
        return self.codes(text_of(piece))

    def codes(self, text: str) -> NDArray[np.int32]:
        """`text` as raw steps, int32 (characters, 1); characters that are not in the alphabet are left out."""
        return self.steps_of_tokens([_CODE[character] for character in text if character in _CODE])

    def text(self, steps: NDArray[np.int32]) -> str:
        """The text that raw `steps` (characters, 1) are."""
        return "".join(ALPHABET[code] for code in steps[:, 0].tolist())

    def decode(self, steps: NDArray[np.int32]) -> Piece:
        """The piece that the text says, for one piano at 120 bpm."""
        return piece_of(self.text(steps))

    def spliced(self, beginning: NDArray[np.int32], ending: NDArray[np.int32]) -> NDArray[np.int32]:
        """The whole words of `beginning` and then those of `ending`."""
        spaces, others = (np.flatnonzero(part[:, 0] == SPACE_CODE) for part in (beginning, ending))
        head = beginning[: spaces[-1] + 1] if len(spaces) else beginning[:0]
        return np.concatenate([head, ending[others[0] + 1 :] if len(others) else ending[:0]])

    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """The time that each character is written at, in twelfths of a quarter note, int64 (characters,)."""
        passed = np.zeros(len(steps), dtype=np.int64)
        for word in re.finditer(r">(\d+) ", self.text(steps)):
            passed[word.end() - 1] = int(word.group(1))
        return np.cumsum(passed)


def text_of(piece: Piece) -> str:
    """The text of `piece`: its words in order of time, at one moment by rising pitch; '' without pitched notes."""
    pitched = np.array([not instrument.is_drum for instrument in piece.instruments], dtype=bool)
    notes = piece.notes[pitched[piece.notes["instrument"]]]
    if not len(notes):
        return ""
    onsets = np.rint(notes["onset"] * GRID / piece.ticks_per_quarter).astype(np.int64)
    ends = np.rint((notes["onset"] + notes["duration"]) * GRID / piece.ticks_per_quarter).astype(np.int64)
    longest: dict[tuple[int, int], int] = {}
    for onset, end, pitch in zip(onsets.tolist(), ends.tolist(), notes["pitch"].tolist(), strict=True):
        longest[onset, pitch] = max(longest.get((onset, pitch), 1), end - onset)
    words, now = [], min(onset for onset, _ in longest)
    for (onset, pitch), length in sorted(longest.items()):
        full, rest = divmod(onset - now, LARGEST)
        words += [f">{LARGEST}"] * full + [f">{rest}"] * (rest > 0)
        words.append(f"{SHARPS[pitch % 12]}{pitch // 12 - 1}:{min(length, LARGEST)}")
        now = onset
    return "".join(f"{word} " for word in words)


def piece_of(text: str) -> Piece:
    """The piece that `text` says; what is no word is passed over, and so are notes above MIDI's G9."""
    rows, now = [], 0
    for word in text.split(" "):
        if (said := WORD.fullmatch(word)) is None:
            continue
        name, octave, number = said.groups()
        if name is None:
            now += int(number)
        elif (pitch := _PITCH_CLASS.get(name, 128) + 12 * (int(octave) + 1)) < 128:
            rows.append((now * TICKS_PER_UNIT, int(number) * TICKS_PER_UNIT, pitch, VELOCITY, 0))
    return Piece(notes=table(NOTE, rows), ticks_per_quarter=GRID * TICKS_PER_UNIT)
