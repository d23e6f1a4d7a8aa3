"""Data sets on their way out and in again: into another set, a zip, a folder to train on."""

from __future__ import annotations

import csv
import io
import json
import zipfile

import pytest

from model.corpora.sources import read_sources
from model.errors import DataError
from model.uploads import DataSetStore
from model.uploads.files import DataSetFiles
from tests.model.uploads.test_store import filled
from tests.model.uploads.tunes import tune
from tests.model.uploads.zips import Part, archive


def test_a_set_added_to_another_brings_its_licence_along(store):
    filled(store, 1, 2)
    store.create("polkas", "cc-by-nc", note="by Bo")
    store.add("polkas", [("x.mid", tune(2)), ("y.mid", tune(3))], "message")
    report = store.add_from("waltzes", "polkas", 8)
    assert [one.name for one in report.accepted] == ["y"]
    assert [one.of for one in report.duplicates] == ["tune 2"]
    info = store.info("waltzes")
    assert (info.licence, info.non_commercial) == ("by those who made the music; CC BY-NC 4.0 (by Bo)", True)
    # and without those pieces it is as it was
    store.remove("waltzes", ["y"])
    assert not store.info("waltzes").non_commercial
    with pytest.raises(DataError, match="cannot be added to itself"):
        store.add_from("waltzes", "waltzes")


def test_an_exported_set_can_be_added_again(store, tmp_path):
    # Given a set of tunes with odd names
    names = ["=SUM(A1)", "Für Elise №1", "CON", "a" * 200, "../../x"]
    store.add("waltzes", [(name, tune(seed)) for seed, name in enumerate(names)], "message", 77)
    info = store.info("waltzes")
    # When it is exported and added to a new set of another licence
    data = store.export("waltzes")
    assert data == store.export("waltzes")
    other = DataSetStore(tmp_path / "other")
    other.create("mine", "cc0")
    report = other.add("mine", [("waltzes.zip", data)], "attachment")
    # Then names and pieces are the same, and the licence is kept with them
    assert (len(report.refused), len(report.duplicates)) == (0, 0)
    assert [(one.name, one.sha256) for one in report.accepted] == [(one.name, one.sha256) for one in info.pieces]
    assert report.info.licence == "CC0 1.0; by those who made the music"


def test_an_exported_set_is_what_training_reads(store, tmp_path):
    store.add("waltzes", [("=1+1", tune(1)), ("b", tune(2))], "message", 77)
    path = tmp_path / "waltzes.zip"
    path.write_bytes(store.export("waltzes"))
    assert len(read_sources(path)) == 2
    with zipfile.ZipFile(path) as exported:
        rows = list(csv.DictReader(io.TextIOWrapper(exported.open("table.csv"), "utf-8")))
        assert [row["midi_filename"] for row in rows] == [name[5:] for name in exported.namelist() if "midi/" in name]
        assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())
        assert "by those who made the music" in exported.read("LICENCE.txt").decode()
        told = exported.read("dataset.json")
    assert b"77" not in json.dumps([one.get("added_by") for one in json.loads(told)["pieces"]]).encode()


def test_a_description_that_lies_is_only_a_file(store):
    """`dataset.json` of a stranger: names are cleaned like all others, and what does not parse is ignored."""
    filled(store, 1)
    with zipfile.ZipFile(io.BytesIO(store.export("waltzes"))) as exported:
        told = json.loads(exported.read("dataset.json"))
    told["pieces"][0]["name"] = "<@&1> =1"
    for about in (json.dumps(told).encode(), b"[" * 100_000, b"{}", b"\xff"):
        store.create("theirs", "cc0")
        (piece,) = store.info("waltzes").pieces
        data = archive(Part(b"dataset.json", about), Part(b"a.mid", DataSetFiles(store.folder).bytes_of(piece)))
        (kept,) = store.add("theirs", [("a.zip", data)], "message").accepted
        assert kept.name in ("&1 =1", "a")
        store.delete("theirs")


def test_a_set_becomes_a_folder_to_train_on(store, tmp_path):
    store.add("waltzes", [("../../etc/passwd", tune(1)), ("Ünï", tune(2)), ("音楽", tune(3))], "message")
    folder = store.materialise("waltzes", tmp_path / "out")
    assert sorted(path.name[:5] for path in folder.iterdir()) == ["0001-", "0002-", "0003-"]
    assert all(path.name.isascii() and path.suffix == ".mid" for path in folder.iterdir())
    assert len(read_sources(folder)) == 3
    store.create("empty", "cc0")
    with pytest.raises(DataError, match="is empty"):
        store.materialise("empty", tmp_path / "none")


def test_a_damaged_piece_is_told_and_never_trained_on(store, tmp_path):
    filled(store, 1)
    (path,) = (store.folder / "pieces").iterdir()
    path.write_bytes(b"half")
    for use in (lambda: store.export("waltzes"), lambda: store.materialise("waltzes", tmp_path / "out")):
        with pytest.raises(DataError, match=r"The piece 'tune 1' \([0-9a-f]{8}\) is damaged"):
            use()
