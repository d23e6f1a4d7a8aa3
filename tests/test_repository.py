"""What the repository promises outside its code: settings described, versions pinned, links that lead somewhere."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module, metadata
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pydantic import TypeAdapter
from pydantic_settings import BaseSettings

from sandbox.server.guild import BOT_PERMISSIONS

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LISTS = sorted((ROOT / "requirements").glob("*.txt"))
PIN = re.compile(r"^[a-z0-9][a-z0-9-]*==[0-9][0-9a-z.]*( ; .+?)?( \\)?$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
TOP_PAGES = ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "PRIVACY.md")
PAGES = [*(ROOT / name for name in TOP_PAGES), *sorted((ROOT / "docs").rglob("*.md"))]
SETTINGS = (
    "bot.settings",
    "jobs.settings",
    "worker.settings",
    "worker.render.renderer",
    "sandbox.settings",
    "web.settings",
)
OF_COMPOSE = {
    "GRAFANA_PASSWORD",
    "COMPOSE_PROFILES", "CADENZA_WORKERS", "CADENZA_GPU", "CADENZA_GPU2", "CADENZA_TRAINER_GPU", "CADENZA_WITH_S3",
    "CADENZA_REDIS_MEMORY", "CADENZA_REDIS_CONTAINER_MEMORY", "CADENZA_WORKER_MEMORY", "CADENZA_SHELL_MEMORY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL",
}  # fmt: skip
HEAVY = {"tensorflow", "tensorflow-cpu", "keras", "torch", "numpy"}
INSTALLING = ("requirements/*.txt", "pyproject.toml", "Makefile", "Dockerfile", ".ci/run")
# pip's options, and addresses, by which a list or a command says where packages are to come from
WHERE_FROM = re.compile(r"--(index|extra-index|default-index|find-links|trusted-host)|://")


def _committed() -> list[Path]:
    """Every file that git keeps; in a copy without git, every file outside folders that git would ignore."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]
    ignored = {".venv", "__pycache__", "var", "runs", "out", "build", "dist"}
    return [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not any(part in ignored or part.endswith("_cache") for part in path.parts)
    ]


def _pins(path: Path) -> dict[str, Requirement]:
    """The pins of a list, by canonical name."""
    pins = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith(("#", " ")):
            requirement = Requirement(line.removesuffix(" \\"))
            pins[canonicalize_name(requirement.name)] = requirement
    return pins


def _asked_for(group: str) -> list[Requirement]:
    """What pyproject.toml asks for in `group` and for everyone."""
    found = [Requirement(text) for text in PROJECT["dependencies"]]
    for requirement in map(Requirement, PROJECT["optional-dependencies"][group]):
        is_own = requirement.name == PROJECT["name"]
        found += [other for extra in requirement.extras for other in _asked_for(extra)] if is_own else [requirement]
    return found


# --- requirement lists ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_every_list_pins_everything_and_names_no_address(path):
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if not PIN.match(line) and not HASH.match(line)] == []


def test_a_package_has_the_same_version_in_every_list():
    versions: dict[str, set[str]] = {}
    for path in LISTS:
        for name, pin in _pins(path).items():
            versions.setdefault(name, set()).add(str(pin.specifier))
    assert {name: found for name, found in versions.items() if len(found) > 1} == {}


@pytest.mark.parametrize("group", ["bot", "worker", "worker-gpu", "sandbox", "train", "dev"])
def test_a_list_meets_what_its_group_asks_for(group):
    pins = _pins(ROOT / "requirements" / f"{group}.txt")
    for requirement in _asked_for(group):
        pin = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(str(pin.specifier).removeprefix("==")), f"{requirement}: {pin}"


def test_the_gpu_list_differs_from_the_cpu_list_by_tensorflow_and_cuda_only():
    cpu, gpu = (_pins(ROOT / "requirements" / name) for name in ("worker.txt", "worker-gpu.txt"))
    assert set(cpu) - set(gpu) == {"tensorflow-cpu"}
    assert set(gpu) - set(cpu) == {name for name in gpu if name.startswith("nvidia-")} != set()
    assert gpu["tensorflow"].marker is None


def test_the_bot_needs_nothing_heavy():
    assert set(_pins(ROOT / "requirements" / "bot.txt")) & HEAVY == set()


@pytest.mark.parametrize(
    ("package", "lists"),
    [
        ("jobs", ["bot"]),
        ("bot", ["bot"]),
        ("sandbox", ["sandbox"]),
        ("web", ["bot"]),
        ("model", ["worker", "train"]),
        ("worker", ["worker", "no-deps"]),
    ],
)
def test_what_a_package_imports_is_pinned_for_it(package, lists):
    pinned = {name for one in lists for name in _pins(ROOT / "requirements" / f"{one}.txt")}
    known = metadata.packages_distributions()
    scripts = {"make_seed.py", "trim_schema.py"}  # made data of this package once; nothing imports them
    unpinned = set()
    for module in (ROOT / package).rglob("*.py"):
        for name in _imported(module) if module.name not in scripts else ():
            distributions = {canonicalize_name(found) for found in known.get(name, [])}
            if distributions and not distributions & pinned:
                unpinned.add(f"{module.relative_to(ROOT)} imports {name}")
    assert unpinned == set()


def _imported(module: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names)


def test_nothing_that_installs_says_where_packages_come_from():
    files = [path for pattern in INSTALLING for path in ROOT.glob(pattern)]
    assert len(files) >= len(INSTALLING)
    assert [str(path) for path in files if WHERE_FROM.search(path.read_text())] == []


def test_an_installed_copy_holds_every_file_that_the_packages_read():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    packed = {path for package, patterns in data.items() for glob in patterns for path in (ROOT / package).glob(glob)}
    packages = [ROOT / name for name in ("bot", "jobs", "worker", "model", "sandbox", "web")]
    read = {path for path in _committed() if path.suffix != ".py" and set(path.parents) & set(packages)}
    assert read
    assert read - packed == set()


# --- settings ------------------------------------------------------------------------------------------------------


def _settings() -> dict[str, tuple[type[BaseSettings], str]]:
    """Every environment variable that a settings class reads, with the class and the field."""
    found = {}
    for name in SETTINGS:
        for value in vars(import_module(name)).values():
            if isinstance(value, type) and issubclass(value, BaseSettings) and value.__module__ == name:
                for field, info in value.model_fields.items():
                    alias = info.validation_alias or value.model_config.get("env_prefix", "") + field
                    found.setdefault(str(alias).upper(), (value, field))
    return found


def _example() -> dict[str, tuple[bool, str]]:
    """The lines of .env.example: by name, whether it is commented out, and the value shown."""
    lines = re.findall(r"^(#?)([A-Z][A-Z0-9_]*)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    return {name: (bool(mark), value) for mark, name, value in lines}


def test_the_example_file_lists_every_setting_and_no_other():
    assert set(_example()) == set(_settings()) | OF_COMPOSE


def test_the_example_file_shows_the_defaults():
    wrong = {}
    for name, (kind, field) in _settings().items():
        commented, shown = _example()[name]
        info = kind.model_fields[field]
        if commented and shown and not info.is_required() and info.default is not None:
            adapter = TypeAdapter(info.annotation)
            if adapter.validate_python(shown) != info.default:
                wrong[name] = (shown, info.default)
    assert wrong == {}


def test_every_setting_stands_under_a_sentence():
    paragraphs = (ROOT / ".env.example").read_text().split("\n")
    silent = []
    for before, line in pairwise(paragraphs):
        if re.match(r"^#?[A-Z][A-Z0-9_]*=", line) and not before.startswith("#"):
            silent.append(line)
    assert silent == []


# --- README, pages, shell ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_file(page):
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_make_verb_that_a_page_names_exists():
    verbs = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {verb for page in PAGES for verb in re.findall(r"`make ([a-z]+)|^make ([a-z]+)", page.read_text(), re.M)}
    assert {verb for pair in named for verb in pair if verb} <= verbs


def test_the_invite_link_asks_for_the_permissions_the_bot_needs():
    assert f"permissions={int(BOT_PERMISSIONS)}" in (ROOT / "README.md").read_text()


def test_the_changelog_tells_of_this_version():
    assert f"## [{PROJECT['version']}]" in (ROOT / "CHANGELOG.md").read_text()


def test_continuous_integration_runs_what_the_readme_says():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
    assert {"make test", "make check"} <= set(re.findall(r"make [a-z]+", script.read_text()))


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_an_old_python_is_refused_in_a_sentence(tmp_path):
    # Given an interpreter that is too old
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    old = tmp_path / "python3.9"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    # When it is told to run with it
    done = subprocess.run(
        ["make", "run", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    # Then it says what is wrong and what to do, and leaves nothing behind
    assert done.returncode != 0
    assert "Cadenza needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "Python 3.9.2" in done.stderr
    assert not (tmp_path / ".venv").exists()
