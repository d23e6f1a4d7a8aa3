"""An empty store of bundles in a folder of the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.bundles import BundleStore


@pytest.fixture
def empty(tmp_path: Path) -> BundleStore:
    """A store two levels down, so that a path that leads out can be seen."""
    return BundleStore(tmp_path / "stores" / "mine")
