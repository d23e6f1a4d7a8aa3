"""`make run` takes secrets from variables or from files, and hands each child only what it needs."""

from __future__ import annotations

import pytest

from sandbox.settings import SandboxSettings, inherited_environment
from sandbox.supervised_process import StartError

NAMES = ("DISCORD_TOKEN", "REDIS_URL", "REDIS_PASSWORD")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch, tmp_path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.chdir(tmp_path)  # no .env


def test_without_a_token_and_an_address_there_is_none():
    assert (SandboxSettings().token, SandboxSettings().redis_address) == (None, None)


def test_a_token_in_a_file_overrules_the_variable(monkeypatch, tmp_path):
    (tmp_path / "token").write_text("from-the-file\n")
    monkeypatch.setenv("DISCORD_TOKEN", "from-the-variable")
    assert SandboxSettings().token == "from-the-variable"
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "token"))
    assert SandboxSettings().token == "from-the-file"


def test_a_file_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("DISCORD_TOKEN_FILE", str(tmp_path / "nowhere"))
    with pytest.raises(StartError, match="DISCORD_TOKEN_FILE must name a text file"):
        _ = SandboxSettings().token


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("redis://127.0.0.1:6379/0", "redis://:p%40%2F%3A%20w@127.0.0.1:6379/0"),
        ("rediss://user@redis.example.org:6380/2", "rediss://user:p%40%2F%3A%20w@redis.example.org:6380/2"),
        ("redis://:own@127.0.0.1:6379/0", "redis://:own@127.0.0.1:6379/0"),
    ],
)
def test_a_password_apart_joins_an_address_without_one(monkeypatch, tmp_path, url, whole):
    (tmp_path / "password").write_text("p@/: w\n")
    monkeypatch.setenv("REDIS_URL", url)
    monkeypatch.setenv("REDIS_PASSWORD_FILE", str(tmp_path / "password"))
    assert SandboxSettings().redis_address == whole


def test_children_inherit_no_secret_and_no_name_of_a_file_that_holds_one(monkeypatch):
    for name in NAMES:
        monkeypatch.setenv(name, "secret")
        monkeypatch.setenv(f"{name}_FILE", "/run/secrets/x")
    monkeypatch.setenv("CADENZA_LOG_LEVEL", "DEBUG")
    found = inherited_environment()
    assert found["CADENZA_LOG_LEVEL"] == "DEBUG"
    assert not [name for name in found if name.startswith(("DISCORD_TOKEN", "REDIS"))]
