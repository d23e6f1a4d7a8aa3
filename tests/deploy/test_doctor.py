"""Set-ups that are broken on purpose: `doctor` names each fault and says how to mend it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis

import bot.doctor
import worker.doctor
from jobs.contract import WorkerInfo
from jobs.doctor import Finding, Level, check_files, check_folder
from jobs.redis_checks import RIGHTS, check_redis, clock_finding
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings
from model.bundles import BundleStore
from sandbox.server import guild
from sandbox.server.app import LocalDiscord
from tests.conftest import MortalValkey, _free_port
from tests.model.bundles.made import bundle
from worker.render.renderer import RenderSettings
from worker.settings import WorkerSettings

ROOT = Path(__file__).resolve().parents[2]


def the_problem(findings: list[Finding], check: str) -> Finding:
    """The one problem that `check` found; every problem says how to mend it."""
    bad = [finding for finding in findings if finding.level is not Level.OK]
    assert all(finding.mend for finding in bad)
    (found,) = [finding for finding in findings if finding.check == check and finding.level is Level.PROBLEM]
    return found


@pytest.fixture
def server(mortal_valkey: MortalValkey) -> redis.Redis:
    """A server of the test's own; its settings may be spoilt."""
    return mortal_valkey.server.client


# --- Redis ----------------------------------------------------------------------------------------------------------


def test_a_sound_redis_has_no_problem(server):
    server.config_set("maxmemory", "256mb")
    findings = check_redis(JobSettings())
    assert {finding.level for finding in findings} == {Level.OK}
    # And nothing of the checks is left there
    assert server.dbsize() == 0


def test_a_wrong_password_is_named(mortal_valkey, monkeypatch):
    secret = "not-the-password"
    monkeypatch.setenv("REDIS_URL", f"redis://:{secret}@127.0.0.1:{mortal_valkey.server.port}/0")
    found = the_problem(check_redis(JobSettings()), "redis")
    assert "refuses the password" in found.sentence
    assert "Set REDIS_PASSWORD" in found.mend
    assert secret not in str(found)


def test_a_server_that_does_not_run_is_named(mortal_valkey):
    mortal_valkey.kill()
    found = the_problem(check_redis(JobSettings()), "redis")
    mortal_valkey.start()
    assert f"127.0.0.1:{mortal_valkey.server.port} does not answer" in found.sentence
    assert "Check that the server runs" in found.mend


@pytest.mark.parametrize(
    ("setting", "value", "check", "sentence", "mend"),
    [
        ("appendonly", "no", "redis disk", "keeps nothing on disk", "Set `appendonly yes`"),
        ("maxmemory-policy", "allkeys-lru", "redis eviction", "deletes jobs when its memory is full", "noeviction"),
        ("maxmemory", "1100000", "redis rights", "reached its memory limit", "Raise `maxmemory`"),
    ],
)
def test_a_wrong_setting_of_redis_is_named(server, setting, value, check, sentence, mend):
    server.config_set(setting, value)
    found = the_problem(check_redis(JobSettings()), check)
    assert sentence in found.sentence
    assert mend in found.mend


def test_a_replica_is_named(server):
    server.replicaof("127.0.0.1", 1)
    findings = check_redis(JobSettings())
    assert "read-only replica of 127.0.0.1:1" in the_problem(findings, "redis role").sentence
    assert "Name the primary in REDIS_URL" in the_problem(findings, "redis role").mend
    server.replicaof("NO", "ONE")


def _acl_user(server: redis.Redis, port: int, rights: str) -> str:
    """The address of Redis for a user with these rights."""
    password = secrets.token_hex(8)
    server.execute_command("ACL", "SETUSER", "cadenza", "on", f">{password}", *rights.split())
    return f"redis://cadenza:{password}@127.0.0.1:{port}/0"


def test_a_user_without_the_rights_is_told_which_are_missing(server, mortal_valkey, monkeypatch):
    url = _acl_user(server, mortal_valkey.server.port, "~cadenza:* +@all -@scripting -@pubsub")
    monkeypatch.setenv("REDIS_URL", url)
    found = the_problem(check_redis(JobSettings()), "redis rights")
    assert "user cadenza may not use" in found.sentence
    for missing in ("EVAL", "PUBLISH", "keys rq:*", "SUBSCRIBE"):
        assert missing in found.sentence
    assert found.mend == f"Give it the rights: ACL SETUSER cadenza {RIGHTS}."


def test_a_user_with_the_rights_that_are_recommended_has_no_problem(server, mortal_valkey, monkeypatch):
    monkeypatch.setenv("REDIS_URL", _acl_user(server, mortal_valkey.server.port, RIGHTS))
    assert [one for one in check_redis(JobSettings()) if one.level is Level.PROBLEM] == []


def test_tls_asked_from_a_server_without_it_is_named(mortal_valkey, monkeypatch):
    monkeypatch.setenv("REDIS_URL", mortal_valkey.server.url.replace("redis://", "rediss://"))
    found = the_problem(check_redis(JobSettings()), "redis")
    assert "does not answer in TLS" in found.sentence
    assert "Write redis://" in found.mend


@pytest.fixture
async def tls_port(mortal_valkey, tmp_path) -> AsyncIterator[int]:
    """A port where the server answers in TLS, with a certificate of its own: `tmp_path/cert.pem`."""
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2"]
    made = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made, *subject]
    await asyncio.to_thread(subprocess.run, command, check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
        writer.close()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", mortal_valkey.server.port)
        await asyncio.gather(carry(reader, back), carry(there, writer))

    async with await asyncio.start_server(meet, "127.0.0.1", 0, ssl=context) as serving:
        yield serving.sockets[0].getsockname()[1]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_a_certificate_that_nobody_vouches_for_is_named_and_one_that_is_known_is_taken(
    tls_port, mortal_valkey, tmp_path, monkeypatch
):
    # Given a Redis behind TLS with a certificate of its own
    mortal_valkey.server.client.config_set("maxmemory", "256mb")
    url = f"rediss://:{mortal_valkey.server.password}@127.0.0.1:{tls_port}/0"
    monkeypatch.setenv("REDIS_URL", url)
    # When its certificate is not known, then that is said
    found = the_problem(await asyncio.to_thread(check_redis, JobSettings()), "redis")
    assert "certificate of Redis at 127.0.0.1" in found.sentence
    assert "ssl_ca_certs=FILE" in found.mend
    # When it is named as the finding says, then all is well
    monkeypatch.setenv("REDIS_URL", f"{url}?ssl_ca_certs={tmp_path / 'cert.pem'}")
    assert {one.level for one in await asyncio.to_thread(check_redis, JobSettings())} == {Level.OK}
    # And one that is taken unchecked is warned of
    monkeypatch.setenv("REDIS_URL", f"{url}?ssl_cert_reqs=none&ssl_check_hostname=false")
    findings = await asyncio.to_thread(check_redis, JobSettings())
    assert [one.check for one in findings if one.level is Level.WARNING] == ["redis tls"]


@pytest.mark.parametrize(("apart_s", "words"), [(60.0, "60 s ahead of"), (-9.0, "9 s behind")])
def test_a_clock_that_is_wrong_is_named(apart_s, words):
    found = clock_finding(apart_s)
    assert words in found.sentence
    assert "time synchronisation" in found.mend
    assert clock_finding(0.5).level is Level.OK


# --- files ----------------------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_written_to_is_named(valkey, tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")  # holds also for a user who may write anywhere
    monkeypatch.setenv("CADENZA_FILES", str(tmp_path / "file" / "files"))
    found = the_problem(check_files(JobSettings()), "files")
    assert "cannot be written" in found.sentence
    assert "CADENZA_FILES" in found.mend
    assert (
        "CADENZA_LIBRARY" in the_problem(check_folder("library", tmp_path / "file", "CADENZA_LIBRARY"), "library").mend
    )


def test_files_that_may_outgrow_their_disk_are_warned_of(valkey, monkeypatch):
    monkeypatch.setenv("CADENZA_JOBS_FILES_LIMIT_MIB", str(1 << 40))
    (found,) = [one for one in check_files(JobSettings()) if one.level is Level.WARNING]
    assert "CADENZA_JOBS_FILES_LIMIT_MIB" in found.mend


# --- worker ---------------------------------------------------------------------------------------------------------


def test_a_damaged_bundle_is_named(tmp_path, monkeypatch):
    # Given a published bundle, one byte of which changes on its disk
    store = BundleStore(tmp_path)
    store.point("tiny", store.add("tiny", bundle()))
    (card,) = tmp_path.rglob("CARD.md")
    card.write_text(card.read_text() + " ")
    monkeypatch.setenv("CADENZA_STORE", str(tmp_path))
    found = the_problem(worker.doctor.check_bundles(WorkerSettings()), "models")
    assert "Bundle 'tiny' is damaged: CARD.md" in found.sentence
    assert "rollback tiny" in found.mend


def test_a_default_model_that_is_not_there_is_named(monkeypatch):
    monkeypatch.setenv("CADENZA_DEFAULT_MODEL", "organ")
    found = the_problem(worker.doctor.check_bundles(WorkerSettings()), "models")
    assert "no model organ" in found.sentence
    assert "piano" in found.mend


@pytest.mark.parametrize("content", [None, b"once upon a time"], ids=["missing", "not one"])
def test_a_soundfont_that_is_missing_or_none_is_named(tmp_path, monkeypatch, content):
    path = tmp_path / "font.sf2"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv("CADENZA_SOUNDFONT", str(path))
    found = the_problem(worker.doctor.check_rendering(RenderSettings()), "soundfont")
    assert str(path) in found.sentence
    assert "CADENZA_SOUNDFONT" in found.mend


def test_a_synthesizer_that_is_not_installed_is_named(monkeypatch):
    missing = [name for name in ("fluidsynth", "tinysoundfont") if not _plays(name)]
    if not missing:
        pytest.skip("every synthesizer is installed")
    monkeypatch.setenv("CADENZA_AUDIO_ENGINE", missing[0])
    found = the_problem(worker.doctor.check_rendering(RenderSettings()), "rendering")
    assert f"{missing[0]} is asked for but not installed" in found.sentence
    assert "CADENZA_AUDIO_ENGINE" in found.mend


def _plays(name: str) -> bool:
    from worker.render.engines import ENGINES
    from worker.render.renderer import EngineMissingError

    try:
        ENGINES[name](RenderSettings().soundfont_path)
    except EngineMissingError:
        return False
    return True


def test_a_device_that_is_not_there_is_named():
    class NoGpus:
        experimental = None

        def list_physical_devices(self, device_type: str) -> list:
            return []

        def set_visible_devices(self, devices: object, device_type: str) -> None:
            """Nothing is to be seen."""

    found = the_problem(worker.doctor.check_device("gpu:1", NoGpus()), "device")
    assert "gpu:1 was asked for" in found.sentence
    assert "nvidia-smi" in found.mend


def _run(module: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", module, "doctor", *arguments]
    settings = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=settings, timeout=120)


def test_the_workers_command_reports_a_sound_set_up(server, tmp_path, monkeypatch):
    server.config_set("maxmemory", "256mb")
    here = {"CADENZA_WORKER_DEVICE": "cpu", "CADENZA_LIBRARY": str(tmp_path / "library")}
    done = _run("worker", "--json", **here)
    said = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert said["ok"] is True
    assert {"redis", "files", "library", "models", "device", "rendering", "clock"} <= {
        one["check"] for one in said["findings"]
    }


@pytest.mark.parametrize("module", ["worker", "bot"])
def test_wrong_settings_are_named_without_their_values(module, tmp_path):
    wrong = {
        "REDIS_URL": "http://user:hunter2@host", "CADENZA_WORKER_SLOTS": "none", "DISCORD_TOKEN": "",
        "CADENZA_STATE": str(tmp_path), "CADENZA_LIBRARY": str(tmp_path), "CADENZA_WORKER_DOES": "library",
    }  # fmt: skip
    done = _run(module, **wrong)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "REDIS_URL cannot be used" in done.stdout
    other = {"worker": "CADENZA_WORKER_SLOTS cannot be used", "bot": "DISCORD_TOKEN is not set"}[module]
    assert other in done.stdout
    assert ".env.example" in done.stdout


# --- bot ------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def discord_house(valkey, tmp_path, monkeypatch):
    """A local Discord that the settings of the bot name, and a worker that takes every kind of job."""
    discord = LocalDiscord()
    async with discord.serving():
        for name, value in {
            "DISCORD_TOKEN": discord.state.bot_token,
            "CADENZA_DISCORD_API": discord.api_url,
            "CADENZA_DISCORD_GATEWAY": discord.gateway.url,
            "CADENZA_STATE": str(tmp_path / "state"),
        }.items():
            monkeypatch.setenv(name, value)
        yield discord


async def test_an_invalid_token_is_named(discord_house, monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "an.old.token")
    found = the_problem(await bot.doctor.examine(None), "token")
    assert "refuses DISCORD_TOKEN" in found.sentence
    assert "Reset Token" in found.mend
    assert "an.old.token" not in str(found)


async def test_a_discord_that_cannot_be_reached_is_named(discord_house, monkeypatch):
    monkeypatch.setenv("CADENZA_DISCORD_API", f"http://127.0.0.1:{_free_port()}/api")
    found = the_problem(await bot.doctor.examine(None), "discord")
    assert "cannot be used" in found.sentence
    assert "firewall" in found.mend


async def test_commands_that_discord_was_not_told_and_missing_workers_are_named(discord_house):
    findings = await bot.doctor.examine(None)
    found = the_problem(findings, "commands")
    assert "/compose" in found.sentence
    assert "Start the bot once" in found.mend
    missing = [one.sentence for one in findings if one.check == "workers"]
    assert missing[0].startswith("No live worker takes compose jobs")


async def test_a_channel_where_the_bot_may_not_reply_is_named(discord_house, valkey, monkeypatch):
    # Given workers for everything, and a channel that the bot may read only
    everything = WorkerInfo(name="w", hostname="h", pid=1, started_at=0.0, does=("compose", "library", "train"))
    WorkerRegistry(valkey.client, JobSettings()).publish(everything)
    monkeypatch.setattr(guild, "MEMBER_PERMISSIONS", guild.Permission.VIEW_CHANNEL)
    findings = await bot.doctor.examine(discord_house.state.channel.id)
    found = the_problem(findings, "channel")
    assert "Attach Files, Embed Links" in found.sentence
    assert "Permissions" in found.mend
    assert [one.level for one in findings if one.check == "workers"] == [Level.OK]


async def test_a_channel_with_every_permission_is_well_and_one_it_does_not_see_is_named(discord_house):
    findings = await bot.doctor.examine(discord_house.state.channel.id)
    assert [one.level for one in findings if one.check == "channel"] == [Level.OK]
    found = the_problem(await bot.doctor.examine(4711), "channel")
    assert "cannot see the channel 4711" in found.sentence
    assert "View Channel" in found.mend
