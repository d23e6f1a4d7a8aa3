"""Composing in bars for several instruments, with a network that has learnt nothing: what holds must hold by rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model.bundles import BundleStore, Card, pack
from model.controls import Controls
from model.generation import ComposeOptions, Composer
from model.network import PRESETS, NoteNetwork
from model.piece import METER, NOTE, TEMPO, Instrument, Piece, table

TUNE = Piece(
    notes=table(NOTE, [(240 * place, 240, 60 + place % 12, 80, 0) for place in range(24)]),
    instruments=(Instrument(40, name="fiddle"),),
    ticks_per_quarter=480,
    tempos=table(TEMPO, [(0, 600_000)]),
    meters=table(METER, [(0, 3, 4)]),
)


@pytest.fixture(scope="module")
def band(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    """A composer with a new, tiny network on the score representation."""
    update = {"representation": "score", "styles": ("tune", "quartet", "pop")}
    network = NoteNetwork(PRESETS["tiny"].model_copy(update=update))
    folder: Path = tmp_path_factory.mktemp("band")
    store = BundleStore(folder)
    card = Card(title="Band", description="Made for tests.", data="none", licence="CC0-1.0")
    store.point("band", store.add("band", pack(network, card, "band", [])))
    return Composer(store.load("band"))


def test_a_piece_is_in_the_meter_and_tempo_that_were_asked_for_and_as_many_bars_long(band: Composer):
    asked = Controls(meter="3/4", tempo_bpm=90)
    made = band.compose(None, ComposeOptions(bars=8, controls=asked, random_seed=3))
    piece = made.piece
    assert made.ended
    assert set(piece.meters[["numerator", "denominator"]].tolist()) == {(3, 4)}
    np.testing.assert_allclose(60e6 / piece.tempos["quarter_us"], 90, rtol=0.015)
    line = int(piece.meters["tick"][-1])  # the first bar line after an upbeat
    last = float(piece.notes["onset"].max() - line) / piece.ticks_per_quarter / 3
    assert last in {4, 5, 6, 7}  # the last downbeat; what is empty before the first note is left out
    assert piece.notes["onset"].min() == 0


def test_only_the_instruments_that_were_asked_for_play(band: Composer):
    asked = Controls(instruments=("strings", "pipe"))
    piece = band.compose(None, ComposeOptions(length_s=10, controls=asked, random_seed=1)).piece
    played = {piece.instruments[index].program // 8 for index in piece.notes["instrument"]}
    assert played
    assert played <= {5, 9}
    assert not any(piece.instruments[index].is_drum for index in piece.notes["instrument"])


def test_a_seed_is_continued_on_its_beat_and_in_its_meter(band: Composer):
    made = band.compose(TUNE, ComposeOptions(length_s=8, random_seed=5))
    assert made.composed_notes > 0
    piece = made.piece
    before = piece.notes[piece.onsets_s < made.seed_s - 1e-6]
    ticks = before["onset"] * (480 / piece.ticks_per_quarter)
    assert ticks.tolist() == TUNE.notes["onset"].tolist()
    grid = piece.notes["onset"] * 24 / piece.ticks_per_quarter
    np.testing.assert_allclose(grid, np.rint(grid), atol=0.06)


def test_a_variation_keeps_the_rhythm_and_who_plays(band: Composer):
    made = band.compose(TUNE, ComposeOptions(mode="vary", strength=0.3, random_seed=2, include_seed=False))
    piece = made.piece
    quarters = piece.notes["onset"] / piece.ticks_per_quarter
    assert quarters.tolist() == (TUNE.notes["onset"] / 480).tolist()
    assert {piece.instruments[index].program for index in piece.notes["instrument"]} == {40}
    assert piece.notes["pitch"].tolist() != TUNE.notes["pitch"].tolist()


def test_an_accompaniment_leaves_the_melody_as_it_is(band: Composer):
    made = band.compose(TUNE, ComposeOptions(mode="accompany", random_seed=4))
    piece = made.piece
    rows = {
        (round(note["onset"] * 480 / piece.ticks_per_quarter), int(note["pitch"]))
        for note in piece.notes
        if piece.instruments[note["instrument"]].program == 40
    }
    assert {(int(note["onset"]), int(note["pitch"])) for note in TUNE.notes} <= rows
    assert made.composed_notes > 0
