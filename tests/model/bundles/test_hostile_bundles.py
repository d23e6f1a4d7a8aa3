"""A hundred bundles that mean harm or are broken: each is refused with its reason, and leaves nothing behind."""

from __future__ import annotations

import re
import time
import tracemalloc
from pathlib import Path

import pytest

from model.bundles import BundleStore
from model.bundles.inspection import inspect
from model.bundles.zip_format import write_zip
from model.errors import BundleError
from tests.model.bundles.hostile_contents import CONTENTS
from tests.model.bundles.hostile_files import FILES
from tests.model.bundles.lies import INDEX, MIB
from tests.model.bundles.made import CARD, bundle, npz
from tests.model.uploads.conftest import tree

HOSTILE = FILES | CONTENTS
BOMBS = [name for name in HOSTILE if "bomb" in name or "10^12" in name or "heavy" in name]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bundle_is_refused_with_its_reason(empty: BundleStore, tmp_path: Path, name: str):
    make, sentence = HOSTILE[name]
    data = make()
    with pytest.raises(BundleError) as caught:
        empty.import_(data, "theirs")
    assert re.search(sentence, caught.value.sentence), caught.value.sentence
    assert len(caught.value.sentence) < 400
    assert caught.value.sentence.isprintable()
    assert tree(tmp_path) == {}
    assert not Path("/tmp/cadenza-was-here").exists()  # noqa: S108


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_takes_little_memory_and_time(empty: BundleStore, name: str):
    data = HOSTILE[name][0]()
    tracemalloc.start()
    start = time.monotonic()
    try:
        with pytest.raises(BundleError):
            empty.import_(data, "theirs")
        assert tracemalloc.get_traced_memory()[1] < 150 * MIB
    finally:
        tracemalloc.stop()
    assert time.monotonic() - start < 5


def test_what_all_of_them_are_made_from_is_taken(empty: BundleStore):
    files = bundle(originality__npz=npz(INDEX), habits__json=b"{}", rehearsal__npz=npz({"a": INDEX["every"]}))
    inspect(files, "ours")
    version = empty.import_(write_zip(files), "ours")
    assert empty.names() == []
    assert empty.candidates("ours") == [version]
    assert empty.load("ours", version).card == CARD


@pytest.mark.parametrize("name", ["", "..", "a/b", "A", "a" * 33, "servers"])
def test_a_name_that_could_lead_elsewhere_is_refused(empty: BundleStore, tmp_path: Path, name: str):
    with pytest.raises(BundleError, match="can't be a model's name"):
        empty.import_(write_zip(bundle()), name)
    assert tree(tmp_path) == {}
