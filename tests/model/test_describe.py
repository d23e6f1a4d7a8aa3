"""`python -m model describe`: one JSON object about a MIDI file, or a refusal with exit status 2."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.__main__ import main
from tests.model.midi.midi_bytes import NOTE, file


def described(data: bytes, folder: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict]:
    path = folder / "a.mid"
    path.write_bytes(data)
    status = main(["describe", str(path), "--json"])
    return status, json.loads(capsys.readouterr().out)


def test_a_file_is_described_as_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 'hi', three flats, 3/4, 120 and from the second quarter on 60 bpm; a violin and a stroke of a drum
    first = "00 ff 03 02 68 69  00 ff 59 02 fd 00  00 ff 58 04 03 02 18 08  83 60 ff 51 03 0f 42 40"
    status, said = described(file(first, "00 c0 28" + NOTE, "00 99 24 40  83 60 89 24 00"), tmp_path, capsys)

    assert status == 0
    assert said == {
        "notes": 2,
        "seconds": 0.5,
        "tempo": [[0.0, 120.0], [1.0, 60.0]],
        "meters": [[0.0, "3/4"]],
        "key": "Eb major",
        "instruments": [
            {"name": "Violin", "program": 40, "is_drum": False, "notes": 1},
            {"name": "Drums", "program": 0, "is_drum": True, "notes": 1},
        ],
        "title": "hi",
        "remarks": [],
    }


def test_a_refusal_has_exit_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = described(b"no music", tmp_path, capsys)

    assert status == 2
    assert said == {"refused": "This is not a MIDI file; send a standard MIDI file (.mid)."}


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["describe", str(tmp_path / "none.mid")]) == 1
    assert "cannot be read" in capsys.readouterr().err
