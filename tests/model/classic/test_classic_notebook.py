"""docs/classic.ipynb: every cell runs, in its order, on tiny data."""

from __future__ import annotations

import json
from pathlib import Path

import matplotlib as mpl
import pytest

from tests.model.classic.test_classic_workflow import tune

NOTEBOOK = Path(__file__).resolve().parents[3] / "docs" / "classic.ipynb"


def test_the_notebook_goes_from_a_folder_to_a_piece(tmp_path, monkeypatch, capsys):
    # Given a folder of tunes, and sizes that a test has time for
    mpl.use("Agg")
    (tmp_path / "songs").mkdir()
    for step in range(1, 4):
        (tmp_path / "songs" / f"{step}.mid").write_bytes(tune(step, 60))
    given = {"DATA": tmp_path / "songs", "RUN": tmp_path / "run", "EPOCHS": 1, "UNITS": 8, "NOTES": 20}
    for name, value in given.items():
        monkeypatch.setenv(f"CLASSIC_{name}", str(value))
    monkeypatch.setenv("CADENZA_CACHE", str(tmp_path / "cache"))
    # When all its cells are run as a reader runs them
    namespace: dict = {"__name__": "__main__"}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), cell["id"], "exec"), namespace)  # noqa: S102 -- our own notebook
    # Then a piece lies in the run, and the last cell says what it is worth
    assert (tmp_path / "run" / "test_output.mid").exists()
    assert namespace["piece"].end_s == pytest.approx(5.0)
    assert "failures:" in capsys.readouterr().out


def test_the_notebook_holds_no_output_of_somebodys_machine():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") for cell in cells)
