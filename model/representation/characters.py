"""Music as a text, one character a step, for networks that learn music the way they learn prose.

A text is words, each followed by a space. `C#4:6` strikes C sharp 4 and holds it for six twelfths of a quarter note;
`>3` lets three of them (a sixteenth) pass. Words without a wait between them sound together: `C4:12 E4:12 >12 G4:24 `
is a third of a quarter note's length, then a half note. (Karpathy 2015, "The Unreasonable Effectiveness of Recurrent
Neural Networks", and Sturm et al. 2016, "Music Transcription Modelling and Composition", train on texts like these.)
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.piece import NOTE, Piece, table
from model.representation.base import Field, Situation, Tensor
from model.representation.tokens import Tokens

ALPHABET = " #-0123456789:>ABCDEFG"
GRID = 12  # time units in a quarter note: sixteenths and triplets are exact
TICKS_PER_UNIT = 40
VELOCITY = 80
LARGEST = 999  # units that one word can say; longer waits take several, longer notes are cut
SHARPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
WORD = re.compile(r"(?:([A-G]#?)(-1|\d):|>)([1-9]\d{0,2})")

_CODE = {character: code for code, character in enumerate(ALPHABET)}
_PITCH_CLASS = {name: pitch_class for pitch_class, name in enumerate(SHARPS)}
# Where in a word a text stands: what has been written of it.
START, LETTER, LAST_LETTER, SHARP, MINUS, OCTAVE, COLON, WAIT = range(8)  # LAST_LETTER: E or B, which have no sharp
LENGTH_1, LENGTH_2, WAIT_1, WAIT_2, FULL = range(8, 13)  # so many digits of a number, which begins with 1 to 9
STATES = 13


def _grammar() -> NDArray[np.int32]:
    """Where each character leads from each state, (STATES, characters + END); -1 where it cannot follow."""
    leads = np.full((STATES, len(ALPHABET) + 1), -1, dtype=np.int32)

    def lead(state: int, characters: str, to: int) -> None:
        leads[state, [_CODE[character] for character in characters]] = to

    lead(START, "ACDFG", LETTER)
    lead(START, "BE", LAST_LETTER)
    lead(START, ">", WAIT)
    leads[START, len(ALPHABET)] = START  # END
    lead(LETTER, "#", SHARP)
    for state in (LETTER, LAST_LETTER, SHARP):
        lead(state, "-", MINUS)
        lead(state, "0123456789", OCTAVE)
    lead(MINUS, "1", OCTAVE)
    lead(OCTAVE, ":", COLON)
    for first, second, third in ((COLON, LENGTH_1, LENGTH_2), (WAIT, WAIT_1, WAIT_2)):
        lead(first, "123456789", second)
        lead(second, "0123456789", third)
        lead(third, "0123456789", FULL)
    for state in (LENGTH_1, LENGTH_2, WAIT_1, WAIT_2, FULL):
        lead(state, " ", START)
    return leads


_LEADS = _grammar()
_DIGIT = np.array([int(character) if character.isdigit() else 0 for character in ALPHABET] + [0], dtype=np.int32)
_IS_DIGIT = np.array([character.isdigit() for character in ALPHABET] + [False])
_SPACE, _WAIT = _CODE[" "], _CODE[">"]


class Characters(Tokens):
    """One character a step; a grammar refuses what is no word."""

    name = "characters"
    end_class = len(ALPHABET)
    fields = (Field("character", len(ALPHABET) + 1),)
    left_fades = (6.0, 24.0, 96.0, 384.0)  # an eighth to eight bars
    symbol = "character"
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
        spaces, others = (np.flatnonzero(part[:, 0] == _SPACE) for part in (beginning, ending))
        head = beginning[: spaces[-1] + 1] if len(spaces) else beginning[:0]
        return np.concatenate([head, ending[others[0] + 1 :] if len(others) else ending[:0]])

    def onsets(self, steps: NDArray[np.int32]) -> NDArray[np.int64]:
        """The time that each character is written at, in twelfths of a quarter note, int64 (characters,)."""
        passed = np.zeros(len(steps), dtype=np.int64)
        for word in re.finditer(r">(\d+) ", self.text(steps)):
            passed[word.end() - 1] = int(word.group(1))
        return np.cumsum(passed)

    def silence(self, batch: int, ops: Any) -> Situation:
        """Before the first word: `place` is the state in the grammar, `wait` the number of a `>` so far, (batch,)."""
        zeros = ops.zeros((batch,), dtype="int32")
        return {"place": zeros, "wait": zeros}

    def advance(self, situation: Situation, step: dict[str, Tensor], ops: Any) -> Situation:
        """The situation after one character; where the grammar refuses it, that of a new word."""
        character = step["character"]
        place, wait = situation["place"], situation["wait"]
        to = ops.take(ops.reshape(_LEADS, (-1,)), place * _LEADS.shape[1] + character)
        passed = ops.where(character == _SPACE, wait, 0)
        is_waiting = ops.logical_and(_in_wait(place, wait, ops), ops.take(_IS_DIGIT, character))
        longer = wait * 10 + ops.take(_DIGIT, character)
        return {
            **self.waited(situation, passed, ops),
            "place": ops.maximum(to, START),
            "wait": ops.where(is_waiting, longer, ops.where(character == _SPACE, 0, wait)),
        }

    def allowed(self, field: str, situation: Situation, ops: Any) -> Tensor:
        """What can be the next character of a word, bool (..., 23)."""
        return ops.take(_LEADS, situation["place"], axis=0) >= 0

    def openings(self, situation: Situation, ops: Any) -> Tensor:
        """Which characters composing may draw: no wait beyond the last onset that was asked for; END there only."""
        left, wait = ops.expand_dims(situation["left"], -1), ops.expand_dims(situation["wait"], -1)
        place = ops.expand_dims(situation["place"], -1)
        codes = np.arange(len(ALPHABET) + 1)
        at_least = ops.where(ops.logical_and(_in_wait(place, wait, ops), _IS_DIGIT), wait * 10 + _DIGIT, 0)
        at_least = ops.where(codes == _WAIT, 1, at_least)  # a number begins with 1 at least
        in_time = ops.logical_or(left == -1, at_least <= left)
        return ops.where(codes == self.end_class, left == 0, in_time)


def _in_wait(place: Tensor, wait: Tensor, ops: Any) -> Tensor:
    """Whether a digit written here belongs to a wait."""
    return ops.logical_or(place == WAIT, wait > 0)


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
