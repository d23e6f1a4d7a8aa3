"""Data sets: made, filled, looked at, emptied, handed on; what is there already is told and left out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from model.corpora.corpus import FEWEST_NOTES as FEWEST_NOTES_LEARNT
from model.errors import DataError
from model.midi import MidiLimits, read_midi, write_midi
from model.piece import Instrument
from model.uploads import LICENCES, DataSetLimits, DataSetStore
from model.uploads.reading import FEWEST_NOTES as FEWEST_NOTES_KEPT
from tests.model.uploads.tunes import piece, tune


def filled(store: DataSetStore, *seeds: int) -> None:
    store.add("waltzes", [(f"tune {seed}.mid", tune(seed)) for seed in seeds], "attachment", 7)


def test_a_set_knows_its_licence_and_who_made_it(store):
    info = store.create("borrowed", "permission", 99, note="  by\u202e Anna,\n2020 ")
    assert (info.created_by, info.licence) == (99, "used by permission of the author (by Anna, 2020)")
    assert store.info("borrowed") == info
    assert [one.name for one in store.infos()] == ["borrowed", "waltzes"]
    assert not info.non_commercial


@pytest.mark.parametrize("licence", LICENCES)
def test_a_licence_says_whether_it_bars_commercial_use(store, licence):
    assert store.create("other", licence).non_commercial == ("nc" in licence.split("-"))


@pytest.mark.parametrize(
    ("name", "licence", "note", "sentence"),
    [
        ("../up", "cc0", "", "can't be a data set's name"),
        ("", "cc0", "", "can't be a data set's name"),
        ("A", "cc0", "", "can't be a data set's name"),
        ("a" * 33, "cc0", "", "can't be a data set's name"),
        ("waltzes", "cc0", "", "There is already a data set 'waltzes'"),
        ("other", "mine", "", "isn't a known licence"),
        ("other", "cc0", "x" * 201, "has 201 letters"),
    ],
)
def test_a_set_that_cannot_be_is_refused(store, name, licence, note, sentence):
    with pytest.raises(DataError, match=sentence):
        store.create(name, licence, note=note)
    assert store.names() == ["waltzes"]


def test_there_are_so_many_sets_and_no_more(tmp_path):
    store = DataSetStore(tmp_path, DataSetLimits(sets=2))
    store.create("a", "cc0")
    store.create("b", "cc0")
    with pytest.raises(DataError, match="There are already 2 data sets"):
        store.create("c", "cc0")


def test_an_unknown_set_is_refused_with_the_known_ones(store, tmp_path):
    with pytest.raises(DataError, match=r"no data set 'polkas'\. These are here: waltzes\."):
        store.add("polkas", [], "attachment")
    with pytest.raises(DataError, match="None is here yet"):
        DataSetStore(tmp_path / "nothing").info("polkas")


def test_what_is_known_of_a_piece(store):
    # Given a tune of a violin and drums, in a file with a name for the ages
    music = piece(3, 64, instruments=(Instrument(40), Instrument(is_drum=True)))
    # When it is added
    report = store.add("waltzes", [("../My  Waltz\u202e.MID", write_midi(music))], "starred", 5)
    # Then the set tells of it
    (known,) = store.info("waltzes").pieces
    assert report.accepted == (known,)
    assert (known.name, known.source, known.added_by) == ("My Waltz", "starred", 5)
    assert known.facts.instruments == {"strings": 32, "drums": 32}
    assert known.facts.notes == 64
    assert known.facts.seconds == pytest.approx(music.end_s, abs=0.01)
    assert known.facts.key.split()[1] in ("major", "minor")
    info = report.info
    assert (info.notes, info.minutes, info.bytes) == (64, pytest.approx(music.end_s / 60, rel=0.01), known.bytes)
    assert (info.instruments, info.keys) == ({"strings": 1, "drums": 1}, {known.facts.key: 1})


def test_what_is_kept_is_the_music_written_anew(store):
    # Given a file with bytes after its last track, which may hold anything
    data = tune(4) + b"<script>" * 10
    # When it is added
    report = store.add("waltzes", [("a.mid", data)], "attachment")
    # Then the notes are kept, the rest is not, and that is told
    assert report.repaired == {"a": ("Bytes after the last track were ignored.",)}
    kept = b"".join(path.read_bytes() for path in (store.folder / "pieces").iterdir())
    assert b"script" not in kept
    limits = MidiLimits()
    assert read_midi(kept, limits).piece.notes.tolist() == read_midi(tune(4), limits).piece.notes.tolist()


def test_the_same_file_is_left_out(store):
    filled(store, 1, 2)
    report = store.add("waltzes", [("again.mid", tune(1)), ("new.mid", tune(3)), ("new too.mid", tune(3))], "message")
    assert [(one.name, one.of, one.is_exact) for one in report.duplicates] == [
        ("again", "tune 1", True),
        ("new too", "new", True),
    ]
    assert len(report.info.pieces) == 3


def test_a_piece_that_is_nearly_the_same_is_left_out_in_whatever_key(store):
    filled(store, 1, 2)
    transposed = [("up.mid", tune(2, transposed=5))]
    report = store.add("waltzes", transposed, "message")
    assert [(one.name, one.of, one.is_exact) for one in report.duplicates] == [("up", "tune 2", False)]
    assert "'up' is nearly the same as 'tune 2'" in report.text()
    # unless it is asked for
    report = store.add("waltzes", transposed, "message", keep_similar=True)
    assert [one.name for one in report.accepted] == ["up"]


def test_training_and_data_sets_agree_on_what_is_too_short():
    assert FEWEST_NOTES_KEPT == FEWEST_NOTES_LEARNT


def test_names_that_are_taken_get_a_number(store):
    report = store.add("waltzes", [("a/song.mid", tune(1)), ("b/song.mid", tune(2)), ("song.midi", tune(3))], "message")
    assert [one.name for one in report.accepted] == ["song", "song (2)", "song (3)"]


def test_a_batch_tells_how_far_it_is_and_can_be_stopped(store):
    told: list[tuple[int, int]] = []
    files = [(f"{seed}.mid", tune(seed)) for seed in range(12)]
    report = store.add("waltzes", files, "message", on_progress=lambda *done: told.append(done))
    assert told[-1] == (12, 12)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    # When the next is stopped after a few files, then those are kept and the others not looked at
    more = [(f"{seed}.mid", tune(seed)) for seed in range(20, 32)]
    asked = iter([False] * 5 + [True] * 99)
    report = store.add("waltzes", more, "message", should_stop=lambda: next(asked))
    assert (report.stopped, len(report.accepted)) == (True, 5)
    assert "Stopped before the end" in report.text()
    assert len(store.info("waltzes").pieces) == 17


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (DataSetLimits(files=2), "set_full"),
        (DataSetLimits(bytes=2 * len(tune(0)) + 50), "no_room"),
        (DataSetLimits(batch_files=2), "batch_full"),
    ],
)
def test_a_set_takes_so_much_and_no_more(tmp_path, limits, code):
    store = DataSetStore(tmp_path, limits)
    store.create("waltzes", "cc0")
    report = store.add("waltzes", [(f"{seed}.mid", tune(seed)) for seed in range(5)], "message")
    assert len(report.accepted) == 2
    assert {one.code for one in report.refused} == {code}
    assert report.reasons()[0][0] == 3


def test_a_full_set_still_says_what_is_there_already(tmp_path):
    store = DataSetStore(tmp_path, DataSetLimits(files=1))
    store.create("waltzes", "cc0")
    filled(store, 1)
    report = store.add("waltzes", [("a.mid", tune(1))], "message")
    assert (len(report.refused), len(report.duplicates)) == (0, 1)


@pytest.mark.parametrize("named", [["2"], ["#2"], ["tune 6"], ["TUNE 6.mid"], ["hash"]])
def test_pieces_are_taken_out_by_number_name_or_hash(store, named):
    filled(store, 5, 6, 7)
    wanted = store.info("waltzes").pieces[1]
    removed = store.remove("waltzes", [wanted.short if one == "hash" else one for one in named])
    assert removed == [wanted]
    assert [one.name for one in store.info("waltzes").pieces] == ["tune 5", "tune 7"]
    assert not (store.folder / "pieces" / f"{wanted.sha256}.mid").exists()
    # and what was taken out may come back
    assert len(store.add("waltzes", [("tune 6.mid", tune(6))], "message").accepted) == 1


def test_a_piece_that_is_not_there_takes_none_out(store):
    filled(store, 5, 6)
    for wanted in ("3", "0", "polka", "abcdef0", "../waltzes"):
        with pytest.raises(DataError, match="names no piece"):
            store.remove("waltzes", ["1", wanted])
    assert len(store.info("waltzes").pieces) == 2


def test_a_piece_in_two_sets_stays_until_it_is_in_none(store):
    filled(store, 1)
    store.create("polkas", "cc-by-nc")
    store.add("polkas", [("a.mid", tune(1))], "message")
    (path,) = (store.folder / "pieces").iterdir()
    store.delete("waltzes")
    assert path.exists()
    store.remove("polkas", ["1"])
    assert not path.exists()


def test_a_damaged_set_is_told(store):
    (store.folder / "sets" / "waltzes.json").write_bytes(b"{")
    with pytest.raises(DataError, match="cannot be read"):
        store.info("waltzes")


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be changed"):
        DataSetStore(tmp_path / "file" / "sets").create("a", "cc0")


def test_limits_can_be_changed_one_by_one(tmp_path: Path):
    store = DataSetStore(tmp_path, replace(DataSetLimits(), file_bytes=100))
    store.create("a", "cc0")
    report = store.add("a", [("x.mid", tune(1))], "message")
    assert "more than 0 MiB" in report.refused[0].sentence
