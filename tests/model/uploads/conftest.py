"""A store of data sets in a folder of the test's own, and what lies around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from model.uploads import DataSetLimits, DataSetStore
from model.uploads.reading import reading_pool


@pytest.fixture
def store(tmp_path: Path) -> DataSetStore:
    """An empty set 'waltzes' in a folder two levels down, so that a path that leads out can be seen."""
    store = DataSetStore(tmp_path / "owners" / "42")
    store.create("waltzes", "own-work")
    return store


@pytest.fixture(scope="session", autouse=True)
def _readers() -> Iterator[None]:
    """The processes that read are kept for all tests, and ended after them."""
    yield
    reading_pool(DataSetLimits().memory_bytes).close()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
