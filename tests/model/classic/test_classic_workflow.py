"""The classic workflow as its users go through it: a folder, training, stopping, going on, composing, looking."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from model.__main__ import main
from model.bundles import open_bundle
from model.classic.corpus import NamedCorpus, read_corpus
from model.classic.parsing import _limit
from model.classic.run import DataCard, fit, trained
from model.classic.settings import ClassicSettings
from model.isolated import ChildDied, Message, Task, map_isolated
from model.midi import read_midi, write_midi
from model.network import PRESETS
from model.piece import NOTE, TEMPO, Piece, table

SMALL = ["--window", "8", "--batch", "16", "--units", "12", "--layers", "2", "--dense", "8", "--notes", "12"]


def tune(step: int, notes: int = 40) -> bytes:
    """A tune of single notes with a chord on every fourth."""
    rows = []
    for place in range(notes):
        pitch = 60 + (0, 2, 4, 5, 7, 9, 11)[place * step % 7]
        rows += [(place * 240, 240, pitch + above, 80, 0) for above in ((0, 4, 7) if place % 4 == 0 else (0,))]
    return write_midi(Piece(notes=table(NOTE, rows), ticks_per_quarter=480))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Four tunes, a damaged file, and a harmless-looking one with 150,000 beats of silence, which music21 hangs on."""
    folder = tmp_path_factory.mktemp("midi_songs")
    for step in range(1, 5):
        (folder / f"{step}.mid").write_bytes(tune(step))
    (folder / "damaged.mid").write_bytes(tune(1)[:40])
    far = Piece(
        notes=table(NOTE, [(0, 240, 60, 80, 0), (150_000 * 480, 240, 64, 80, 0)]),
        ticks_per_quarter=480,
        tempos=table(TEMPO, [(0, 20_000)]),
    )
    (folder / "hostile.mid").write_bytes(write_midi(far))
    return folder


@pytest.fixture(scope="module")
def cache(tmp_path_factory) -> Path:
    """What was read of the folder is kept here."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def run(folder, cache, tmp_path_factory) -> Path:
    """A run of one epoch, and then, resumed, of a second one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CADENZA_CACHE", str(cache))
        out = tmp_path_factory.mktemp("runs") / "classic"
        assert classic(folder, out, "--epochs", "1") == 0
        # the sizes are those of the run
        assert (
            main(["classic", "--out", str(out), "--step", "train", "--epochs", "2", "--resume", "--batch", "16"]) == 0
        )
    return out


def classic(folder: Path, out: Path, *options: str) -> int:
    return main(["classic", *SMALL, "--data", str(folder), "--out", str(out), *options])


def compose(run: Path, tmp_path: Path, *options: str, capsys) -> dict:
    capsys.readouterr()
    assert main(["compose", "--bundle", str(run), "-o", str(tmp_path / "out.mid"), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def test_one_command_leaves_everything(run):
    names = {file.name for file in run.iterdir()}
    assert {"notes.json", "model.keras", "weights.npz", "CARD.md"} <= names
    assert {f"test_output.{suffix}" for suffix in ("mid", "png", "musicxml", "mp3")} <= names
    assert (run / "test_output.mp3").read_bytes()[:3] == b"ID3"
    assert [file.name[:9] for file in sorted((run / "weights").iterdir())] == ["epoch-001", "epoch-002"]
    kept = json.loads((run / "notes.json").read_text())
    assert [piece["name"] for piece in kept["pieces"]] == ["1.mid", "2.mid", "3.mid", "4.mid"]
    assert set(kept["left_out"]) == {"damaged.mid", "hostile.mid"}


def test_a_training_is_not_overwritten_by_accident(run, folder, cache, monkeypatch, capsys):
    monkeypatch.setenv("CADENZA_CACHE", str(cache))
    assert classic(folder, run) == 1
    assert "add --resume" in capsys.readouterr().err


def test_a_training_goes_on_with_the_sizes_it_began_with(run, capsys):
    step = ["classic", "--out", str(run), "--step", "train", "--resume", "--units", "13"]
    assert main(step) == 1
    assert "has units 12" in capsys.readouterr().err


@pytest.mark.parametrize("epoch", [1, 2])
def test_every_epoch_can_be_composed_from(run, epoch, capsys):
    capsys.readouterr()
    step = ["classic", *SMALL, "--out", str(run), "--step", "compose", "--epoch", str(epoch), "--json"]
    assert main(step) == 0
    assert json.loads(capsys.readouterr().out)["composed_notes"] == 12
    bundle = trained(run, epoch)
    assert bundle.classic_network().count_params() == open_bundle(str(run)).classic_network().count_params()


def test_an_epoch_that_was_not_kept_is_refused_with_those_that_were(run, capsys):
    assert main(["classic", "--out", str(run), "--step", "compose", "--epoch", "9"]) == 1
    assert "It has those of: 1, 2." in capsys.readouterr().err


@pytest.mark.parametrize(("keep", "count"), [("best", 1), ("last", 1), ("all", 3)])
def test_so_many_weights_are_kept_as_asked(folder, cache, tmp_path, monkeypatch, keep, count):
    monkeypatch.setenv("CADENZA_CACHE", str(cache))
    assert classic(folder, tmp_path, "--step", "parse") == 0
    step = ["classic", *SMALL, "--out", str(tmp_path), "--step", "train", "--epochs", "3", "--keep", keep]
    assert main([*step, "--learning-rate", "0.02"]) == 0
    assert len(list((tmp_path / "weights").iterdir())) == count


@pytest.mark.parametrize("cell", ["lstm", "gru", "conv", "transformer"])
def test_every_cell_trains_and_composes_with_its_sizes_in_the_bundle(
    cell, folder, cache, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("CADENZA_CACHE", str(cache))
    sizes = ["--cell", cell, "--units", "64", "--layers", "1", "--dropout", "0.1", "--targets", "every"]
    assert classic(folder, tmp_path / "run", "--epochs", "1", "--optimizer", "rmsprop", *sizes, "--json") == 0
    assert json.loads(capsys.readouterr().out)["composed_notes"] == 12
    config = open_bundle(str(tmp_path / "run")).config
    assert (config.stack, config.units, config.layers, config.dropout) == (cell, 64, 1, 0.1)
    said = compose(tmp_path / "run", tmp_path, "--notes", "5", capsys=capsys)
    assert said["composed_notes"] == 5


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--chords", "pitches"], "C4+E4+G4"),
        (["--rests", "--durations"], "0.4.7:0.5"),
        (["--time-shift", "0.01", "--durations"], ">0.25"),
        (["--time-shift", "1.0"], ">1"),
        (["--endings"], "END"),
    ],
)
def test_words_keep_what_is_asked(options, word, folder, cache, tmp_path, monkeypatch):
    monkeypatch.setenv("CADENZA_CACHE", str(cache))
    assert classic(folder, tmp_path, "--step", "parse", *options) == 0
    assert word in json.loads((tmp_path / "notes.json").read_text())["vocabulary"]


def test_a_stop_ends_training_and_keeps_the_epochs_before(run, tmp_path):
    corpus = NamedCorpus.load(run / "notes.json")
    corpus.write(tmp_path / "notes.json")
    asked = iter([False] * 12 + [True] * 99)
    config = PRESETS["classic"].model_copy(update={"window": 8, "units": 8, "layers": 1, "head_units": 4})
    progress = fit(
        tmp_path, config, ClassicSettings(batch=16, epochs=9), DataCard("tunes"), should_stop=lambda: next(asked)
    )
    assert 1 <= progress.epoch < 9
    assert open_bundle(str(tmp_path)).history


def test_a_stopped_run_goes_on_and_leaves_a_bundle_with_its_vocabulary(run, capsys):
    bundle = open_bundle(str(run))
    assert bundle.is_classic
    assert {"C4", "0.4.7"} <= set(bundle.config.vocabulary)
    assert [epoch["epoch"] for epoch in bundle.history][:1] == [1]
    assert main(["info", "--bundle", str(run)]) == 0
    assert "validation nats per note or chord" in capsys.readouterr().out


def test_files_are_parsed_once_and_bad_ones_listed(folder, run, cache, monkeypatch):
    # Given the cache in which a run left what music21 read
    # When the folder is read again where music21 cannot be started
    monkeypatch.setattr(
        "model.classic.corpus.map_isolated", lambda task, items, **_: iter(items and pytest.fail("read again"))
    )
    corpus = read_corpus(folder, cache=cache)
    # Then the tunes are there, and the bad files are left out with their reasons
    assert [piece.name for piece in corpus.pieces] == ["1.mid", "2.mid", "3.mid", "4.mid"]
    assert corpus.pieces[0].names[:2] == ("0.4.7", "D4")
    assert corpus.train
    assert corpus.validation
    assert set(corpus.refused) == {"damaged.mid", "hostile.mid"}
    assert "damaged" in corpus.refused["damaged.mid"]
    assert "too much for music21" in corpus.refused["hostile.mid"]


def spin(_head: dict, data: bytes) -> Message:
    _limit(1)
    while data:
        pass
    return {}, b""


def test_a_file_that_music21_hangs_on_costs_itself_alone():
    task = Task("tests.model.classic.test_classic_workflow:spin")
    outcomes = dict(map_isolated(task, [({}, b"hangs"), ({}, b"")], processes=1, timeout_s=60.0))
    assert isinstance(outcomes[0], ChildDied)
    assert outcomes[1] == ({}, b"")


def test_so_many_notes_are_composed_as_were_asked_for(run, tmp_path, capsys):
    said = compose(run, tmp_path, "--notes", "30", "--stride", "3", capsys=capsys)
    assert said["composed_notes"] == 30
    piece = read_midi((tmp_path / "out.mid").read_bytes()).piece
    assert len(set(piece.notes["onset"].tolist())) == 30


@pytest.mark.parametrize("start", ["C4 E4 G4", "C4, Eb4, 0.4.7", "C4 E4+G4+C5 E4 R"])
def test_a_piece_begins_with_the_notes_it_was_given(run, tmp_path, capsys, start):
    said = compose(run, tmp_path, "--notes", "5", "--start", start, capsys=capsys)
    assert (said["notes"], said["composed_notes"]) == (8, 5)
    assert any("Left out of the start" in remark for remark in said["remarks"]) == ("R" in start)
    assert any("E-4 by" in remark for remark in said["remarks"]) == ("Eb4" in start)
    piece = read_midi((tmp_path / "out.mid").read_bytes()).piece
    assert piece.notes["pitch"][0] == 60


def test_a_piece_starts_from_a_file_or_a_random_place(run, folder, tmp_path, capsys):
    said = compose(run, tmp_path, "--notes", "4", "--start", str(folder / "1.mid"), capsys=capsys)
    assert said["notes"] == 44
    said = compose(run, tmp_path, "--notes", "4", "--start", "random", "--random-seed", "3", capsys=capsys)
    assert said["notes"] == 4


def test_one_note_for_ever_is_shown_and_said(run, tmp_path, capsys):
    said = compose(run, tmp_path, "--notes", "40", "--argmax", capsys=capsys)
    assert said["distinct_notes"] <= 20
    assert said["distinct_notes"] > 1 or any("got stuck on it" in remark for remark in said["remarks"])


def test_a_piece_can_be_looked_at(run, tmp_path, capsys):
    files = {option: tmp_path / name for option, name in PICTURES.items()}
    options = [text for option, path in files.items() for text in (option, str(path))]
    compose(run, tmp_path, "--notes", "20", *options, capsys=capsys)
    assert b"<score-partwise" in files["--sheet"].read_bytes()
    for option in ("--picture", "--sheet-png"):
        with Image.open(files[option]) as image:
            assert image.format == "PNG"


PICTURES = {"--picture": "roll.png", "--sheet": "sheet.musicxml", "--sheet-png": "sheet.png"}


def test_what_held_out_notes_cost_stands_beside_what_their_frequency_costs(run, folder, cache, capsys, monkeypatch):
    monkeypatch.setenv("CADENZA_CACHE", str(cache))
    assert main(["evaluate", "--bundle", str(run), "--data", str(folder), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert 0 < figures["nats_per_token"] < 10
    assert figures["unknown_share"] == 0
    assert figures["unigram"] > 0


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--notes", "0"], "number of notes must lie between"),
        (["--stride", "0"], "stride must lie between"),
        (["--start", "H4"], "'H4' is no note and no chord"),
        (["--start", "nowhere.mid"], "cannot be read"),
        (["--mode", "vary", "--seed", "x.mid"], "can only continue"),
    ],
)
def test_a_wrong_wish_is_refused_in_a_sentence(run, tmp_path, capsys, options, sentence):
    assert main(["compose", "--bundle", str(run), "-o", str(tmp_path / "out.mid"), *options]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out.mid").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--layers", "0"], "--layers"),
        (["--window", "2000"], "--window"),
        (["--units", "70", "--cell", "transformer"], "heads of 64"),
        (["--time-shift", "9"], "--time-shift"),
        (["--year", "2004"], "No file lies in a folder called 2004"),
        (["--instrument", "flute"], "needs at least two"),
    ],
)
def test_a_run_that_cannot_be_is_refused_in_a_sentence(options, sentence, folder, cache, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CADENZA_CACHE", str(cache))
    assert classic(folder, tmp_path / "run", *options) == 1
    assert sentence in capsys.readouterr().err


def test_train_says_which_command_trains_a_classic_preset(folder, tmp_path, capsys):
    assert main(["train", "--preset", "classic", "--data", str(folder), "--out", str(tmp_path / "o")]) == 1
    assert "python -m model classic" in capsys.readouterr().err
