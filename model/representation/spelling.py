"""How sounds become words and words become sounds: the vocabulary of the classic workflow.

A word is a note (`C4`), a chord by pitch classes (`0.4.7`) or with octaves (`E4+G4+C5`), a rest (`R`), a wait (`>0.5`
seconds) or `END`. Notes, chords and rests may carry a length: `C4:0.5`, `R:1`. Called by `model.representation.notes`
and `model.classic`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model.errors import RequestError
from model.representation.chords import NAMES, distance_to, name_of, pitch_written, pitches_of, profile

REST, END, WAIT = "R", "END", ">"
RESTS_WRITTEN = ("r", "rest")  # lower-case spellings of a rest that people write
EIGHTH = 0.5  # quarters: the length of a word that carries none
GRID = 12  # lengths are multiples of a twelfth of a quarter: sixteenths and triplets
LONGEST = 8.0  # quarters; longer notes and rests are cut, so that the vocabulary stays small
SHORTEST_REST = 0.25  # quarters
QUARTERS_PER_SECOND = 2.0  # at 120 bpm
MOST_SHIFTS = 100  # time shifts that one wait may stand for, as in Performance RNN
FEWEST_SHIFTS = 8

Kind = Literal["note", "chord", "rest", "wait", "end"]
KINDS: tuple[Kind, ...] = ("note", "chord", "rest", "wait", "end")


class Sound(NamedTuple):
    """Notes struck and released together; `onset` and `length` in quarters at 120 bpm."""

    onset: float
    length: float
    pitches: tuple[int, ...]


class Word(NamedTuple):
    """What a word says; `length` in quarters (of a wait: in seconds), None where the word has none."""

    kind: Kind
    pitches: tuple[int, ...] = ()
    length: float | None = None


@dataclass(frozen=True)
class Spelling:
    """What the words of a corpus keep of its music.

    Attributes:
        chords: by pitch classes in normal order, as the tutorial has them, or with octaves.
        rests: whether silence is a word.
        durations: whether words carry the time to the next word, in quarters (after waits: their length in seconds).
        time_shift: the unit of waits in seconds; 0 = no waits, words follow at even distances or by their lengths.
        endings: whether pieces end with `END`.
    """

    chords: Literal["classes", "pitches"] = "classes"
    rests: bool = False
    durations: bool = False
    time_shift: float = 0.0
    endings: bool = False

    @classmethod
    def of(cls, vocabulary: Iterable[str]) -> Spelling:
        """The spelling that the words of `vocabulary` show."""
        words = list(vocabulary)
        waits = [Fraction(word[1:]).limit_denominator(1000) for word in words if word.startswith(WAIT)]
        return cls(
            chords="pitches" if any("+" in word for word in words) else "classes",
            rests=any(word.partition(":")[0] == REST for word in words),
            durations=any(":" in word for word in words),
            time_shift=float(min(waits)) if waits else 0.0,
            endings=END in words,
        )

    def word(self, said: Word) -> str | None:
        """`said` as this spelling writes it; None where it has no such word."""
        if said.kind == "end":
            return END if self.endings else None
        if said.kind == "wait":
            return f"{WAIT}{said.length:g}" if self.time_shift and said.length is not None else None
        if said.kind == "rest" and not self.rests:
            return None
        name = REST if said.kind == "rest" else self._named(said.pitches)
        if not self.durations:
            return name
        return f"{name}:{_written(EIGHTH if said.length is None else said.length)}"

    def _named(self, pitches: tuple[int, ...]) -> str:
        if self.chords == "classes" or len(set(pitches)) == 1:
            return name_of(pitches if self.chords == "classes" else pitches[:1])
        return "+".join(NAMES[pitch] for pitch in sorted(set(pitches)))

    def spelled(self, sounds: Sequence[Sound]) -> list[str]:
        """The words of `sounds`, in order of time and then of the lowest pitch."""
        ordered = sorted(sounds, key=lambda sound: (sound.onset, min(sound.pitches)))
        words = self._with_waits(ordered) if self.time_shift else self._in_turn(ordered)
        return [*(text for word in words if (text := self.word(word)) is not None), *([END] if self.endings else [])]

    def _in_turn(self, sounds: Sequence[Sound]) -> Iterable[Word]:
        """Sounds one after another; with durations, each lasts until the next one or the rest before it."""
        ends = np.maximum.accumulate([sound.onset + sound.length for sound in sounds]).tolist()
        nexts = [*(sound.onset for sound in sounds[1:]), ends[-1] if ends else 0.0]
        for sound, end, following in zip(sounds, ends, nexts, strict=True):
            gap = following - end
            is_silent = self.rests and gap >= SHORTEST_REST
            until = end if is_silent else following
            yield Word("chord" if len(sound.pitches) > 1 else "note", sound.pitches, _cut(until - sound.onset))
            if is_silent:
                yield Word("rest", (), _cut(gap))

    def _with_waits(self, sounds: Sequence[Sound]) -> Iterable[Word]:
        """Sounds with the time between them as waits of whole shifts."""
        unit, now = self.time_shift * QUARTERS_PER_SECOND, None
        most = int(np.clip(round(1 / self.time_shift), FEWEST_SHIFTS, MOST_SHIFTS))
        for sound in sounds:
            slot = int(np.floor(sound.onset / unit + 0.5))
            left = 0 if now is None else slot - now
            while left > 0:
                shifts = min(left, most)
                yield Word("wait", (), round(shifts * self.time_shift, 4))
                left -= shifts
            now = slot
            seconds = max(1, round(sound.length / unit)) * self.time_shift
            length = round(min(seconds, LONGEST), 4)
            yield Word("chord" if len(sound.pitches) > 1 else "note", sound.pitches, length)

    def sounds(self, names: Sequence[str]) -> list[Sound]:
        """The sounds that `names` stand for; times in quarters at 120 bpm."""
        return self._waited(names) if self.time_shift else _one_after_another(names)

    def passing(self, name: str) -> float:
        """How much time passes with the word `name`; quarters at 120 bpm."""
        said = word_of(name)
        if self.time_shift:
            return (said.length or 0.0) * QUARTERS_PER_SECOND if said.kind == "wait" else 0.0
        if said.kind in ("end", "wait"):
            return 0.0
        return EIGHTH if said.length is None else said.length

    def _waited(self, names: Sequence[str]) -> list[Sound]:
        """Sounds between waits; one without a length sounds through the wait after it, at least an eighth."""
        found: list[Sound] = []
        now, struck = 0.0, 0
        for name in names:
            said = word_of(name)
            if said.kind == "wait":
                passed = (said.length or 0.0) * QUARTERS_PER_SECOND
                now += passed
                for place in range(len(found) if self.durations else struck, len(found)):
                    found[place] = found[place]._replace(length=max(EIGHTH, min(passed, LONGEST / 4)))
                struck = len(found)
            elif said.pitches:
                length = EIGHTH if said.length is None else said.length * QUARTERS_PER_SECOND
                found.append(Sound(now, length, said.pitches))
        return found


def _one_after_another(names: Sequence[str]) -> list[Sound]:
    """Each word lasts its length or an eighth; one of length 0 sounds as long as the next."""
    found: list[Sound] = []
    now, together = 0.0, 0
    for name in names:
        said = word_of(name)
        length = EIGHTH if said.length is None else said.length
        if said.pitches:
            found.append(Sound(now, length, said.pitches))
        if length and said.kind not in ("end", "wait"):
            for place in range(together, len(found)):
                found[place] = found[place]._replace(length=found[place].length or length)
            now, together = now + length, len(found)
    return [sound._replace(length=sound.length or EIGHTH) for sound in found]


PLAIN = Spelling()  # the tutorial's


def word_of(name: str) -> Word:
    """What `name`, a word of a vocabulary, says.

    Raises:
        RequestError: it is no word.
    """
    if name == END:
        return Word("end")
    if name.startswith(WAIT):
        return Word("wait", (), _length(name[1:], name))
    sound, colon, written = name.partition(":")
    length = _length(written, name) if colon else None
    if sound == REST:
        return Word("rest", (), length)
    pitches = pitches_of(sound)
    return Word("chord" if len(pitches) > 1 else "note", pitches, length)


def word_written(text: str) -> Word:
    """What a word that a person wrote says: 'eb4', 'rest', 'e4+g4+c5', '7.0.4', 'C4:1/3'.

    Raises:
        RequestError: it is no word.
    """
    sound, colon, written = text.partition(":")
    length = _length(written, text) if colon else None
    if sound.lower() in (REST.lower(), *RESTS_WRITTEN):
        return Word("rest", (), length)
    if sound[:1].isdigit() or sound[:1] == WAIT or text == END:
        return word_of(text)
    pitches = tuple(sorted({pitch_written(part) for part in sound.split("+")}))
    return Word("chord" if len(pitches) > 1 else "note", pitches, length)


def _cut(length: float) -> float:
    return min(round(length * GRID) / GRID, LONGEST)


def _written(length: float) -> str:
    """A length as music21 writes it: '0.5', '1', '1/3'."""
    exact = Fraction(length).limit_denominator(1000)
    return str(exact) if exact.denominator % 3 == 0 else f"{float(exact):g}"


def _length(text: str, name: str) -> float:
    try:
        length = float(Fraction(text))
    except (ValueError, ZeroDivisionError) as error:
        raise RequestError(f"'{name}' has no length after its sign: write C4:0.5, R:1 or >0.25.") from error
    if not 0 <= length <= 1000:
        raise RequestError(f"'{name}' is too long: lengths go up to 1000.")
    return length


@dataclass
class Nearest:
    """Finds the word in a vocabulary that comes nearest to one that is not in it."""

    vocabulary: tuple[str, ...]
    _found: dict[str, int | None] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._index = {name: index for index, name in enumerate(self.vocabulary)}
        self._words = [word_of(name) for name in self.vocabulary]
        self._has_octaves = any("+" in name for name in self.vocabulary)

    def knows(self, name: str) -> bool:
        """Whether `name` is in the vocabulary."""
        return name in self._index

    def index_of(self, name: str) -> int | None:
        """The index of `name` or of what is nearest; None where the vocabulary has nothing of its kind.

        To a note that is the next pitch, to a chord the one to which its voices move least, to a rest or a wait the
        next length. Chords stand for chords and notes for notes while the vocabulary has both.
        """
        if name in self._index:
            return self._index[name]
        if name not in self._found:
            self._found[name] = self._nearest(word_of(name))
        return self._found[name]

    @cached_property
    def _kinds(self) -> NDArray[np.str_]:
        return np.array([word.kind for word in self._words])

    @cached_property
    def _profiles(self) -> NDArray[np.float64]:
        return np.array([profile(word.pitches) for word in self._words]).reshape(-1, 12)

    @cached_property
    def _distances(self) -> NDArray[np.float64]:
        return distance_to(self._profiles)

    @cached_property
    def _heights(self) -> NDArray[np.float64]:
        return np.array([float(np.mean(word.pitches)) if word.pitches else 0.0 for word in self._words])

    @cached_property
    def _lengths(self) -> NDArray[np.float64]:
        return np.array([EIGHTH if word.length is None else word.length for word in self._words])

    def _nearest(self, word: Word) -> int | None:
        of_kind = self._kinds == word.kind
        if not of_kind.any() and word.pitches:
            of_kind = np.isin(self._kinds, ("note", "chord"))
        if not of_kind.any():
            return None
        apart = np.abs(self._lengths - (EIGHTH if word.length is None else word.length))
        if word.pitches:
            is_voiced = word.kind == "chord" or "note" not in self._kinds
            apart = apart / 2 + (self._moved(word) if is_voiced else np.abs(self._heights - word.pitches[0]))
        return int(np.argmin(np.where(of_kind, apart, np.inf)))

    def _moved(self, word: Word) -> NDArray[np.float64]:
        """Semitones that all voices move, both ways, and a tenth of what the chord's middle moves; (vocabulary,)."""
        own = profile(word.pitches)
        there = (self._profiles * distance_to(own[None])[0]).sum(axis=1) + (own * self._distances).sum(axis=1)
        height = np.abs(self._heights - float(np.mean(word.pitches))) / 10 if self._has_octaves else 0.0
        return there + height
