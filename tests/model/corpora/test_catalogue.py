"""Data sets by name: entries that are complete, names that lead to music, and sentences where they do not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from model.corpora import catalogue
from model.corpora.catalogue import DATA_SETS, data_set, find_data
from model.corpora.corpus import encode_corpus
from model.corpora.readers import pop909
from model.corpora.readers.pop909 import on_beats, songs_digest
from model.corpora.sources import read_sources
from model.errors import DataError
from model.midi import read_midi, write_midi
from model.piece import NOTE, TEMPO, Instrument, Piece, table
from model.representation.four_parts import grid_of
from tests.model.corpora.test_sources import as_folder, as_tar, as_zip

CHORALE = [[72, 67, 64, 48]] * 4 + [[71, 67, 62, 55]] * 4 + [[-1, -1, -1, -1]] * 2 + [[72, 67, 64, 48]] * 6
TRACKS = (Instrument(0, name="MELODY"), Instrument(0, name="BRIDGE"), Instrument(0, name="PIANO"))


@pytest.fixture
def chorales(tmp_path: Path) -> Path:
    path = tmp_path / "Jsb16thSeparated.json"
    path.write_text(json.dumps({"train": [CHORALE * 3, CHORALE[4:] * 3], "valid": [CHORALE[:8] * 3]}))
    return path


def song(beat_s: float = 0.5, first_s: float = 0.2) -> tuple[bytes, bytes]:
    """A song of quarters that are off the file's own grid, and the beats that say where they are."""
    rows = [(round((first_s + beat_s * at) * 1000), 400, 60 + at % 7, 80, at % 3) for at in range(40)]
    piece = Piece(table(NOTE, rows), TRACKS, 500, table(TEMPO, [(0, 500_000)]))
    beats = "\n".join(f"{first_s + beat_s * at} 0.0 {float(at % 4 == 2)}" for at in range(40))
    return write_midi(piece), beats.encode()


@pytest.fixture
def songs() -> dict[str, bytes]:
    found = {}
    for number in ("001", "002"):
        midi, beats = song(0.5 if number == "001" else 0.6)
        found |= {f"POP909/{number}/{number}.mid": midi, f"POP909/{number}/beat_midi.txt": beats}
        found |= {f"POP909/{number}/versions/{number}-v1.mid": midi, f"POP909/{number}/versions/001.mid": midi}
    return found


@pytest.mark.parametrize("entry", DATA_SETS.values(), ids=list(DATA_SETS))
def test_every_entry_says_where_it_is_from_what_it_is_and_how_it_is_checked(entry):
    assert DATA_SETS[entry.name] is entry
    assert all((entry.title, entry.pieces, entry.styles, entry.licence))
    assert entry.home.startswith("https://")
    assert bool(entry.address) == bool(entry.file)
    assert not entry.address or entry.address.startswith("https://")
    assert re.fullmatch("[0-9a-f]{64}", entry.sha256) if entry.sha256 else entry.checked
    assert entry.non_commercial == ("NC" in entry.licence)
    if entry.prepare:
        assert callable(catalogue._preparation(entry))


def test_a_path_is_itself_and_of_unknown_licence(tmp_path):
    found = find_data(str(tmp_path))
    assert (found.paths, found.title, found.licence, found.non_commercial) == ((tmp_path,), tmp_path.name, "", False)


def test_a_copy_of_one_of_several_is_named(tmp_path):
    (tmp_path / "copy.zip").touch()
    copies = catalogue._copies(f"jsb={tmp_path / 'copy.zip'}", ["pop909", "jsb"])
    assert copies == {"jsb": tmp_path / "copy.zip"}
    (tmp_path / "songs").mkdir()
    both = [f"jsb={tmp_path / 'copy.zip'}", f"pop909={tmp_path / 'songs'}"]
    assert catalogue._copies(both, ["pop909", "jsb"]) == {**copies, "pop909": tmp_path / "songs"}
    odd = tmp_path / "a=b.zip"  # a path may hold the sign as well
    odd.touch()
    assert catalogue._copies(odd, ["jsb"]) == {"jsb": odd}


def test_what_is_neither_a_path_nor_a_name_is_refused_with_the_names(tmp_path):
    with pytest.raises(DataError, match=r"Known data sets: maestro, .*music21"):
        find_data("midi_songs", cache=tmp_path)
    with pytest.raises(DataError, match="--from names a copy"):
        find_data("jsb", tmp_path / "nowhere", tmp_path)
    with pytest.raises(DataError, match="say of which, as in --from jsb=PATH"):
        find_data("jsb,pop909", tmp_path, tmp_path)
    with pytest.raises(DataError, match="has no parts"):
        find_data("jsb:bach", tmp_path, tmp_path)
    with pytest.raises(DataError, match="No data is named"):
        find_data(",", cache=tmp_path)
    assert data_set("music21:madrigal").name == "music21"


def test_a_copy_of_maestro_is_read_as_it_is(tmp_path):
    table_ = "canonical_composer,split,midi_filename\nFranz Liszt,train,2004/a.midi\n"
    path = as_zip(tmp_path, {"maestro/maestro.csv": table_.encode(), "maestro/2004/a.midi": b"music"})
    found = find_data("maestro", path, tmp_path / "cache")
    assert (found.paths, found.non_commercial) == ((path,), True)
    assert [(one.style, one.split) for one in read_sources(path)] == [("liszt", "train")]


def test_a_named_data_set_is_fetched_into_the_cache(tmp_path, monkeypatch, chorales):
    asked = []

    def fetch(address: str, target: Path, sha256: str | None) -> Path:
        asked.append((address, target.name, sha256))
        return chorales

    monkeypatch.setattr(catalogue, "fetch", fetch)
    find_data("jsb", cache=tmp_path / "cache")
    entry = DATA_SETS["jsb"]
    assert asked == [(entry.address, entry.file, entry.sha256)]


def test_chorales_become_midi_with_the_published_split(chorales, tmp_path):
    for _ in range(2):  # the second time as the first one left it
        found = find_data("jsb", chorales, tmp_path / "cache")
        sources = read_sources(found.paths[0])
        assert [(one.name, one.split, one.style) for one in sources] == [
            ("train/000.mid", "train", "bach-chorale"),
            ("train/001.mid", "train", "bach-chorale"),
            ("valid/000.mid", "validation", "bach-chorale"),
        ]
        np.testing.assert_array_equal(grid_of(read_midi(sources[0].data).piece), CHORALE * 3)
    data = encode_corpus(found.paths, "voices", 1, tmp_path / "cache")
    assert (len(data.train), len(data.validation)) == (2, 1)


def test_a_folder_is_made_again_after_a_kill_before_it_was_whole(chorales, tmp_path):
    folder = find_data("jsb", chorales, tmp_path / "cache").paths[0]
    (folder / "made").unlink()
    (folder / "train/000.mid").write_bytes(b"half")
    assert find_data("jsb", chorales, tmp_path / "cache").paths[0] == folder
    assert read_sources(folder)[0].data != b"half"


@pytest.mark.parametrize("pack", [as_folder, as_zip, as_tar])
def test_pop909_is_its_main_versions_in_one_style(tmp_path, songs, pack):
    found = find_data("pop909", pack(tmp_path, songs), tmp_path / "cache")
    assert [(one.name, one.style) for one in read_sources(found.paths[0])] == [("001.mid", "pop"), ("002.mid", "pop")]
    assert (found.non_commercial, found.licence) == (False, "MIT (the encodings)")


def test_songs_lie_on_their_beats_and_bars_with_an_instrument_for_each_track(tmp_path, songs):
    folder = find_data("pop909", as_folder(tmp_path, songs), tmp_path / "cache").paths[0]
    piece = read_midi((folder / "001.mid").read_bytes()).piece
    onsets = piece.notes["onset"]
    assert (onsets % piece.ticks_per_quarter == 0).all()
    downbeat = onsets[2]  # the beats say that the third note is on a downbeat
    assert downbeat % (4 * piece.ticks_per_quarter) == 0
    assert piece.meters.tolist() == [(0, 4, 4)]
    np.testing.assert_allclose(np.diff(piece.onsets_s), 0.5, atol=0.01)
    assert [part.program in pop909.PROGRAMS[part.name] for part in piece.instruments] == [True] * 3


@pytest.mark.parametrize("beats", [b"", b"words", b"0.1 0 1\n" * 30, b"\n".join(b"%d 0 1" % at for at in range(30))])
def test_a_song_whose_beats_make_no_sense_stays_as_it_is(beats):
    piece = read_midi(song()[0]).piece
    assert on_beats(piece, beats) is piece


def test_other_songs_than_the_published_ones_are_refused_where_they_were_fetched(tmp_path, songs, monkeypatch):
    path = as_zip(tmp_path, songs)
    monkeypatch.setattr(catalogue, "fetch", lambda *_: path)
    with pytest.raises(DataError, match="are not the published ones"):
        find_data("pop909", cache=tmp_path / "cache")
    main = [songs["POP909/001/001.mid"], songs["POP909/002/002.mid"]]
    monkeypatch.setattr(pop909, "SONGS_DIGEST", songs_digest(main[::-1]))
    assert find_data("pop909", cache=tmp_path / "cache").paths


def test_an_archive_without_songs_is_refused(tmp_path):
    with pytest.raises(DataError, match="No song of POP909"):
        find_data("pop909", as_zip(tmp_path, {"a.mid": b"music"}), tmp_path / "cache")
    with pytest.raises(DataError, match="one JSON file"):
        find_data("jsb", tmp_path, tmp_path / "cache")


def test_several_names_are_read_together_under_all_their_licences(tmp_path, monkeypatch, chorales, songs):
    copies = {"Jsb16thSeparated.json": chorales, "POP909-Dataset-d83e6ed.zip": as_zip(tmp_path, songs)}
    monkeypatch.setattr(catalogue, "fetch", lambda address, target, sha256: copies[target.name])
    monkeypatch.setattr(pop909, "SONGS_DIGEST", songs_digest([songs[f"POP909/{n}/{n}.mid"] for n in ("001", "002")]))
    found = find_data("jsb,pop909", cache=tmp_path / "cache")
    assert found.licence == "none stated; the music is in the public domain; MIT (the encodings)"
    data = encode_corpus(found.paths, "performance", 1, tmp_path / "cache")
    assert len(data.train) + len(data.validation) + len(data.refused) == 5
