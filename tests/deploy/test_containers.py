"""Dockerfile and docker-compose.yml, as far as they can be judged without an engine."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from bot.settings import BotSettings
from jobs.settings import JobSettings
from worker.render.settings import RenderSettings
from worker.settings import WorkerSettings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OWN = {
    "bot": "bot", "worker": "worker-cpu", "worker-gpu": "worker-gpu", "trainer": "worker-cpu",
    "trainer-gpu": "worker-gpu", "shell": "shell", "shell-gpu": "shell",
}  # fmt: skip
OF_IMAGE = {"CADENZA_SOUNDFONT"}  # the image knows where its SoundFont lies


def _names(*kinds):
    return {
        str(info.validation_alias or kind.model_config.get("env_prefix", "") + field).upper()
        for kind in kinds
        for field, info in kind.model_fields.items()
    }


def _stages():
    """The lines of each stage, by name."""
    parts = re.split(r"^FROM (\S+) AS (\S+)$", DOCKERFILE, flags=re.MULTILINE)[1:]
    return {name: text for _, name, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True)}


def test_redis_is_pinned_durable_guarded_and_private():
    redis = SERVICES["redis"]
    command = " ".join(redis["command"])
    assert re.fullmatch(r"redis:8\.\d+(\.\d+)?(-\w+)?", redis["image"])
    assert "--appendonly yes" in command
    assert "--requirepass ${REDIS_PASSWORD:?" in command
    assert "noeviction" in command
    assert redis["healthcheck"]["test"]
    assert redis["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_no_service_opens_a_port_on_the_host():
    assert [name for name, service in SERVICES.items() if "ports" in service] == []


def test_every_service_that_serves_comes_back_after_a_crash():
    serving = ("redis", "bot", "worker", "worker-gpu", "trainer", "trainer-gpu")
    assert {SERVICES[name]["restart"] for name in serving} == {"unless-stopped"}


def test_shells_and_gpu_workers_wait_until_they_are_asked_for():
    profiles = {name: service.get("profiles") for name, service in SERVICES.items()}
    assert profiles["worker-gpu"] == ["gpu"]
    assert profiles["shell"] == ["shell"]
    assert [profiles[name] for name in ("redis", "bot", "worker")] == [None, None, None]


def test_workers_can_be_scaled():
    assert SERVICES["worker"]["deploy"]["replicas"] == "${CADENZA_WORKERS:-1}"
    assert "container_name" not in SERVICES["worker"]


def test_every_service_is_built_from_a_stage_that_exists():
    assert {name: SERVICES[name]["build"]["target"] for name in OWN} == OWN
    assert set(OWN.values()) <= set(_stages())


@pytest.mark.parametrize("service", ["worker", "worker-gpu", "trainer", "trainer-gpu"])
def test_workers_get_every_setting_of_theirs_and_no_token(service):
    given = set(SERVICES[service]["environment"])
    assert given == _names(JobSettings, WorkerSettings, RenderSettings) - OF_IMAGE


def test_trainings_do_not_run_where_members_wait_for_pieces():
    does = {name: SERVICES[name]["environment"]["CADENZA_WORKER_DOES"] for name in ("worker", "trainer")}
    assert does == {"worker": "compose,library", "trainer": "train,library"}


def test_workers_and_trainers_share_the_library():
    for name in ("worker", "trainer"):
        assert "library:/app/library" in SERVICES[name]["volumes"]


def test_the_bot_gets_every_setting_of_its_own():
    assert set(SERVICES["bot"]["environment"]) == _names(JobSettings, BotSettings)


def test_everything_copied_into_an_image_exists_and_reaches_the_engine():
    copied = [word for line in re.findall(r"^COPY (.+)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]]
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert copied
    assert [path for path in copied if not (ROOT / path).exists()] == []
    assert [path for path in copied if not any(fnmatch(path, pattern) for pattern in allowed)] == []


@pytest.mark.parametrize("stage", sorted(set(OWN.values())))
def test_no_image_runs_as_root(stage):
    users = re.findall(r"^USER (\S+)$", _stages()[stage], re.MULTILINE)
    assert users == ["cadenza"]


@pytest.mark.parametrize("stage", ["bot", "worker-cpu", "worker-gpu"])
def test_every_image_that_serves_has_a_health_check(stage):
    assert "HEALTHCHECK" in _stages()[stage]


def test_worker_images_hold_fluidsynth_and_a_full_soundfont():
    assert "libfluidsynth3 fluid-soundfont-gm" in _stages()["audible"]
    assert "ENV CADENZA_SOUNDFONT=" in _stages()["audible"]
