"""Settings say what is wrong with them, and never the password."""

from __future__ import annotations

import pytest
import redis
from pydantic import ValidationError

from jobs import JobSettings
from jobs.settings import connect


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


def test_the_password_may_be_apart_from_the_address(valkey, monkeypatch):
    bare = valkey.url.replace(f":{valkey.password}@", "")
    monkeypatch.setenv("REDIS_URL", bare)
    monkeypatch.setenv("REDIS_PASSWORD", valkey.password)
    assert connect(JobSettings()).ping()


def test_the_password_in_the_address_comes_first(valkey, monkeypatch):
    monkeypatch.setenv("REDIS_PASSWORD", "another")
    assert connect(JobSettings()).ping()


def test_secrets_come_from_files_and_overrule_the_variables(valkey, monkeypatch, tmp_path):
    (tmp_path / "url").write_text(f"{valkey.url.replace(f':{valkey.password}@', '')}\n")
    (tmp_path / "password").write_text(f"{valkey.password}\n")
    monkeypatch.setenv("REDIS_URL", "redis://:wrong@127.0.0.1:1/0")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "url"))
    monkeypatch.setenv("REDIS_PASSWORD_FILE", str(tmp_path / "password"))
    settings = JobSettings()
    assert connect(settings).ping()
    assert valkey.password not in repr(settings)


def test_an_empty_secret_file_counts_as_none(monkeypatch, tmp_path):
    (tmp_path / "empty").write_text("")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:6379/0")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "empty"))
    assert JobSettings().redis_url.get_secret_value() == "redis://127.0.0.1:6379/0"


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("REDIS_URL", "redis://:hunter2@127.0.0.1:6379/0")
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(ValidationError, match="REDIS_URL_FILE") as error:
        JobSettings()
    assert "hunter2" not in str(error.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"x" * 100_000])
def test_a_file_that_is_no_secret_is_refused(monkeypatch, tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    monkeypatch.setenv("REDIS_URL_FILE", str(tmp_path / "file"))
    with pytest.raises(ValidationError, match="small text file"):
        JobSettings()


def test_tls_is_an_address_of_its_own(monkeypatch):
    monkeypatch.setenv("REDIS_URL", "rediss://user:hunter2@redis.example.org:6380/0")
    pool = connect(JobSettings()).connection_pool
    assert pool.connection_class is redis.SSLConnection
