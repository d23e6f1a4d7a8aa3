"""The report: pieces composed by a tiny network beside real files, as JSON and as a page that needs nothing else."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from model.__main__ import main
from model.analysis.key_and_tempo import found_keys
from model.analysis.metrics import MEANINGS, METRICS
from model.analysis.originality import index_training_set
from model.bundles import Bundle
from model.bundles.store import BundleStore, open_bundle, write_folder
from model.errors import RequestError
from model.evaluation.control_accuracy import ControlAccuracy, combinations, length_figures, near, rank_correlation
from model.evaluation.html_report import render_report
from model.evaluation.report_data import ReportPlan
from model.evaluation.samples import Generate, GeneratedPiece, GenerationRequest, continuations, read_reference
from model.keys import KEYS
from model.midi import write_midi
from model.piece import Instrument, Piece, excerpts
from model.representation import Performance
from tests.model.analysis.test_metrics import piece_of, some_music
from tests.model.made_pieces import scales

LENGTH_S = 6.0


def each(one: Callable[[GenerationRequest], GeneratedPiece]) -> Generate:
    """A composer that makes piece by piece."""
    return lambda requests, _: [one(request) for request in requests]


def made_with(request: GenerationRequest) -> GeneratedPiece:
    """A composer that obeys: some music in the key asked for, as long as asked."""
    key = KEYS.index(request.controls.key) if request.controls.key else 0
    shift = (key + 3) % 12 if key >= 12 else key  # a minor key as its relative major: the detector decides
    notes = round(request.length_s * 4)
    return GeneratedPiece(some_music(request.random_seed, notes, tonic=shift), ended=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six files of real enough music, and one that is none."""
    folder = tmp_path_factory.mktemp("reference")
    for number in range(6):
        (folder / f"{number}.mid").write_bytes(write_midi(some_music(number, 160)))
    (folder / "broken.mid").write_bytes(b"no music")
    return folder


@pytest.fixture(scope="module")
def indexed(bundle: Bundle, run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny bundle with an index of what it learnt, in a folder."""
    from model.bundles import pack

    index = index_training_set(Performance(), run.data.train, run.data.validation)
    folder = tmp_path_factory.mktemp("indexed") / "tiny"
    write_folder(folder, pack(bundle.network(), bundle.card, "tiny", bundle.history, index))
    return folder


@pytest.fixture(scope="module")
def figures(indexed: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the command prints with --json; it writes the page as well."""
    output = tmp_path_factory.mktemp("page") / "report.html"
    options = ["--bundle", str(indexed), "--pieces", "4", "--seconds", str(LENGTH_S), "--reference", str(folder)]
    with redirect_stdout(io.StringIO()) as printed:
        assert main(["report", *options, "-o", str(output), "--json"]) == 0
    return {**json.loads(printed.getvalue().splitlines()[-1]), "page": output.read_text(encoding="utf-8")}


def test_the_report_has_every_figure(figures: dict):
    assert (figures["bundle"], figures["pieces"], figures["length_s"]) == ("tiny", 4, LENGTH_S)
    assert figures["reference"]["pieces"] == 6
    assert figures["reference"]["left_out"] == 1
    assert figures["degeneration"]["composed"].keys() == {*MEANINGS, "any"}
    assert figures["degeneration"]["real_of"] == figures["reference"]["excerpts"]
    assert figures["set_metrics"].keys() == METRICS.keys()
    assert all(len(metric["values"]["composed"]) == 4 for metric in figures["set_metrics"].values())
    assert figures["obedience"]["key"]["pieces"] == 24
    assert 0 < figures["obedience"]["key"]["ceiling"] <= 1
    assert figures["obedience"]["length"]["pieces"] == 3
    assert figures["continuation"]["seeds"] == 2
    assert figures["verdicts"]


def test_originality_stands_beside_that_of_people(figures: dict):
    found = figures["originality"]
    assert found["composed"]["pieces"] == 4
    assert found["human"]["pieces"] == figures["reference"]["excerpts"]
    assert 0 <= found["human"]["share_16"] <= found["composed"]["share_16"] <= 1  # it learnt scales by heart
    assert found["human_left_out"].startswith("0 of 6")


def test_the_page_is_whole_and_fetches_nothing(figures: dict):
    text = figures["page"]
    whole = text.partition("\n")[2].replace('<meta charset="utf-8">', "")
    ElementTree.fromstring(whole)  # noqa: S314  # it was written here; raises where it is not well formed
    assert text.count("<svg") >= 3  # two sets of equal values have no plot
    assert "src=" not in text
    assert set(re.findall(r'href="(.)', text)) <= {"#"}
    assert set(re.findall(r"https?://[^\s\"]*", text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_without_an_index_the_page_says_what_to_do(figures: dict):
    assert "--training" in render_report({**figures, "originality": None})


def test_a_report_on_one_piece_is_refused():
    with pytest.raises(RequestError, match="at least two pieces"):
        ReportPlan(pieces=1)


def test_a_bundle_carries_its_index(indexed: Path, store: BundleStore, run):
    index = open_bundle(str(indexed)).originality()
    assert index is not None
    assert index.share(Performance().decode(run.data.train[0]), 16).value == 1
    assert store.load("tiny").originality() is None


def test_an_index_has_the_control_of_held_out_excerpts(run):
    long = index_training_set(Performance(), run.data.train, scales(3, 400, seed=9))
    assert long.human is not None
    assert long.human.excerpts == 9  # three of half a minute in each hundred seconds
    assert long.human.share_16 > 0.9  # scales are all alike
    assert index_training_set(Performance(), run.data.train, scales(3, 60)).human is None


def test_obedience_is_measured_on_a_composer_that_obeys():
    obedience = ControlAccuracy(each(made_with), Performance(), LENGTH_S * 4, each=2)
    pieces = [piece_of([60, 64, 67, 72, 62, 65, 67, 71] * 50)] * 2  # in C major from start to end
    real = excerpts(pieces, LENGTH_S * 4, 20)
    found = obedience.key(pieces, real)
    assert found["pieces"] == 48
    assert all(found["by_key"][key] == 1 for key in KEYS[:12])
    assert found["found_or_near"] >= 0.75  # what it plays for a minor key is in the relative major
    assert found["ceiling"] == 1  # real music that stays in one key is labelled as it is found
    assert obedience.length() == {
        "pieces": 6,
        "within_5_percent": 1.0,
        "ended_by_itself": 1.0,
        "mean_off": pytest.approx(0),
        "largest_off": pytest.approx(0),
    }


def test_lengths_are_held_against_the_end_of_the_last_note():
    made = [
        GeneratedPiece(piece_of([60] * 40), True),
        GeneratedPiece(piece_of([60] * 30), False),
    ]  # ten seconds, seven and a half
    found = length_figures([10.0, 10.0], made)
    assert (found["within_5_percent"], found["ended_by_itself"], found["largest_off"]) == (0.5, 0.5, 0.25)


def test_densities_rise_with_what_is_asked():
    def make(request: GenerationRequest) -> GeneratedPiece:
        every_ms = {1: 500, 2: 220, 3: 120, 4: 80, 5: 50}[request.controls.density or 3]
        return GeneratedPiece(
            piece_of([60 + index % 12 for index in range(int(request.length_s * 1000) // every_ms)], every_ms), True
        )

    found = ControlAccuracy(each(make), Performance(), 20.0, each=1).density()
    assert found["found"] == 1
    assert found["rank_correlation"] == pytest.approx(1)
    assert found["notes_per_second"]["1"] < found["notes_per_second"]["5"]


def test_tempo_meter_and_instruments_are_read_off_the_piece():
    flute = Piece(notes=piece_of([60] * 20).notes, instruments=(Instrument(73),))
    obedience = ControlAccuracy(each(lambda _: GeneratedPiece(flute, True)), Performance(), 20.0, each=1)
    assert obedience.tempo()["found"] == 0.2  # all are at 120, which is near one of the five asked for
    assert obedience.meter()["found"] == 0.5
    found = ControlAccuracy(
        each(lambda _: GeneratedPiece(flute, True)), Performance(), 20.0, each=1, playable=["flute"]
    ).instruments()
    assert (found["pieces"], found["found"], found["playing_ones_that_were_asked"]) == (8, 1.0, 1.0)
    drums = dataclasses.replace(flute, instruments=(Instrument(is_drum=True),))
    found = ControlAccuracy(
        each(lambda _: GeneratedPiece(drums, True)), Performance(), 20.0, each=1, playable=["flute"]
    ).instruments()
    assert (found["found"], found["asked_ones_that_play"], found["playing_ones_that_were_asked"]) == (0.0, 0.0, 0.0)


def test_arbitrary_combinations_are_asked_for_not_the_commonest():
    names = ("piano", "bass", "drums", "guitar", "brass", "strings", "reed", "flute")
    asked = combinations(names, 60)
    assert {len(one) for one in asked} == {1, 2, 3, 4}
    assert {name for one in asked for name in one} == set(names)
    assert len({frozenset(one) for one in asked}) > 40
    assert asked == combinations(names, 60)


def test_a_neighbouring_key_is_near():
    c, g, a_minor, c_minor, f_sharp = (
        KEYS.index(name) for name in ("C major", "G major", "A minor", "C minor", "F# major")
    )
    assert all(near(c, key) for key in (c, g, a_minor, c_minor))
    assert near(a_minor, c)
    assert not near(c, f_sharp)
    assert not near(c, -1)


def test_rank_correlation_shares_the_ranks_of_ties():
    assert rank_correlation(np.array([1, 2, 2, 3]), np.array([10, 20, 20, 40])) == pytest.approx(1)
    assert rank_correlation(np.array([1, 2]), np.array([2, 1])) == pytest.approx(-1)
    assert rank_correlation(np.array([1, 1]), np.array([2, 1])) is None


def test_a_continuation_that_is_the_real_one_keeps_as_much():
    pieces = [some_music(number, 160, tonic=number) for number in range(4)]  # forty seconds each

    def make(request: GenerationRequest) -> GeneratedPiece:
        assert request.seed is not None
        return GeneratedPiece(request.seed, True)

    found = continuations(each(make), pieces, length_s=10.0, count=4)
    assert found["seeds"] == 4
    assert found["composed"] == {"key": 1, "tempo": 1, "phrases": 1}
    assert found["of_real"]["key"] == pytest.approx(1 / found["real"]["key"])


def test_a_file_of_chorales_is_a_reference(tmp_path: Path):
    path = tmp_path / "jsb.json"
    path.write_text(json.dumps({"train": [[[74, 70, 65, 58]] * 8], "valid": [[[60, 55, 52, 48]] * 8] * 2}))
    reference = read_reference(path)
    assert (reference.split, len(reference.pieces)) == ("valid", 2)
    assert len(read_reference(path, "all").pieces) == 3
    with pytest.raises(RequestError, match="no split 'test'; it has: train, valid"):
        read_reference(path, "test")


def test_a_split_of_the_reference_is_named_as_for_evaluate(folder: Path):
    assert read_reference(folder).split == "all"
    with pytest.raises(RequestError, match="choose one of auto"):
        read_reference(folder, "tset")
    with pytest.raises(RequestError, match="in the split 'train'"):
        read_reference(folder, "train")


@pytest.mark.parametrize("seed", range(5))
def test_the_key_is_the_one_music21_finds(seed: int):
    import music21  # loads slowly, and no other test here needs it

    rng = np.random.default_rng(seed)
    pieces = [some_music(seed, 60, tonic=seed * 5), piece_of(rng.integers(40, 80, 50).tolist(), length_ms=400)]
    for piece in pieces:
        stream = music21.stream.Stream()
        for row in piece.notes:
            note = music21.note.Note(int(row["pitch"]), quarterLength=float(row["duration"]) / piece.ticks_per_quarter)
            stream.insert(float(row["onset"]) / piece.ticks_per_quarter, note)
        key = stream.analyze("key")
        assert found_keys([piece])[0] == key.tonic.pitchClass + (12 if key.mode == "minor" else 0)
