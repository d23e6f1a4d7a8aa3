"""Styles of pieces: from tables and from folders."""

from __future__ import annotations

import numpy as np
import pytest

from model.corpora.corpus import FEWEST_OF_A_STYLE, Encoded
from model.corpora.sources import composer_style, folder_styles, read_sources, style_name
from tests.model.corpora.test_sources import as_folder, as_tar, as_zip

COMPOSERS = "midi_filename,canonical_composer\nx/a.mid,Frédéric Chopin\ny/b.mid,Franz Schubert / Franz Liszt\n"


@pytest.mark.parametrize(
    ("composer", "style"),
    [
        ("Frédéric Chopin", "chopin"),
        ("Isaac Albéniz / Leopold Godowsky", "albeniz"),
        ("Carl Maria von Weber", "weber"),
        ("Nikolai Rimsky-Korsakov / Sergei Rachmaninoff", "rimsky-korsakov"),
        ("", ""),
    ],
)
def test_a_composer_is_known_by_the_family_name_without_accents(composer, style):
    assert composer_style(composer) == style


def test_a_style_is_lower_case_words_with_hyphens_and_needs_a_letter():
    assert [style_name(text) for text in ("Ryan's Mammoth", "2004", "", "pop_2")] == ["ryan-s-mammoth", "", "", "pop-2"]


def test_the_first_folder_is_the_style_below_the_one_that_wraps_an_archive():
    names = ["data/bach/bwv1/a.mid", "data/joplin/b.mid", "data/c.mid", "data/2004/d.mid"]
    assert list(folder_styles(names, is_archive=True).values()) == ["bach", "joplin", "", ""]
    assert set(folder_styles(names, is_archive=False).values()) == {"data"}
    assert list(folder_styles(["bach/a.mid", "joplin/b.mid"], is_archive=True).values()) == ["bach", "joplin"]


@pytest.mark.parametrize("pack", [as_folder, as_zip, as_tar])
def test_a_table_with_composers_is_believed_before_the_folders(tmp_path, pack):
    files = {"table.csv": COMPOSERS.encode(), "x/a.mid": b"one", "y/b.mid": b"two", "z/c.mid": b"three"}
    found = {source.name: source.style for source in read_sources(pack(tmp_path, files))}
    assert found == {"x/a.mid": "chopin", "y/b.mid": "schubert", "z/c.mid": "z"}


def test_pieces_to_train_on_carry_a_style_each_or_none_at_all():
    piece = np.ones((20, 4), dtype=np.int32)
    assert Encoded([piece, piece], [piece], {}).train_styles == ["", ""]
    enough = ["bach"] * FEWEST_OF_A_STYLE + ["joplin", ""]
    assert Encoded([piece] * len(enough), [piece], {}, enough).styles == ("bach",)
    with pytest.raises(ValueError, match="1 styles for 2 pieces"):
        Encoded([piece, piece], [piece], {}, ["bach"])
