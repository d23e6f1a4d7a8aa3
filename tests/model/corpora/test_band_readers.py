"""The collections for bands, drummers, quartets and songs, as MIDI files with styles, works and published splits."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from model.corpora.catalogue import find_data
from model.corpora.corpus import encode_files
from model.corpora.readers.bands import snapped
from model.errors import DataError
from model.midi import read_midi, write_midi
from model.piece import NOTE, TEMPO, Instrument, Piece, table
from model.representation.engraving import DRUMS, INSTRUMENT
from tests.model.corpora.test_musicxml import FIRST, note, rest, score


def band(notes: int = 160) -> bytes:
    """A riff for guitar, bass and drums, with a helicopter that plays no music."""
    rows = [(240 * i, 200, 40 + 10 * (i % 3) + i % 5, 90, i % 4) for i in range(notes)]
    players = (Instrument(30), Instrument(34), Instrument(is_drum=True), Instrument(125))
    return write_midi(Piece(table(NOTE, rows), players, 480))


def rows_of(folder: Path) -> dict[str, dict[str, str]]:
    return {row["midi_filename"]: row for row in csv.DictReader(io.StringIO((folder / "table.csv").read_text()))}


@pytest.mark.parametrize(("name", "style"), [("freedoom", "rock"), ("freemusic", "soundtrack")])
def test_bands_keep_their_drums_and_lose_sound_effects_and_placeholders(tmp_path, name, style):
    # Given a piece and a placeholder of two notes
    source = tmp_path / "musics"
    source.mkdir()
    (source / "d_e1m1.mid").write_bytes(band())
    (source / "dummy.mid").write_bytes(band(2))
    # When it is prepared
    found = find_data(name, source, tmp_path / "cache")
    (folder,) = found.paths
    # Then one file is left, with its style and drums, without the helicopter
    assert {file: row["style"] for file, row in rows_of(folder).items()} == {"d-e1m1.mid": style}
    piece = read_midi((folder / "d-e1m1.mid").read_bytes()).piece
    assert [(one.program, one.is_drum) for one in piece.instruments if not one.is_drum] == [(30, False), (34, False)]
    assert sum(one.is_drum for one in piece.instruments) == 1
    assert not found.non_commercial
    # And without music it is refused
    (source / "d_e1m1.mid").unlink()
    with pytest.raises(DataError, match="can be used"):
        find_data(name, source, tmp_path / "other")


def test_drummers_play_on_the_grid_and_the_keys_of_general_midi_in_the_published_split(tmp_path):
    # Given a performance a little off the click, with pads that General MIDI does not have
    rows = [(120 * i + (-7, 4, 9, 0)[i % 4] * (i > 0), 30, (36, 22, 40, 26)[i % 4], 100, 0) for i in range(64)]
    played = Piece(table(NOTE, rows), (Instrument(is_drum=True),), 480, table(TEMPO, [(0, 600_000)]))
    info = "id,style,bpm,midi_filename,split\nd1/s1/1,funk/groove1,100,d1/s1/1.mid,validation\n"
    info += "d1/s1/2,polka,100,d1/s1/2.mid,train\nd1/s1/3,rock,100,d1/s1/none.mid,train\n"
    with zipfile.ZipFile(tmp_path / "groove.zip", "w") as archive:
        archive.writestr("groove/info.csv", info)
        archive.writestr("groove/d1/s1/1.mid", write_midi(played))
        archive.writestr("groove/d1/s1/2.mid", write_midi(played))
    # When it is prepared
    (folder,) = find_data("groove", tmp_path / "groove.zip", tmp_path / "cache").paths
    # Then styles and splits are those of the table, and every stroke is on a sixteenth
    rows = rows_of(folder)
    assert {(row["style"], row["split"]) for row in rows.values()} == {("drums-funk", "validation"), ("drums", "train")}
    piece = read_midi((folder / "d1-s1-1.mid").read_bytes()).piece
    assert piece.notes["onset"].tolist() == [120 * i for i in range(64)]
    assert set(piece.notes["pitch"].tolist()) == {36, 42, 38, 46}
    # And `score` takes them for drums
    steps = encode_files(folder, "score", 1, tmp_path / "cache").files[0].steps
    assert (steps[2:, INSTRUMENT] == DRUMS).all()


def test_a_shuffle_stays_a_shuffle():
    triplets = np.array([0, 325, 478, 790, 965, 1283])  # long, short, long, short
    assert snapped(triplets, 480).tolist() == [0, 320, 480, 800, 960, 1280]


def test_movements_of_one_quartet_are_on_one_side_of_the_split(tmp_path):
    # Given two movements in one compressed score, and something that is no score
    final = "<barline location='right'><bar-style>light-heavy</bar-style></barline>"
    bars = [FIRST + note("C", 4, 3), *[note("D", 4, 1.5) + note("E", 4, 1.5)] * 40]
    bars[20] += final
    numbers = [str(i + 1) for i in range(21)] + [str(i + 1) for i in range(20)]
    low = [FIRST + note("C", 3, 1.5) + note("G", 3, 1.5), *[note("D", 3, 1.5) + note("A", 3, 1.5)] * 40]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr("sq1.xml", score(bars, low, numbers=numbers))
    source = tmp_path / "quartets"
    source.mkdir()
    (source / "sq1.mxl").write_bytes(packed.getvalue())
    (source / "broken.xml").write_bytes(b"<score-timewise/>")
    # When they are prepared and encoded
    (folder,) = find_data("openscore-quartets", source, tmp_path / "cache").paths
    rows = rows_of(folder)
    # Then both have one work, whose name's hash decides for both
    assert sorted(rows) == ["sq1-1.mid", "sq1-2.mid"]
    assert {(row["style"], row["work"]) for row in rows.values()} == {("string-quartet", "sq1")}
    files = encode_files(folder, "score", 1, tmp_path / "cache").files
    assert len(files) == 2
    assert files[0].hash_split == files[1].hash_split


def test_a_song_has_one_singer_and_a_piano(tmp_path):
    text = score([FIRST + note("C", 5, 3)] + [note("D", 5, 3)] * 40, [FIRST + rest(3)] + [note("D", 3, 3)] * 40)
    text = text.replace(b"<part-name>Clarinet</part-name>", b"<part-name>Voice</part-name>").replace(b">72<", b">53<")
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / "lc1.musicxml").write_bytes(text)
    (folder,) = find_data("openscore-lieder", tmp_path / "songs", tmp_path / "cache").paths
    piece = read_midi((folder / "lc1-1.mid").read_bytes()).piece
    assert [one.program for one in piece.instruments] == [53, 0]
