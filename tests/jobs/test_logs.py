"""JSON logs: one object a line, the id of the job on each, and no secret in any part of it."""

from __future__ import annotations

import asyncio
import json
import logging
import sys

import pytest

from jobs import logs
from jobs.logs import JsonFormatter, about_job, current_job, set_job
from jobs.settings import JobSettings


def record(message: str, *arguments: object, exc_info: object = None) -> logging.LogRecord:
    return logging.LogRecord("worker", logging.WARNING, __file__, 1, message, arguments, exc_info)


def test_a_record_is_one_line_of_json_with_the_job_it_is_about():
    with about_job("job-7"):
        written = JsonFormatter().format(record("first line\nsecond: %s", "“ü”"))
    said = json.loads(written)
    assert "\n" not in written
    assert said["message"] == "first line\nsecond: “ü”"
    assert (said["level"], said["logger"], said["job_id"]) == ("WARNING", "worker", "job-7")
    assert said["time"].endswith("+00:00")
    # And outside the block it is about no job
    assert "job_id" not in json.loads(JsonFormatter().format(record("x")))


def test_neither_message_nor_traceback_holds_a_secret():
    try:
        raise ValueError("redis://cadenza:HUSHHUSH@host/0 refused “HUSHHUSH”")
    except ValueError:
        written = JsonFormatter(["HUSHHUSH"]).format(record("%s", "HUSHHUSH", exc_info=sys.exc_info()))
    assert "HUSH" not in written
    assert "ValueError" in json.loads(written)["traceback"]


def test_every_password_in_the_settings_is_a_secret_also_as_the_address_writes_it(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key-of-the-bucket")
    settings = JobSettings(redis_url="redis://:pass%20word@localhost:1/0", redis_password="another one")
    written = JsonFormatter(settings.secrets).format(record("pass word, pass%20word, another one, key-of-the-bucket"))
    assert json.loads(written)["message"] == ", ".join(["[redacted]"] * 4)


async def test_tasks_side_by_side_keep_their_jobs_apart():
    async def carry(job_id: str) -> str | None:
        set_job(job_id)
        await asyncio.sleep(0)
        return current_job()

    assert await asyncio.gather(carry("a"), carry("b")) == ["a", "b"]
    assert current_job() is None


@pytest.mark.parametrize(("form", "is_json"), [("json", True), ("text", False), ("", False)])
def test_the_setting_chooses_the_form(form, is_json, monkeypatch, capsys):
    monkeypatch.setenv(logs.VARIABLE, form)
    before, hook = list(logging.root.handlers), sys.excepthook
    try:
        logs.configure("INFO")
        logging.getLogger("x").info("hello")
        line = capsys.readouterr().err.strip()
    finally:
        logging.root.handlers[:], sys.excepthook = before, hook
        logging.captureWarnings(False)
    assert line.startswith("{") is is_json
    assert "hello" in line
