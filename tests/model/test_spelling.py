"""Words of the classic vocabulary: what each spelling keeps, what words sound as, and which word is nearest."""

from __future__ import annotations

import pytest

from model.errors import RequestError
from model.representation.notes import Notes
from model.representation.spelling import PLAIN, Nearest, Sound, Spelling, word_of, word_written

C4, E4, G4, C5 = 60, 64, 67, 72
# a chord for a quarter, a rest of a quarter, two notes struck together of which one is held, a last note
MUSIC = [
    Sound(0.0, 1.0, (E4, G4, C5)),
    Sound(2.0, 0.5, (C4,)),
    Sound(2.0, 1.0, (G4,)),
    Sound(3.0, 1 / 3, (C5,)),
]
SPELLINGS = {
    "the tutorial's": (PLAIN, ["0.4.7", "C4", "G4", "C5"]),
    "with octaves": (Spelling(chords="pitches"), ["E4+G4+C5", "C4", "G4", "C5"]),
    "with rests": (Spelling(rests=True), ["0.4.7", "R", "C4", "G4", "C5"]),
    "with lengths": (Spelling(durations=True), ["0.4.7:2", "C4:0", "G4:1", "C5:1/3"]),
    "with rests and lengths": (
        Spelling(rests=True, durations=True),
        ["0.4.7:1", "R:1", "C4:0", "G4:1", "C5:1/3"],
    ),
    "in seconds": (Spelling(time_shift=1.0), ["0.4.7", ">1", "C4", "G4", ">1", "C5"]),
    "in 10 ms": (Spelling(time_shift=0.01), ["0.4.7", ">1", "C4", "G4", ">0.5", "C5"]),
    "with an ending": (Spelling(endings=True), ["0.4.7", "C4", "G4", "C5", "END"]),
}


@pytest.mark.parametrize(("spelling", "words"), SPELLINGS.values(), ids=SPELLINGS)
def test_each_spelling_keeps_what_it_says(spelling, words):
    assert spelling.spelled(MUSIC) == words


@pytest.mark.parametrize("name", ["with rests and lengths", "in 10 ms"])
def test_words_with_time_sound_when_the_music_did(name):
    spelling, words = SPELLINGS[name]
    assert [sound.onset for sound in spelling.sounds(words)] == [sound.onset for sound in MUSIC]


def test_words_without_time_follow_one_another_every_eighth():
    sounds = PLAIN.sounds(["C4", "0.4.7", "C5"])
    assert [(sound.onset, sound.length) for sound in sounds] == [(0.0, 0.5), (0.5, 0.5), (1.0, 0.5)]
    assert Spelling(rests=True).sounds(["C4", "R", "C5"])[1].onset == 1.0


def test_a_vocabulary_shows_how_it_was_spelled():
    for spelling, words in SPELLINGS.values():
        assert Spelling.of(words).rests == spelling.rests
        assert Spelling.of(words).durations == spelling.durations
        assert Spelling.of(words).endings == spelling.endings
        assert Spelling.of(words).chords == spelling.chords
    assert Spelling.of([">0.01", ">0.5", "C4"]).time_shift == 0.01


@pytest.mark.parametrize(
    ("written", "name"),
    [("e4+c5+g4", "E4+G4+C5"), ("0.4.7", "C4+E4+G4"), ("rest", "R:0.5"), ("Eb4:1/3", "E-4:1/3"), ("C4", "C4:0.5")],
)
def test_both_notations_of_a_chord_are_read_and_written(written, name):
    spelling = Spelling(chords="pitches", rests=True, durations=":" in name)
    assert spelling.word(word_written(written)) == name
    assert word_of(name).pitches == word_written(written).pitches
    if "+" in name:
        assert PLAIN.word(word_written(written)) == "0.4.7"


@pytest.mark.parametrize("wrong", ["C4:", "C4:x", ">", "C4:1/0", "R:-1", "E4+H4"])
def test_what_is_no_word_is_refused_in_a_sentence(wrong):
    with pytest.raises(RequestError):
        word_written(wrong)


@pytest.mark.parametrize(
    ("vocabulary", "unknown", "nearest"),
    [
        (("C4", "G4", "0.4.7"), "F#4", "G4"),
        (("C4", "0.3.7", "2.6.9"), "0.4.7", "0.3.7"),
        (("C4+E4+G4", "E4+G4+C5", "C4"), "F4+G4+C5", "E4+G4+C5"),
        (("C4:0.5", "C4:2", "R:1"), "C4:1.5", "C4:2"),
        (("R:1", "R:4", "C4:1"), "R:0.5", "R:1"),
        ((">0.1", ">1", "C4"), ">0.7", ">1"),
        (("C4", "E4"), "R", None),
    ],
)
def test_an_unknown_word_becomes_the_nearest_of_its_kind(vocabulary, unknown, nearest):
    index = Nearest(vocabulary).index_of(unknown)
    assert (None if index is None else vocabulary[index]) == nearest


def test_a_piece_survives_words_and_back_where_they_keep_time():
    spelling = Spelling(chords="pitches", rests=True, durations=True)
    words = spelling.spelled(MUSIC)
    notes = Notes(vocabulary=tuple(sorted(set(words))))
    piece = notes.decode(notes.indices(words))
    assert [(int(n["onset"]) / 480, int(n["pitch"])) for n in piece.notes] == [
        (0, E4), (0, G4), (0, C5), (2, C4), (2, G4), (3, C5),
    ]  # fmt: skip
