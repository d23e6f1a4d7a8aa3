"""Which model composes when nobody names one, and what the member is told about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.contract import ComposeRequest, ModelInfo
from model.controls import FAMILIES, METERS
from model.keys import KEYS
from model.midi import read_midi
from model.model_choice import metricality, traits
from tests.worker import seeds
from tests.worker.seeds import DRUMS, FLUTE
from worker.handlers.compose import Choice, choose

BUNDLED = Path(__file__).resolve().parents[2] / "sandbox" / "seeds" / "prelude_in_c.mid"
ALL = ("continue", "vary", "accompany")
BEAT = {"has_beat": True, "modes": ALL, "keys": KEYS, "meters": METERS}
PIANO = ModelInfo(name="piano", version="1", title="P", default=True, modes=ALL, controls=("key", "density"), keys=KEYS)
ENSEMBLE = ModelInfo(
    name="ensemble", version="1", title="E", styles=("waltz", "pop"), instruments=FAMILIES,
    controls=("style", "key", "tempo_bpm", "meter", "density", "instruments"), **BEAT,
)  # fmt: skip
CHORALE = ModelInfo(name="chorale", version="1", title="C", controls=("key", "meter"), **BEAT)
MODELS = (CHORALE, ENSEMBLE, PIANO)


def chosen(seed=None, models=MODELS, **wishes) -> Choice:
    request = ComposeRequest(job_id="1", requester_id=1, channel_id=1, random_seed=1, **wishes)
    return choose(models, request, seed)


@pytest.mark.parametrize(
    ("seed", "name", "because"),
    [
        (seeds.performance(), "piano", "a piano performance in free time"),
        (seeds.performance(FLUTE), "piano", "a performance in free time"),
        (seeds.written(), "ensemble", "music with a beat"),
        (seeds.written(late=8), "ensemble", "music with a beat"),
        (seeds.band(), "ensemble", "a band with drums"),
        (seeds.chorale(), "chorale", "four voices, like a chorale"),
        (seeds.chorale(players=1), "chorale", "four voices, like a chorale"),
    ],
    ids=["performance", "flute in free time", "written", "a little off", "band", "chorale", "chorale on an organ"],
)
def test_a_seed_finds_the_model_that_fits_it_and_the_member_is_told_why(seed, name, because):
    choice = chosen(seed)
    assert choice.model.name == name
    assert choice.reason == f"Chosen for your seed: {because}."


def test_without_a_seed_the_default_composes_and_nothing_has_to_be_said():
    assert chosen() == Choice(PIANO)
    assert chosen(key="C minor", density=3) == Choice(PIANO)


def test_a_model_that_is_named_composes_whatever_the_seed_is():
    assert chosen(seeds.band(), model="piano") == Choice(PIANO)


def test_the_only_model_there_is_needs_no_reason():
    assert chosen(seeds.band(), models=(PIANO,)) == Choice(PIANO)


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        ({"style": "Waltz"}, "the style"),
        ({"instruments": ("drums", "bass")}, "the instruments"),
        ({"tempo_bpm": 120.0}, "the tempo"),
        ({"meter": "3/4", "tempo_bpm": 90.0, "key": "G major"}, "the key, tempo and meter"),
        ({"bars": 16, "style": "pop"}, "the style and length in bars"),
        ({"bars": 4}, "the length in bars"),
    ],
)
def test_without_a_seed_a_wish_that_the_default_does_not_know_finds_the_model_that_does(wishes, words):
    assert chosen(**wishes) == Choice(ENSEMBLE, f"Composed by ensemble, which supports {words} you asked for.")


def test_a_style_outweighs_the_seed_and_a_tempo_does_not():
    assert chosen(seeds.performance(), style="pop").model.name == "ensemble"
    assert chosen(seeds.performance(), tempo_bpm=90.0).model.name == "piano"


def test_bars_go_to_a_model_that_counts_them_whatever_the_seed_is():
    choice = chosen(seeds.performance(), bars=8)
    assert choice.model.name == "ensemble"
    assert "which supports the length in bars you asked for" in choice.reason


def test_a_model_that_cannot_do_what_is_asked_of_the_seed_stands_back():
    seed = {"digest": "0" * 64, "size": 1, "name": "a.mid"}
    plain = ENSEMBLE.model_copy(update={"modes": ("continue",)})
    request = ComposeRequest(job_id="1", requester_id=1, channel_id=1, random_seed=1, mode="vary", seed=seed)
    assert choose((plain, PIANO), request, seeds.band()).model.name == "piano"


def test_onsets_anywhere_are_no_grid_and_those_on_a_beat_are():
    assert metricality(seeds.performance(notes=2000)) < 0.15
    assert metricality(seeds.written()) == 1.0
    assert metricality(seeds.band()) == 1.0


def test_a_few_notes_tell_nothing_of_a_beat():
    assert metricality(seeds.performance(notes=4)) == 0.0


def test_drums_alone_are_an_ensemble():
    known = traits(seeds.written(DRUMS))
    assert known.is_ensemble
    assert known.description == "a drum loop"


def test_the_bundled_seed_is_played_with_feeling_and_so_the_piano_s():
    assert chosen(read_midi(BUNDLED.read_bytes()).piece).model.name == "piano"
