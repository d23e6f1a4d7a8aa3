"""Settings say what is wrong with them, and never the password."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from jobs import JobSettings


def test_a_missing_address_is_named(monkeypatch):
    monkeypatch.delenv("REDIS_URL", raising=False)
    with pytest.raises(ValidationError, match="REDIS_URL"):
        JobSettings()


def test_a_wrong_address_is_refused_without_being_repeated(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "http://:hunter2@127.0.0.1")
    with pytest.raises(ValidationError) as error:
        JobSettings()
    assert "REDIS_URL must read redis://" in str(error.value)
    assert "hunter2" not in str(error.value)


def test_limits_come_from_the_environment_and_the_password_is_hidden(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@127.0.0.1:6379/0")
    monkeypatch.setenv("CADENZA_JOBS_OPEN_JOBS_LIMIT", "9")
    settings = JobSettings()
    assert settings.open_jobs_limit == 9
    assert "hunter2" not in repr(settings)


def test_a_setting_that_is_left_empty_is_one_that_is_not_set(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    monkeypatch.setenv("CADENZA_JOBS_OPEN_JOBS_LIMIT", "")
    assert JobSettings().open_jobs_limit == 50
