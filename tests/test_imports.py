"""Arrows between packages point down only, and importing a package is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ARROWS = {
    "bot": {"jobs"},
    "worker": {"jobs", "model"},
    "jobs": set(),
    "model": set(),
    "sandbox": set(),
}
HEAVY = {"tensorflow", "keras", "torch", "jax", "music21"}
WITHOUT_HEAVY = ("bot", "jobs", "sandbox")


def _modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def _imported(module: Path) -> Iterator[str]:
    """The top-level packages a module imports anywhere in it; a relative import stays inside its own package."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", ARROWS)
def test_a_package_imports_only_what_lies_below_it(package):
    above = set(ARROWS) | {"tests", "benchmarks"}
    forbidden = above - ARROWS[package] - {package}
    breaches = [
        f"{module.relative_to(ROOT)} imports {name}"
        for module in _modules(package)
        for name in _imported(module)
        if name in forbidden
    ]
    assert _modules(package)
    assert breaches == []


@pytest.mark.parametrize("package", WITHOUT_HEAVY)
def test_nothing_in_a_light_package_names_a_heavy_library(package):
    named = {(str(module.relative_to(ROOT)), name) for module in _modules(package) for name in _imported(module)}
    assert [(module, name) for module, name in named if name in HEAVY] == []


@pytest.mark.parametrize("package", [*WITHOUT_HEAVY, "worker", "model"])
def test_importing_a_package_loads_no_heavy_library(package):
    code = f"import sys, {package}; print([name for name in {sorted(HEAVY)!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"  # some libraries greet on standard output while they are imported


@pytest.mark.parametrize("package", WITHOUT_HEAVY)
def test_no_module_of_a_light_package_loads_a_heavy_library(package):
    names = [
        ".".join(module.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for module in _modules(package)
        if module.name != "__main__.py"
    ]
    code = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print([name for name in {sorted(HEAVY)!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"  # some libraries greet on standard output while they are imported
