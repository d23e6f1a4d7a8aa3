"""`python -m model compose`: several pieces side by side, a line of JSON about each, and the model that fits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.__main__ import main
from model.bundles import BundleStore, Card, pack
from model.bundles.store import write_folder
from model.midi import read_midi, write_midi
from model.network import PRESETS, NoteNetwork
from model.piece import NOTE, Instrument, Piece, table

CARD = Card(title="Untaught", description="Made for tests.", data="none", licence="CC0-1.0")


@pytest.fixture(scope="module")
def piano(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose network has learnt nothing."""
    folder = tmp_path_factory.mktemp("bundles") / "untaught"
    write_folder(folder, pack(NoteNetwork(PRESETS["tiny"]), CARD, "untaught", []))
    return folder


def lines(capsys, *options: str) -> list[dict]:
    """What `compose` prints with --json."""
    capsys.readouterr()
    assert main(["compose", "--json", *options]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_several_pieces_have_the_random_seeds_that_follow_and_are_the_same_as_alone(piano, tmp_path, capsys):
    many = ["--count", "3", "--random-seed", "7", "--seconds", "5", "--out-dir", str(tmp_path / "many")]
    found = lines(capsys, "--bundle", str(piano), *many, "--tempo", "90")
    # One line for each, with what was honoured and what was missed
    assert [one["random_seed"] for one in found] == [7, 8, 9]
    assert len({one["output"] for one in found}) == 3
    for one in found:
        assert {"output", "model", "seed_seconds", "controls", "missed", "remarks"} <= set(one)
        assert one["missed"] == [
            {"control": "tempo_bpm", "asked": "90 bpm", "reason": "Tempo ignored: this model plays in free time."}
        ]
    # And each is what it is by itself
    alone = ["--random-seed", "8", "--seconds", "5", "-o", str(tmp_path / "alone.mid")]
    (one,) = lines(capsys, "--bundle", str(piano), *alone, "--tempo", "90")
    assert one["output"] == str(tmp_path / "alone.mid")
    pieces = [read_midi(Path(path).read_bytes()).piece for path in (found[1]["output"], one["output"])]
    assert pieces[0].notes.tolist() == pieces[1].notes.tolist()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--count", "2"], "Several pieces need a folder: give `--out-dir`."),
        (["--count", "0"], "Give a `--count` of 1 or more."),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(piano, options, sentence, capsys):
    assert main(["compose", "--bundle", str(piano), *options]) == 1
    assert sentence in capsys.readouterr().err


def test_without_a_bundle_the_model_is_chosen_as_the_bot_chooses(piano, tmp_path, capsys, monkeypatch):
    # Given two bundles: one plays freely, one to a beat
    store = BundleStore(tmp_path / "store")
    for name, preset in (("piano", PRESETS["tiny"]), ("band", PRESETS["tiny"])):
        config = preset.model_copy(update={"representation": "performance" if name == "piano" else "voices"})
        store.point(name, store.add(name, pack(NoteNetwork(config), CARD, name, [])))
    monkeypatch.setattr("model.cli.compose.BundleStore", lambda: store)
    # And a motif on the beat
    motif = Piece(table(NOTE, [(480 * n, 480, 60 + n, 80, 0) for n in range(4)]), (Instrument(),), 480)
    (tmp_path / "motif.mid").write_bytes(write_midi(motif))
    options = ["--seconds", "5", "-o", str(tmp_path / "out.mid")]
    # Then the seed decides, and without one the default
    (found,) = lines(capsys, "--seed", str(tmp_path / "motif.mid"), *options)
    assert found["model"] == "band"
    assert "Chosen for your seed: music with a beat." in found["remarks"]
    assert found["seed_seconds"] > 0
    (found,) = lines(capsys, *options)
    assert found["model"] == "piano"
