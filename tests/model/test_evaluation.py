"""Evaluation: one dictionary of figures and the words that say what they mean, on any data."""

from __future__ import annotations

import io
import json
import math
import tarfile
from pathlib import Path

import numpy as np
import pytest

from model.bundles import Bundle
from model.corpora.corpus import HELD_OUT_PERCENT, encode_corpus, encode_files, split_by_hash
from model.errors import DataError, RequestError
from model.evaluation.held_out import FITTED_ON_OTHERS, FITTED_ON_TRAIN, evaluate
from model.evaluation.ngrams import floors
from model.midi import write_midi
from model.representation import Performance
from model.representation.events import events_of
from model.training.likelihood import nats
from tests.model.made_pieces import steps_of

PIECES = [steps_of(np.random.default_rng(seed), 80) for seed in range(6)]
SPLITS = ["train", "train", "train", "validation", "validation", "test"]
KEYS = {
    "nats_per_event", "events", "unigram", "trigram", "pieces", "notes", "nats_per_note", "per_field", "split",
    "left_out", "rounded", "floors_fitted_on", "pedal", "events_definition", "bundle", "version",
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six pieces as MIDI files, and a file that is none."""
    for index, steps in enumerate(PIECES):
        (tmp_path / f"{index}.mid").write_bytes(write_midi(Performance().decode(steps)))
    (tmp_path / "broken.mid").write_bytes(b"no music")
    return tmp_path


@pytest.fixture
def archive(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as an archive with a table of splits, as MAESTRO has it."""
    rows = [f"{index}.mid,{split}" for index, split in enumerate(SPLITS)]
    table = "\n".join(["midi_filename,split", *rows]).encode()
    path = tmp_path_factory.mktemp("archive") / "music.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        for file in sorted(folder.glob("*.mid")):
            tar.add(file, f"music/{file.name}")
        entry = tarfile.TarInfo("music/table.csv")
        entry.size = len(table)
        tar.addfile(entry, io.BytesIO(table))
    return path


def test_a_folder_is_evaluated_as_a_whole_and_its_floors_leave_each_piece_out(bundle: Bundle, folder: Path):
    figures = evaluate(bundle, folder)
    events = [events_of(piece) for piece in PIECES]
    likelihood = nats(bundle.network(), PIECES)
    assert figures.keys() == KEYS
    assert json.loads(json.dumps(figures)) == figures
    assert (figures["split"], figures["floors_fitted_on"]) == ("all", FITTED_ON_OTHERS)
    assert (figures["pieces"], figures["left_out"]) == (6, 1)
    assert figures["events"] == sum(map(len, events))
    assert figures["notes"] == sum(map(len, PIECES))
    assert figures["nats_per_event"] == pytest.approx(likelihood.nats_total / figures["events"], rel=1e-6)
    assert figures["nats_per_note"] * figures["notes"] == pytest.approx(figures["nats_per_event"] * figures["events"])
    assert (figures["unigram"], figures["trigram"]) == pytest.approx(floors(events))
    assert (figures["bundle"], figures["version"], figures["pedal"]) == ("tiny", bundle.version, "applied")
    assert figures["per_field"].keys() == {"shift", "pitch", "velocity", "duration", "residual"}


def test_where_a_table_names_splits_its_validation_part_counts_and_its_train_part_fits_the_floors(
    bundle: Bundle, archive: Path
):
    figures = evaluate(bundle, archive)
    events = [events_of(piece) for piece in PIECES]
    assert (figures["split"], figures["pieces"], figures["floors_fitted_on"]) == ("validation", 2, FITTED_ON_TRAIN)
    assert (figures["unigram"], figures["trigram"]) == pytest.approx(floors(events[3:5], events[:3]))


@pytest.mark.parametrize(
    ("split", "pieces", "fitted_on"),
    [("test", 1, FITTED_ON_TRAIN), ("train", 3, FITTED_ON_OTHERS), ("all", 6, FITTED_ON_OTHERS)],
)
def test_any_split_can_be_asked_for(bundle: Bundle, archive: Path, split: str, pieces: int, fitted_on: str):
    figures = evaluate(bundle, archive, split)
    assert (figures["split"], figures["pieces"], figures["floors_fitted_on"]) == (split, pieces, fitted_on)


@pytest.mark.parametrize("split", ["validation", "tset", ""])
def test_a_split_that_is_not_there_is_refused_with_those_that_are(bundle: Bundle, folder: Path, split: str):
    with pytest.raises(RequestError, match=r"split '.*(it has: none|choose one of auto, train)"):
        evaluate(bundle, folder, split)


def test_a_folder_without_usable_music_is_refused_with_the_reason(bundle: Bundle, tmp_path: Path):
    (tmp_path / "broken.mid").write_bytes(b"no music")
    with pytest.raises(DataError, match=r"No piece in .* can be used; 1 files: "):
        evaluate(bundle, tmp_path)


def test_a_network_that_knows_nothing_pays_at_most_all_classes(bundle: Bundle, folder: Path):
    figures = evaluate(bundle, folder)
    assert 0 < figures["trigram"] < figures["unigram"] < math.log(388)


def test_files_are_read_in_processes_as_they_are_read_here(folder: Path, tmp_path: Path):
    for copy in range(6):  # enough files to be worth a process
        for index in range(6):
            (folder / f"{index}-{copy}.mid").write_bytes((folder / f"{index}.mid").read_bytes())
    alone, together = (encode_files(folder, "performance", count, tmp_path / f"{count}") for count in (1, 2))
    assert [file.name for file in alone.files] == [file.name for file in together.files]
    assert alone.refused == together.refused
    for file, other in zip(alone.files, together.files, strict=True):
        np.testing.assert_array_equal(file.steps, other.steps)


def test_training_splits_as_the_table_says(archive: Path):
    data = encode_corpus(archive, "performance")
    assert [len(piece) for piece in data.train] == [len(piece) for piece in PIECES[:3]]
    assert [len(piece) for piece in data.validation] == [len(piece) for piece in PIECES[3:5]]
    assert list(data.refused) == ["music/broken.mid"]


def test_without_a_table_every_piece_is_in_one_part_and_neither_part_is_empty(folder: Path):
    data = encode_corpus(folder, "performance")
    assert len(data.train) + len(data.validation) == 6
    assert data.train
    assert data.validation


def test_one_piece_cannot_be_trained_on(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    alone = tmp_path_factory.mktemp("alone")
    (alone / "0.mid").write_bytes((folder / "0.mid").read_bytes())
    with pytest.raises(DataError, match="at least two pieces"):
        encode_corpus(alone, "performance")


def test_a_table_without_a_train_part_is_refused(folder: Path):
    rows = [f"{index}.mid,validation" for index in range(6)]
    (folder / "table.csv").write_text("\n".join(["midi_filename,split", *rows]))
    with pytest.raises(DataError, match="names no piece to train on"):
        encode_corpus(folder, "performance")


def test_the_hash_holds_out_a_tenth():
    held_out = sum(split_by_hash(str(number).encode()) == "validation" for number in range(5_000))
    assert held_out / 5_000 == pytest.approx(HELD_OUT_PERCENT / 100, abs=0.015)
