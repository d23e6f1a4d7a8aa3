"""A real bot and a real worker at a local Discord: what they log as JSON, and what Prometheus finds at their ports.

Rules, dashboard and page may name only metrics that the two really serve.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from jobs.settings import JobSettings
from sandbox.server.app import LocalDiscord
from tests.bot.bot_process import BotProcess, until
from tests.bot.harness import PlayedWorker
from tests.worker.processes import WorkerProcess

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "deploy" / "monitoring"
PAGE = (ROOT / "docs" / "monitoring.md").read_text()
RULES = [rule for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((MONITORING / "grafana" / "dashboard.json").read_text())
NAME = re.compile(r"\b(?:cadenza|process)_[a-z_]+\b")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fetched(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def served(text: str) -> set[str]:
    """The names of series that a scrape has, or has as soon as something is counted."""
    found = set()
    for name, kind in re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE):
        found |= {f"{name}_{end}" for end in ("bucket", "sum", "count")} if kind == "histogram" else {name}
    return found


def value(text: str, series: str) -> float:
    (found,) = re.findall(rf"^{re.escape(series)} (\S+)$", text, re.MULTILINE)
    return float(found)


def json_lines(text: str) -> list[dict]:
    """Every line that is JSON; what native libraries print themselves is none."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.timeout(280)
async def test_a_piece_is_seen_in_logs_and_metrics_from_the_bot_to_the_render_process(valkey, tmp_path, monkeypatch):
    # Given a bot and a worker that log as JSON and serve metrics; the worker's SoundFont is missing
    ports = {"bot": free_port(), "worker": free_port()}
    monkeypatch.setenv("CADENZA_LOG_FORMAT", "json")
    monkeypatch.setenv("CADENZA_WORKER_METRICS_PORT", str(ports["worker"]))
    monkeypatch.setenv("CADENZA_WORKER_PRELOAD_AFTER_S", "0")
    monkeypatch.setenv("CADENZA_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("CADENZA_SOUNDFONT", str(tmp_path / "missing.sf2"))
    discord = LocalDiscord()
    async with discord.serving():
        local = BotProcess(discord, PlayedWorker(valkey.client, JobSettings()), valkey.url, tmp_path)
        local._environment |= {"CADENZA_LOG_FORMAT": "json", "CADENZA_HEALTH_PORT": str(ports["bot"])}
        worker = WorkerProcess(tmp_path / "worker.log", "-m", "worker")
        try:
            async with local.bot():
                await asyncio.to_thread(worker.wait_until_ready)
                assert await asyncio.to_thread(fetched, ports["worker"], "/health/live") == (200, '{"live": true}')
                status, ready = await asyncio.to_thread(fetched, ports["worker"], "/health/ready")
                assert (status, json.loads(ready)) == (200, {"redis": True, "heartbeat": True})
                # When a member asks for a piece
                await local.compose({"name": "length", "type": 10, "value": 5})
                await until(lambda: any("attachments" in one and one["attachments"] for one in local.messages()))
                assert (await asyncio.to_thread(fetched, ports["worker"], "/else"))[0] == 404
                texts = {name: (await asyncio.to_thread(fetched, port, "/metrics"))[1] for name, port in ports.items()}
        finally:
            worker.kill()
    # Then the worker and the bot have counted it
    _check_metrics(texts)
    # And the logs tell it, too
    secrets = [valkey.password, discord.state.bot_token]
    secrets += [one.token for one in discord.state.interactions.values()]
    _check_logs(local.log(), worker, secrets)


def _check_metrics(texts: dict[str, str]) -> None:
    assert value(texts["worker"], 'cadenza_jobs_ended_total{code="",outcome="done"}') == 1
    assert value(texts["worker"], 'cadenza_queue_wait_seconds_count{kind="compose"}') == 1
    assert value(texts["worker"], 'cadenza_compose_stage_seconds_count{stage="total"}') == 1
    assert value(texts["worker"], "cadenza_notes_composed_total") > 0
    assert value(texts["worker"], 'cadenza_slots{kind="compose"}') == 8
    assert value(texts["worker"], "cadenza_redis_up") == 1
    assert value(texts["worker"], "cadenza_models_loaded") >= 1
    assert value(texts["bot"], "cadenza_acknowledgement_seconds_count") == 1
    assert value(texts["bot"], 'cadenza_deliveries_total{place="reply"}') == 1
    assert value(texts["bot"], "cadenza_gateway_connected") == 1
    assert value(texts["bot"], "cadenza_event_loop_delay_seconds_count") > 0
    # And every metric that rules, dashboard and page name is served
    shown = " ".join([*(rule["expr"] for rule in RULES), *_expressions(), *re.findall(r"`([^`]+)`", PAGE)])
    assert set(NAME.findall(shown)) - served(texts["bot"]) - served(texts["worker"]) - _families(texts) == set()


def _check_logs(of_bot: str, worker: WorkerProcess, secrets: list[str]) -> None:
    # The id of the job is in the records of the bot, the worker, and the render process that missed the SoundFont
    (job_id,) = {one["job_id"] for one in json_lines(of_bot) if one["message"].endswith("delivered: done")}
    of_worker = [one for one in json_lines(worker.log.read_text()) if one.get("job_id") == job_id]
    assert any(one["message"] == f"job {job_id} begins" for one in of_worker)
    missing = [one for one in of_worker if "there is no SoundFont" in one["message"]]
    assert {one["logger"] for one in missing} == {"worker.render.process"}
    assert missing[0]["process"] != worker.process.pid
    # No line of the bot is anything but JSON, and no secret is in either log
    assert all(line.startswith("{") for line in of_bot.splitlines())
    found = [secret for secret in secrets if secret in of_bot or secret in worker.log.read_text()]
    assert found == []


def _expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


def _families(texts: dict[str, str]) -> set[str]:
    """Names as the page writes them: a histogram's without its endings."""
    return {name for text in texts.values() for name in re.findall(r"^# TYPE (\w+) histogram$", text, re.MULTILINE)}


def test_every_alert_has_a_paragraph_that_says_what_to_do():
    headings = {line.removeprefix("### ").strip() for line in PAGE.splitlines() if line.startswith("### ")}
    assert {rule["alert"] for rule in RULES} == headings
    for rule in RULES:
        assert rule["annotations"]["runbook"] == f"docs/monitoring.md#{rule['alert'].lower()}"
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert rule["for"]


def test_expressions_are_closed_where_they_are_opened():
    for text in [*(rule["expr"] for rule in RULES), *_expressions()]:
        for opening, closing in ("()", "[]", "{}"):
            assert text.count(opening) == text.count(closing), text
        assert text.count('"') % 2 == 0


def test_a_port_that_is_taken_is_told(valkey, tmp_path, monkeypatch):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("CADENZA_WORKER_METRICS_PORT", str(taken.getsockname()[1]))
        monkeypatch.setenv("CADENZA_WORKER_DOES", "library")
        monkeypatch.setenv("CADENZA_LIBRARY", str(tmp_path / "library"))
        worker = WorkerProcess(tmp_path / "worker.log", "-m", "worker")
        assert worker.process.wait(60) == 1
    assert "CADENZA_WORKER_METRICS_PORT: port" in worker.log.read_text()
