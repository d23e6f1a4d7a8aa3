"""Every control that was asked for is checked on the finished piece; what it does not have is said."""

from __future__ import annotations

import numpy as np
import pytest

from model.controls import Controls
from model.generation import ComposeOptions
from model.generation.control_checks import fulfilment_of, parts_left_behind
from model.piece import METER, NOTE, TEMPO, Instrument, Piece, table
from model.representation import Performance, Score, Voices

MAJOR = np.array([0, 4, 7, 12, 11, 7, 5, 4, 2, 7, 4, 0])
PIANO, FLUTE, BASS, DRUMS = Instrument(0), Instrument(73), Instrument(33), Instrument(is_drum=True)


def music(
    *players: tuple[Instrument, int],
    tonic: int = 60,
    bpm: float = 120,
    meter: tuple[int, int] = (4, 4),
    step: int = 240,
) -> Piece:
    """Eighths of a major key, so many notes for each player in turn."""
    rows = [
        (step * number, step, int(tonic + MAJOR[number % 12]), 80, player)
        for player, (_, count) in enumerate(players)
        for number in range(count)
    ]
    return Piece(
        table(NOTE, rows),
        tuple(instrument for instrument, _ in players),
        480,
        table(TEMPO, [(0, round(60e6 / bpm))]),
        table(METER, [(0, *meter)]),
    )


def missed(piece: Piece, representation=None, not_learnt=(), new_s=None, **options) -> dict[str, str]:
    """The reason for each thing that was asked for and is not there."""
    length = options.pop("length_s", None)
    asked = ComposeOptions(length_s=length, controls=Controls(**options))
    found = fulfilment_of(asked, piece, representation or Score(), not_learnt, new_s)
    return {one.asked: one.reason for one in found.missed}


ALONE = music((PIANO, 96))


@pytest.mark.parametrize(
    "asked",
    [
        {"key": "C major"}, {"tempo_bpm": 120}, {"tempo_bpm": 115}, {"meter": "4/4"}, {"density": 2},
        {"instruments": ("piano",)}, {"instruments": ("electric piano", "piano")},
    ],
)  # fmt: skip
def test_what_a_piece_has_is_honoured(asked):
    expected = {"electric piano"} if "electric piano" in asked.get("instruments", ()) else set()
    assert set(missed(ALONE, **asked)) == expected


@pytest.mark.parametrize(
    ("asked", "what", "reason"),
    [
        ({"key": "F# major"}, "F# major", "Asked for F# major: it came out nearer to C major."),
        ({"tempo_bpm": 90}, "90 bpm", "Asked for 90 bpm: the piece goes at 120 bpm."),
        ({"meter": "3/4"}, "3/4", "Asked for 3/4: the piece is in 4/4."),
        ({"density": 5}, "dense", "Asked for dense music: it came out light."),
        ({"instruments": ("piano", "flute")}, "flute", "Asked for flute: it hardly plays here; played piano alone."),
        ({"instruments": ("flute",)}, "flute", "Asked for flute: it hardly plays here; played piano alone."),
    ],
)
def test_what_a_piece_does_not_have_is_missed_and_said(asked, what, reason):
    assert missed(ALONE, **asked) == {what: reason}


def test_an_instrument_that_was_not_learnt_is_named_so():
    said = missed(ALONE, not_learnt=("bass",), instruments=("piano", "bass"))
    assert said == {"bass": "Asked for bass: this model hasn't learnt bass; played piano alone."}


def test_an_instrument_needs_a_twentieth_of_the_notes():
    few, enough = music((PIANO, 96), (FLUTE, 4)), music((PIANO, 96), (FLUTE, 6))
    assert list(missed(few, instruments=("piano", "flute"))) == ["flute"]
    assert missed(enough, instruments=("piano", "flute")) == {}


def test_drums_are_drums_and_no_instrument_of_the_same_number():
    agogo = music((Instrument(113), 50), (PIANO, 50))
    assert list(missed(agogo, instruments=("drums", "piano"))) == ["drums"]
    assert missed(music((DRUMS, 50), (PIANO, 50)), instruments=("drums", "piano")) == {}


@pytest.mark.parametrize(
    ("representation", "asked", "reason"),
    [
        (Performance(), {"tempo_bpm": 90}, "Tempo ignored: this model plays in free time."),
        (Performance(), {"meter": "3/4"}, "Meter ignored: this model plays in free time."),
        (Voices(), {"density": 2}, "Density ignored: this model can't be told how dense to play."),
    ],
)
def test_what_the_model_cannot_be_told_is_said(representation, asked, reason):
    assert list(missed(ALONE, representation, **asked).values()) == [reason]


def test_a_length_that_was_missed_is_said_and_one_that_was_met_is_not():
    assert missed(ALONE, length_s=30.0, new_s=29.0) == {}
    (reason,) = missed(ALONE, length_s=60.0, new_s=24.0).values()
    assert reason.startswith("Asked for 60 s: the music lasts 24 s")


def test_parts_of_a_seed_that_do_not_go_on_are_said():
    seed = music((PIANO, 30), (BASS, 30), (DRUMS, 30))
    new = music((PIANO, 30))
    assert parts_left_behind(seed, new, (128,)) == (
        "Your seed's bass guitar and drums don't go on after the join: this model hasn't learnt drums.",
    )
    assert parts_left_behind(seed, seed, ()) == ()
    assert parts_left_behind(music((PIANO, 9), (FLUTE, 9)), new, ()) == (
        "Your seed's flute doesn't go on after the join: only piano here.",
    )
