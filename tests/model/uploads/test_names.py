"""Names that strangers choose: whatever is in them, they are shown on one line and lead nowhere."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import DataError
from model.uploads.export import file_names
from model.uploads.info import (
    LONGEST_NAME,
    MOST_MARKS,
    SET_NAME,
    DataSetInfo,
    Facts,
    PieceInfo,
    checked,
    cleaned,
    file_stem,
    terms,
    told_apart,
)

PARTS = st.sampled_from(
    [
        "..",
        "/",
        "\\",
        "C:",
        "\0",
        "\n",
        "\u202e",
        "=",
        "@everyone",
        "`",
        "a",
        "Z",
        " ",
        "é",
        "\u0301" * 9,
        ".mid",
        "ﬁ",
        "‮",
    ]
)
NAMES = st.one_of(st.text(max_size=300), st.lists(PARTS, max_size=40).map("".join))


@settings(max_examples=50, deadline=None)
@given(NAMES)
def test_a_cleaned_name_is_short_seen_and_leads_nowhere(name: str):
    shown = cleaned(name)
    assert 1 <= len(shown) <= LONGEST_NAME
    assert not set(shown) & set('/\\<>`*|~"\0\n')
    assert not any(unicodedata.category(sign)[0] == "C" for sign in shown)
    assert shown[0] not in "=+-@. '"
    assert shown == shown.strip()


@settings(max_examples=50, deadline=None)
@given(NAMES)
def test_a_cleaned_name_stays_as_it_is(name: str):
    assert cleaned(cleaned(name)) == cleaned(name)


@settings(max_examples=50, deadline=None)
@given(NAMES)
def test_a_file_is_named_by_plain_letters_alone(name: str):
    stem = file_stem(cleaned(name))
    assert stem == "" or (stem.isascii() and stem.replace("-", "").isalnum() and stem == stem.lower())


@settings(max_examples=50, deadline=None)
@given(st.lists(NAMES, max_size=12))
def test_files_of_a_set_lie_in_its_folder_and_are_told_apart(names: list[str]):
    facts = Facts(notes=20, seconds=1, instruments={"piano": 20})
    pieces = tuple(
        PieceInfo(
            sha256=f"{n:064x}", original=f"{n:064x}", name=cleaned(name), bytes=1, facts=facts, source="x", added_s=0
        )
        for n, name in enumerate(names)
    )
    info = DataSetInfo(name="a", terms=terms("cc0"), created_s=0, updated_s=0, pieces=pieces)
    files = list(file_names(info))
    assert len(set(files)) == len(names)
    assert all(Path(file).name == file and file.endswith(".mid") and len(file) < 80 for file in files)


@settings(max_examples=50, deadline=None)
@given(NAMES)
def test_a_set_has_a_name_of_few_letters_or_none(name: str):
    try:
        assert SET_NAME.fullmatch(checked(name))
    except DataError as error:
        assert not SET_NAME.fullmatch(name)
        assert "\0" not in error.sentence  # noqa: PT017
        assert "\n" not in error.sentence  # noqa: PT017


@pytest.mark.parametrize("name", ["..", "a/b", "a\\b", "a\n", "\na", "a.", "ａ", "a" * 33, "-a", "_a", " a", "con/"])
def test_a_name_that_could_lead_elsewhere_is_no_name(name: str):
    with pytest.raises(DataError, match="can't be a data set's name"):
        checked(name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("My Waltz.mid", "My Waltz"),
        ("folder/My Waltz.MIDI", "My Waltz"),
        ("C:\\Users\\a\\waltz.mid", "waltz"),
        ("../../etc/passwd", "passwd"),
        ("@everyone", "everyone"),
        ("=HYPERLINK(1)", "HYPERLINK(1)"),
        ("q" + "\u0301" * 50, "q" + "\u0301" * MOST_MARKS),
        ("dim\u202e.exe.mid", "dim.exe"),
        ("...", "piece"),
        ("", "piece"),
        ("\u200b.mid", "piece"),
        ("夜想曲.mid", "夜想曲"),
        ("a／b＼c", "abc"),  # letters that become / and \\ when they are made plain
        ('q\u0301\u0301"\u0301', "q\u0301\u0301"),
    ],
)
def test_examples(name: str, shown: str):
    assert cleaned(name) == shown


@settings(max_examples=50, deadline=None)
@given(st.lists(NAMES.map(cleaned), max_size=30))
def test_names_of_a_set_are_told_apart(names: list[str]):
    taken: list[str] = []
    for name in names:
        taken.append(told_apart(name, taken))
    assert len(set(taken)) == len(names)
    assert all(len(name) <= LONGEST_NAME for name in taken)
