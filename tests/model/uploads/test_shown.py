"""A data set as a picture, and data sets from the shell."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from model.__main__ import main
from model.controls import FAMILIES
from model.keys import KEYS
from model.pictures.data_set import WIDTH, draw_data_set
from model.uploads.info import DataSetInfo, Facts, PieceInfo, terms
from tests.model.uploads.tunes import tune


def a_set(pieces: int, families: int = 1) -> DataSetInfo:
    return DataSetInfo(
        name="a" * 32,
        terms=terms("cc-by-nc-sa", "x" * 200),
        created_s=0,
        updated_s=0,
        pieces=tuple(
            PieceInfo(
                sha256=f"{n:064x}",
                original=f"{n:064x}",
                name=str(n),
                bytes=1_000 * n,
                source="x",
                added_s=0,
                facts=Facts(
                    notes=20 + n,
                    seconds=7.0 * n,
                    instruments=dict.fromkeys(FAMILIES[: 1 + n % families], 1),
                    key=KEYS[n % 24],
                ),
            )
            for n in range(pieces)
        ),
    )


@pytest.mark.parametrize(("pieces", "families"), [(0, 1), (1, 1), (40, 5), (300, 17)])
def test_a_picture_is_drawn_of_any_set(pieces, families):
    data = draw_data_set(a_set(pieces, families))
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.width) == ("PNG", WIDTH)
    assert 1_000 < image.height < 1_600
    assert len(data) < 200_000


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    def call(*arguments: str) -> tuple[int, str]:
        status = main(["dataset", *arguments, "--store", str(tmp_path / "sets")])
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return call


def test_a_set_from_creation_to_its_end(shell, tmp_path):
    for seed in range(3):
        (tmp_path / f"{seed}.mid").write_bytes(tune(seed))
    assert shell("list") == (0, "No data set is here.\n")
    assert "own-work" in shell("create", "mine")[1]
    assert shell("create", "mine", "--licence", "own-work")[0] == 0
    status, said = shell("add", "mine", str(tmp_path), str(tmp_path / "0.mid"), "--json")
    assert (status, json.loads(said)["added"], json.loads(said)["duplicates"][0]["of"]) == (0, ["0", "1", "2"], "0")
    assert "3 pieces" in shell("list")[1]
    assert "  2  " in shell("show", "mine", "--picture", str(tmp_path / "mine.png"))[1]
    assert Image.open(tmp_path / "mine.png").width == WIDTH
    assert "Taken out of 'mine': 1." in shell("remove", "mine", "2")[1]
    assert shell("export", "mine", "-o", str(tmp_path / "m.zip"), "--folder", str(tmp_path / "m"))[0] == 0
    assert len(list((tmp_path / "m").iterdir())) == 2
    shell("create", "copy", "--licence", "cc0")
    assert "2 added" in shell("add", "copy", str(tmp_path / "m.zip"))[1]
    assert "0 added, 2 already there" in shell("add", "copy", "--other", "mine")[1]
    assert "is gone: 2 pieces, 120 notes" in shell("delete", "mine")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add",), "Name a data set"),
        (("show", "mine"), "There is no data set 'mine'"),
        (("add", "mine"), "Name MIDI files, folders or zips"),
        (("remove", "mine"), "Name the pieces to take out"),
        (("export", "mine"), "Say where to"),
    ],
)
def test_what_is_missing_is_said(shell, arguments, sentence):
    status, said = shell(*arguments)
    assert status == 1
    assert sentence in said
