"""The settings of a worker."""

from __future__ import annotations

from worker.settings import WorkerSettings


def test_a_store_that_is_left_empty_means_the_shipped_bundles(monkeypatch):
    monkeypatch.setenv("CADENZA_STORE", "")
    assert WorkerSettings().store is None


def test_the_default_model_is_a_setting_of_its_own(monkeypatch):
    assert WorkerSettings().default_model == "piano"
    monkeypatch.setenv("CADENZA_DEFAULT_MODEL", "ensemble")
    assert WorkerSettings().default_model == "ensemble"
