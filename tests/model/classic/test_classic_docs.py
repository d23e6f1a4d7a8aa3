"""The table of docs/classic.md: every command in it has the options it names, and runs on tiny data."""

from __future__ import annotations

import re
import shlex
import zipfile
from pathlib import Path

import pytest

from model.__main__ import COMMANDS, _parser, main
from model.classic import run as classic_run
from tests.model.classic.test_classic_workflow import tune

PAGE = Path(__file__).resolve().parents[3] / "docs" / "classic.md"
LINES = PAGE.read_text(encoding="utf-8").split("| Project |")[1].split("\n\n")[0].splitlines()[2:]
ROWS = [line.split(" | ") for line in LINES]  # of the table of projects
TABLE = [shlex.split(match.group(1)) for row in ROWS for cell in row if (match := re.fullmatch(r"`(python .*)`", cell))]
SMALL = {
    "classic": ["--epochs", "1", "--units", "8", "--layers", "1", "--dense", "4", "--window", "8", "--notes", "6"],
    "compose": ["--notes", "6"],
    "train": ["--epoch-updates", "1", "--validation-notes", "16", "--streams", "2", "--window", "8"],
}


def test_the_table_has_five_projects_and_a_command_for_each_promise():
    assert all(len(row) == 4 for row in ROWS)
    assert len([row for row in ROWS if row[0].strip("| ")]) == 5
    assert len(ROWS) == len(TABLE)


@pytest.mark.parametrize("command", TABLE, ids=" ".join)
def test_every_command_of_the_table_names_options_that_are_there(command):
    assert command[:3] == ["python", "-m", "model"]
    assert command[3] in COMMANDS
    _parser([command[3]]).parse_args(command[3:])


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with music, as the commands name it."""
    folder = tmp_path_factory.mktemp("place")
    (folder / "midi_songs").mkdir()
    for step in range(1, 4):
        (folder / "midi_songs" / f"{step}.mid").write_bytes(tune(step))
    (folder / "mine.mid").write_bytes(tune(5))
    with zipfile.ZipFile(folder / "maestro-v1.0.0-midi.zip", "w") as archive:
        for step in range(1, 4):
            archive.writestr(f"maestro-v1.0.0/2004/{step}.midi", tune(step))
            archive.writestr(f"maestro-v1.0.0/2006/{step}.midi", tune(step + 5))
    return folder


def test_every_command_of_the_table_runs(place, monkeypatch, capsys):
    # Given the folder that the table speaks of, and no synthesizer, which another test hears
    monkeypatch.chdir(place)
    monkeypatch.setenv("CADENZA_CACHE", str(place / "cache"))
    monkeypatch.setattr(classic_run, "mp3_of", lambda midi: b"ID3")
    for command in TABLE:
        # When each command is run in its order, with a tiny network
        small = [] if "--vocabulary" in command else SMALL.get(command[3], [])
        if "transformer" in command:
            small = [*small, "--units", "64"]
        if "--resume" in command:
            small = ["--epochs", "2", *small[2:]]
        status = main([*command[3:], *small])
        # Then it does what it should
        assert status == 0, (command, capsys.readouterr().err)
    assert (place / "test_output.mid").exists()
    assert (place / "runs" / "first" / "model.keras").exists()
