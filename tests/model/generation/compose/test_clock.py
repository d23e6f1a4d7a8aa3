"""New music follows one clock, whatever the seed's tempo map does at its end; bars stay where the seed has them."""

from __future__ import annotations

import numpy as np
import pytest

from model.generation import ComposeOptions, Composer, seeds
from model.generation.joining import SplicePoint, alone, placed
from model.midi import read_midi
from model.piece import METER, NOTE, TEMPO, Piece, table
from tests.model.midi import midi_bytes

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def quarters(count: int, tempos: dict[int, float], meters: tuple = ((0, 4, 4),), first: int = 0) -> Piece:
    """A scale in quarters; `tempos` by quarter, in quarters a minute."""
    rows = [(480 * (first + step), 480, SCALE[step % 8], 80, 0) for step in range(count)]
    changes = [(round(480 * quarter), round(60e6 / bpm)) for quarter, bpm in sorted(tempos.items())]
    return Piece(
        notes=table(NOTE, rows), ticks_per_quarter=480, tempos=table(TEMPO, changes), meters=table(METER, meters)
    )


SEEDS = {
    "one tempo": (quarters(16, {0: 90}), 90),
    "a fermata on the last note": (quarters(16, {0: 120, 15: 30, 16: 120}), 120),
    "a ritardando of two beats": (quarters(24, {0: 120, 22: 60, 23: 30}), 120),
    "a ritardando of eight beats": (quarters(48, {0: 100, **{40 + n: 95 - 8 * n for n in range(8)}}), 100),
    "a last bar at half tempo": (quarters(32, {0: 120, 28: 60}), 120),
    "a change behind the end": (quarters(16, {0: 120, 24: 40}), 120),
    "half tempo from the middle on": (quarters(16, {0: 120, 8: 60}), 60),
    "a second section of nine bars in a long piece": (quarters(236, {0: 120, 200: 80}), 80),
    "a tempo that breathes": (quarters(32, {n: 100 + 6 * (-1) ** n for n in range(32)}), 100),
    "a single note": (quarters(1, {0: 75}), 75),
}


@pytest.mark.parametrize("name", SEEDS)
def test_what_follows_a_seed_goes_at_its_main_tempo(name: str):
    seed, bpm = SEEDS[name]
    after = seeds.going_on(seeds.without_later_changes(seed))
    last = int(seed.notes["onset"].max())
    in_force = after.tempos[after.tempos["tick"] <= last]["quarter_us"][-1]
    assert 60e6 / in_force == pytest.approx(bpm, rel=0.07)
    assert after.tempos["tick"].max() <= last


def test_changes_far_behind_the_last_note_are_no_part_of_a_piece():
    seed = quarters(20, {0: 120, 1_118_501: 153}, meters=((0, 4, 4), (536_880_510, 3, 4)))
    kept = seeds.without_later_changes(seed)
    assert (kept.tempos["tick"].tolist(), kept.meters["tick"].tolist()) == ([0], [0])


def test_the_bytes_of_a_seed_whose_tempo_falls_at_its_last_note_are_continued_at_its_tempo(choir: Composer):
    # Given eight quarters at 120 bpm; 30 bpm from the last of them on (ff 51 03 = microseconds a quarter)
    notes = "".join(f" 00 90 {pitch:02x} 50  83 60 80 {pitch:02x} 00" for pitch in SCALE)
    tempo = "00 ff 51 03 07 a1 20  9a 20 ff 51 03 1e 84 80"
    seed = read_midi(midi_bytes.file(tempo, notes)).piece
    assert seed.tempos["quarter_us"].tolist() == [500_000, 2_000_000]
    # When a model with a beat continues it for 20 s
    made = choir.compose(seed, ComposeOptions(length_s=20, random_seed=1))
    # Then there are 20 s of new music at 120 bpm up to near the end, and that is said
    assert made.piece.tempos["quarter_us"].tolist() == [500_000]
    assert made.piece.end_s - made.seed_s == pytest.approx(20, abs=1.5)
    assert made.piece.onsets_s.max() - made.seed_s > 17
    assert "Continues at 120 bpm, the seed's main tempo." in made.remarks


@pytest.mark.parametrize("mode", ["vary", "accompany"])
def test_a_seed_that_is_not_in_the_file_lends_it_its_tempo_and_its_meters(choir: Composer, mode):
    # Given 16 quarters, the second half at half the tempo and in three
    seed = quarters(16, {0: 120, 8: 60}, meters=((0, 4, 4), (3840, 3, 4)))
    # When it is varied or accompanied, and left out
    made = choir.compose(seed, ComposeOptions(mode=mode, random_seed=1, include_seed=False))
    # Then the music takes as long as the seed, on the same map
    assert made.piece.tempos.tolist() == seed.tempos.tolist()
    assert made.piece.meters.tolist() == seed.meters.tolist()
    assert made.piece.end_s == pytest.approx(12.0, abs=0.6)
    if mode == "vary":
        assert sorted(set(made.piece.onsets_s.tolist())) == pytest.approx(sorted(set(seed.onsets_s.tolist())))


def test_a_variation_behind_its_theme_has_the_tempo_map_once_more(choir: Composer):
    seed = quarters(16, {0: 120, 8: 60})
    made = choir.compose(seed, ComposeOptions(mode="vary", random_seed=1))
    assert made.piece.tempos.tolist() == [(0, 500_000), (3840, 1_000_000), (7680, 500_000), (11520, 1_000_000)]
    assert made.seed_s == pytest.approx(12.0)
    assert made.piece.end_s == pytest.approx(24.0)


def test_a_tempo_that_is_asked_for_takes_the_place_of_the_seeds(choir: Composer):
    from model.controls import Controls

    seed = quarters(16, {0: 120, 8: 60})
    options = ComposeOptions(mode="vary", include_seed=False, controls=Controls(tempo_bpm=90))
    made = choir.compose(seed, options)
    assert made.piece.tempos.tolist() == [(0, 666_667)]


def test_nothing_is_silent_before_the_first_note_and_the_bars_stay_where_they_were():
    # Given music that begins with an upbeat, a quarter before the second bar
    music = quarters(9, {0: 120}, first=3)
    # When it stands alone
    piece = alone(music, 5.0, 0.2, in_beats=True)
    # Then the upbeat is at once, and the bar line a quarter later
    assert piece.notes["onset"].min() == 0
    assert piece.meters.tolist() == [(0, 4, 4), (480, 4, 4)]
    assert seeds.ticks_into_bar(piece, 480) == 0


def test_a_continuation_without_its_seed_keeps_the_seeds_bars():
    after = seeds.in_phase(quarters(4, {0: 120}), phase=3.0)
    assert seeds.next_bar(after, 1) == 480
    assert seeds.in_phase(quarters(4, {0: 120}), phase=0.0).meters.tolist() == [(0, 4, 4)]


def test_new_music_beside_a_seed_stands_on_the_seeds_ticks():
    seed = quarters(8, {0: 120, 4: 60})
    new = Piece(notes=table(NOTE, [(0, 240, 50, 64, 0), (960, 240, 52, 64, 0)]), ticks_per_quarter=240)
    piece = placed(seed, new, SplicePoint(960, in_beats=True))
    np.testing.assert_array_equal(piece.notes["onset"] * 480 / piece.ticks_per_quarter, [960, 2880])
    assert piece.seconds_at(piece.notes["onset"]).tolist() == [1.0, 4.0]
