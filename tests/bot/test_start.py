"""What happens before the first command: settings, logging, telling Discord the commands."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
from discord import app_commands

from bot.__main__ import main
from bot.command_sync import FILE, sync_if_changed
from jobs.logs import RedactingFormatter
from tests.bot.harness import Harness

ROOT = Path(__file__).parents[2]
REDIS = {"REDIS_URL": "redis://:secret@127.0.0.1:1/0"}
TOKEN = {"DISCORD_TOKEN": "a.b.c"}


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (REDIS, "DISCORD_TOKEN is not set: copy the bot's token"),
        (REDIS | {"DISCORD_TOKEN": ""}, "DISCORD_TOKEN is not set: copy the bot's token"),
        (TOKEN, "REDIS_URL is not set: give the address"),
        (TOKEN | {"REDIS_URL": "secret"}, "REDIS_URL cannot be used as it is: give the address"),
        (
            TOKEN | REDIS | {"CADENZA_DISCORD_API": "discord"},
            "CADENZA_DISCORD_API cannot be used as it is: give an",
        ),
        (TOKEN | REDIS | {"CADENZA_DISCORD_GATEWAY": "http://x"}, "CADENZA_DISCORD_GATEWAY cannot be used as it is"),
        (TOKEN | REDIS | {"CADENZA_MAX_SEED_BYTES": "1048577"}, "CADENZA_MAX_SEED_BYTES cannot be used as it is"),
        (TOKEN | REDIS | {"CADENZA_MAX_SEED_BYTES": "many"}, "CADENZA_MAX_SEED_BYTES cannot be used as it is"),
    ],
)
def test_a_missing_or_wrong_setting_is_a_sentence_and_exit_code_2(
    environment, words, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith(("CADENZA_", "REDIS_", "DISCORD_")):
            monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert main() == 2
    said = capsys.readouterr().err
    assert words in said
    assert "secret" not in said
    assert len(said.splitlines()) == 1


def test_that_is_all_the_process_says(tmp_path) -> None:
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", "bot"], env=path | REDIS, cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("DISCORD_TOKEN is not set")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "PATCH https://discord.com/api/v10/webhooks/123/HUSH/messages/@original with {} has returned 200",
        "POST http://127.0.0.1:1/api/v10/interactions/123/HUSH/callback",
        "{'op': 2, 'd': {'token': 'HUSH', 'properties': {}}}",
        '{"token": "HUSH", "id": "1"}',
        "redis://:HUSH@127.0.0.1:6379/0",
        "Authorization: Bot HUSHHUSHHUSHHUSHHUSHHUSH",
        "the token itself, HUSH, anywhere",
    ],
)
def test_no_secret_reaches_the_log(text) -> None:
    record = logging.LogRecord("discord", logging.DEBUG, __file__, 1, "%s", (text,), None)
    written = RedactingFormatter(["HUSH"]).format(record)
    assert "HUSH" not in written
    assert "[redacted]" in written
    if "itself" not in text:  # the patterns do it alone as well, for tokens not known beforehand
        assert "HUSH" not in RedactingFormatter().format(record)


def test_a_traceback_is_cleaned_too() -> None:
    try:
        raise ValueError("https://discord.com/api/v10/webhooks/123/HUSH/messages/@original")
    except ValueError:
        record = logging.LogRecord("bot", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    written = RedactingFormatter().format(record)
    assert "ValueError" in written
    assert "HUSH" not in written


async def test_commands_are_told_to_discord_only_when_they_changed(harness: Harness) -> None:
    def told() -> int:
        return sum(entry.method == "PUT" and entry.path.endswith("/commands") for entry in harness.env.http_requests)

    # Given a bot whose first start told Discord its commands
    assert told() == 1
    assert (harness.state / FILE).exists()
    # When it starts again with the same commands, then Discord is not told again
    await harness.restart()
    assert told() == 1
    # When they change, then it is

    @app_commands.command(name="extra", description="One more.")
    async def extra(interaction) -> None: ...

    harness.bot.tree.add_command(extra)
    assert await sync_if_changed(harness.bot.tree, harness.state)
    assert told() == 2


async def test_it_asks_for_no_privileged_intent(harness: Harness) -> None:
    intents = harness.bot.intents
    assert [name for name, is_on in intents if is_on] == ["guilds"]
