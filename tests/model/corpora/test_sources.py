"""MIDI files out of folders and archives: what is found, which split it has, and what no archive can do."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from model.corpora import sources
from model.corpora.sources import read_sources
from model.errors import DataError

TABLE = "midi_filename,split\n2004/a.mid,train\n2004/b.midi,test\n"
FILES = {
    "maestro/table.csv": TABLE.encode(),
    "maestro/2004/a.mid": b"one",
    "maestro/2004/b.midi": b"two",
    "maestro/2004/._a.mid": b"what macOS adds",
    "maestro/notes.txt": b"words",
}
FOUND = [("maestro/2004/a.mid", b"one", "train"), ("maestro/2004/b.midi", b"two", "test")]


def as_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "data" / name).write_bytes(data)
    return folder / "data"


def as_zip(folder: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(folder / "data.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return folder / "data.zip"


def as_tar(folder: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(folder / "data.tar.gz", "w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return folder / "data.tar.gz"


@pytest.mark.parametrize("pack", [as_folder, as_zip, as_tar])
def test_files_are_found_by_name_with_the_split_of_the_table(tmp_path, pack):
    found = read_sources(pack(tmp_path, FILES))
    assert [(source.name, source.data, source.split) for source in found] == FOUND


@pytest.mark.parametrize("pack", [as_folder, as_zip, as_tar])
def test_more_than_fits_is_refused_before_it_fills_the_memory(tmp_path, pack, monkeypatch):
    path = pack(tmp_path, {f"{number}.mid": bytes(1000) for number in range(10)})
    monkeypatch.setattr(sources, "LARGEST_TOTAL", 5000)
    with pytest.raises(DataError, match="name a part of it"):
        read_sources(path)
    monkeypatch.setattr(sources, "LARGEST_TOTAL", 50_000)
    monkeypatch.setattr(sources, "MOST_FILES", 5)
    with pytest.raises(DataError, match="name a part of it"):
        read_sources(path)


@pytest.mark.parametrize("pack", [as_folder, as_zip, as_tar])
def test_one_file_that_is_too_large_is_never_unpacked(tmp_path, pack):
    path = pack(tmp_path, {"bomb.mid": bytes(sources.LARGEST_FILE + 1), "a.mid": b"one"})
    assert [source.name for source in read_sources(path)] == ["a.mid"]


def test_a_tar_archive_whose_last_file_is_a_zip_is_read_as_a_tar_archive(tmp_path):
    # Given a score in a zip as the last file of a tar archive, which then ends as zip files do
    score = io.BytesIO()
    with zipfile.ZipFile(score, "w") as archive:
        archive.writestr("inner.mid", b"not this one")
    path = tmp_path / "scores.tar"
    with tarfile.open(path, "w") as archive:
        for name, data in (("scores/a.mid", b"one"), ("scores/b.mxl", score.getvalue())):
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    # Then the tar archive's files are found, not the zip's
    assert zipfile.is_zipfile(path)
    assert [source.name for source in read_sources(path)] == ["scores/a.mid"]


def test_files_of_one_work_are_told_so(tmp_path):
    files = {
        "table.csv": b"midi_filename,work\na.mid,opus-1\nb.mid,opus-1\n",
        "a.mid": b"1",
        "b.mid": b"2",
        "c.mid": b"3",
    }
    assert [source.work for source in read_sources(as_folder(tmp_path, files))] == ["opus-1", "opus-1", ""]


def test_a_link_in_an_archive_is_not_followed(tmp_path):
    with tarfile.open(tmp_path / "data.tar", "w") as archive:
        link = tarfile.TarInfo("passwords.mid")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with pytest.raises(DataError, match="no MIDI file"):
        read_sources(tmp_path / "data.tar")


def test_a_damaged_archive_and_a_damaged_table_are_refused_in_a_sentence(tmp_path):
    path = as_zip(tmp_path, {"a.mid": bytes(range(256)) * 40})
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes(20) + whole[60:])
    with pytest.raises(DataError, match="cannot be read"):
        read_sources(path)
    with pytest.raises(DataError, match=r"table table\.csv cannot be read"):
        read_sources(as_folder(tmp_path, {"a.mid": b"one", "table.csv": b"midi_filename,split\n" + b"x" * 200_000}))


@pytest.mark.parametrize("name", ["missing", "song.txt"])
def test_what_is_no_data_set_is_refused_in_a_sentence(tmp_path, name):
    (tmp_path / "song.txt").write_text("la la la")
    with pytest.raises(DataError, match="folder"):
        read_sources(tmp_path / name)
