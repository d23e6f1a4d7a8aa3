"""The settings of a worker."""

from __future__ import annotations

from worker.settings import WorkerSettings


def test_a_store_that_is_left_empty_means_the_shipped_bundles(monkeypatch):
    monkeypatch.setenv("CADENZA_STORE", "")
    assert WorkerSettings().store is None
