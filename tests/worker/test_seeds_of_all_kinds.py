"""What is right for small seeds of all kinds: which model composes, and what the member reads."""

from __future__ import annotations

import numpy as np
import pytest

from model.bundles.abilities import Candidate
from model.model_choice import ModelRequirements, choose
from model.piece import NOTE, Instrument, Piece, table
from tests.worker import seeds

PIANO = Candidate(name="piano", default=True, controls=("key", "density"))
ENSEMBLE = Candidate(
    name="ensemble", controls=("style", "key", "tempo_bpm", "meter", "density", "instruments"), has_beat=True,
    styles=("pop", "air"), instruments=("piano", "flute", "strings", "guitar"),
)  # fmt: skip
CHORALE = Candidate(name="chorale", controls=("key",), has_beat=True)
BAND = Candidate(**{**vars(ENSEMBLE), "name": "band", "instruments": ("piano", "bass", "drums")})
SHIPPED = (CHORALE, ENSEMBLE, PIANO)


def rows(*notes: tuple[int, int, int], player: int = 0) -> list[tuple[int, int, int, int, int]]:
    return [(onset, duration, pitch, 80, player) for onset, duration, pitch in notes]


def piece(notes: list, *instruments: Instrument, ticks: int = 480) -> Piece:
    return Piece(table(NOTE, notes), instruments or (Instrument(0),), ticks)


def tune(bars: int = 8) -> list[tuple[int, int, int]]:
    return [(240 * n, 230, 67 + (n * 5) % 9) for n in range(8 * bars)]


def chords(bars: int = 8, each: int = 1920) -> list[tuple[int, int, int]]:
    starts = range(0, bars * 1920, each)
    return [(start, each - 10, 48 + degree + (start // each) % 4) for start in starts for degree in (0, 4, 7)]


def played(count: int, seed: int = 1, ticks: int = 480) -> list[tuple[int, int, int]]:
    rng = np.random.default_rng(seed)
    onsets = np.cumsum(rng.integers(30, 500, count))
    return [(int(onset), int(rng.integers(80, 900)), int(rng.integers(40, 84))) for onset in onsets]


FREE_PIANO, BEAT, VOICES = "a piano performance in free time", "music with a beat", "four voices, like a chorale"
KINDS = {
    "chords by the bar under a melody, one piano": (piece(rows(*tune(), *chords())), "ensemble", BEAT),
    "chords by the half bar under a melody": (piece(rows(*tune(), *chords(each=960))), "ensemble", BEAT),
    "chords by the beat under a melody": (piece(rows(*tune(), *chords(each=480))), "ensemble", BEAT),
    "chords on a guitar under a fiddle": (
        piece(rows(*tune()) + rows(*chords(), player=1), Instrument(40), Instrument(24)),
        "ensemble", "music for several instruments",
    ),
    "chords in long notes under a melody in long notes": (
        piece(rows(*[(480 * n, 470, 67 + (n * 5) % 9) for n in range(32)], *chords())), "ensemble", BEAT,
    ),
    "four voices": (seeds.chorale(), "chorale", VOICES),
    "four voices on one organ": (seeds.chorale(players=1), "chorale", VOICES),
    "a motif of four notes on the beat": (
        piece(rows((0, 480, 60), (480, 480, 62), (960, 480, 64), (1440, 480, 60))), "ensemble", BEAT,
    ),
    "a motif of five sixteenths and a quarter": (
        piece(rows(*[(120 * n, 110, 60 + n) for n in range(5)], (600, 480, 67))), "ensemble", BEAT,
    ),
    "a motif in triplets": (piece(rows(*[(160 * n, 150, 60 + n) for n in range(6)])), "ensemble", BEAT),
    "a motif of two quarters": (piece(rows((0, 480, 60), (480, 480, 62))), "ensemble", BEAT),
    "one chord": (piece(rows((0, 1920, 60), (0, 1920, 64), (0, 1920, 67))), "piano", "a single note or chord"),
    "a motif of four notes played by hand": (
        piece(rows((0, 431, 60), (497, 390, 62), (951, 503, 64), (1466, 377, 60))), "piano", FREE_PIANO,
    ),
    "a recorded performance": (seeds.performance(), "piano", FREE_PIANO),
    "thirty notes recorded": (piece(rows(*played(30))), "piano", FREE_PIANO),
    "recorded on a harpsichord": (piece(rows(*played(60)), Instrument(6)), "piano", FREE_PIANO),
    "recorded on an organ": (piece(rows(*played(60)), Instrument(19)), "piano", "a keyboard performance in free time"),
    "recorded on a flute": (piece(rows(*played(60)), Instrument(73)), "piano", "a performance in free time"),
    "a written piano piece": (seeds.written(), "ensemble", BEAT),
    "a written tune alone": (piece(rows(*tune()), Instrument(40)), "ensemble", BEAT),
    "a tune a little off the beat": (seeds.written(late=8), "ensemble", BEAT),
    "a duet": (
        piece(rows(*tune()) + rows(*tune(), player=1), Instrument(73), Instrument(71)),
        "ensemble", "music for several instruments",
    ),
    "a band": (seeds.band(), "ensemble", "a band with drums"),
    "a drum loop": (seeds.written(seeds.DRUMS), "ensemble", "a drum loop"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_finds_the_model_that_is_right_for_it(kind: str):
    seed, name, because = KINDS[kind]
    model, reason = choose(SHIPPED, ModelRequirements(), seed)
    assert (model.name, reason) == (name, f"Chosen for your seed: {because}.")


@pytest.mark.parametrize("seed", [seeds.band(), seeds.written(seeds.DRUMS)], ids=["a band", "a drum loop"])
def test_drums_go_to_whoever_knows_drums(seed):
    assert choose((*SHIPPED, BAND), ModelRequirements(), seed)[0].name == "band"


def test_of_the_instruments_asked_for_who_plays_more_of_them_composes():
    asked = {"instruments": ("piano", "bass")}
    model, reason = choose((*SHIPPED, BAND), ModelRequirements(asked=asked), None)
    assert model.name == "band"
    assert reason == "Composed by band, which supports the instruments you asked for."
