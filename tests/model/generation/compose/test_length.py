"""How long a piece is to be: in seconds, in bars, and where its last onset comes."""

from __future__ import annotations

import pytest

from model.controls import Controls
from model.errors import RequestError
from model.generation.conditions import length_of
from model.generation.options import ComposeOptions
from model.representation import representation_of

PIANO, SCORE, VOICES = (representation_of(name) for name in ("performance", "score", "voices"))
NOTHING = Controls()


@pytest.mark.parametrize(("asked_s", "left"), [(30, 2856), (5, 476), (300, 29850)])
def test_in_free_time_the_last_onset_comes_a_little_before_the_end(asked_s: float, left: int):
    length = length_of(PIANO, ComposeOptions(length_s=asked_s), NOTHING)
    assert (length.left, length.seconds) == (left, asked_s)
    assert left / 100 + 2 * length.ring_s <= asked_s * 1.048 + 1e-9


def test_half_a_minute_is_usual():
    assert length_of(PIANO, ComposeOptions(), NOTHING) == length_of(PIANO, ComposeOptions(length_s=30), NOTHING)


def test_free_time_has_no_bars():
    with pytest.raises(RequestError, match="counts no bars: give the length in seconds"):
        length_of(PIANO, ComposeOptions(bars=8), NOTHING)


@pytest.mark.parametrize(
    ("meter", "bars", "downbeat"), [("4/4", 8, 28), ("3/4", 8, 21), ("6/8", 4, 9), ("4/4", 1, 3), (None, 2, 4)]
)
def test_in_bars_the_last_onset_is_the_last_downbeat(meter: str | None, bars: int, downbeat: int):
    length = length_of(SCORE, ComposeOptions(bars=bars), Controls(meter=meter, tempo_bpm=120))
    assert length.left == downbeat * 24


def test_seconds_are_counted_at_the_tempo():
    length = length_of(SCORE, ComposeOptions(length_s=30), Controls(tempo_bpm=96))  # 48 quarters
    assert (length.left, length.seconds) == (44 * 24, 30)


def test_slow_bars_end_on_the_last_beat_instead():
    assert length_of(SCORE, ComposeOptions(length_s=30), Controls(tempo_bpm=30)).left == 14 * 24


def test_music_that_starts_within_a_bar_ends_on_a_downbeat_all_the_same():
    length = length_of(SCORE, ComposeOptions(bars=4), Controls(meter="4/4", tempo_bpm=120), phase=3.0)
    assert (3 + length.left / 24) % 4 == 0


def test_steps_that_are_time_itself_fill_the_length():
    assert length_of(VOICES, ComposeOptions(length_s=30), NOTHING).left == 160  # sixteenths at 80 quarters a minute
    assert length_of(VOICES, ComposeOptions(bars=4), NOTHING).left == 64


def test_more_bars_than_a_piece_may_last_are_refused():
    with pytest.raises(RequestError, match="200 bars would last 800 seconds at this tempo; a piece may last 300"):
        length_of(SCORE, ComposeOptions(bars=200), Controls(tempo_bpm=60))
