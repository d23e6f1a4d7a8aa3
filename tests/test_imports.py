"""Packages import only those below them, nothing imports in a circle, and importing a package is cheap."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ARROWS = {
    "bot": {"jobs"},
    "worker": {"jobs", "model"},
    "jobs": set(),
    "model": set(),
    "sandbox": set(),
    "web": {"jobs"},
}
HEAVY = {"tensorflow", "keras", "torch", "jax", "music21"}
WITHOUT_HEAVY = ("bot", "jobs", "sandbox", "web")

PACKAGES = (*ARROWS, "benchmarks")


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


# --- circles --------------------------------------------------------------------------------------------------------


def test_no_modules_import_each_other_in_a_circle():
    # Imports within functions and under TYPE_CHECKING count: they hide a circle, and do not remove it.
    found = {module for circle in _circles(_imports()) for module in circle}
    assert sorted(found) == [], "these modules import each other in a circle"


def test_no_folders_import_each_other_in_a_circle():
    # Folders and modules side by side in one package form one level; what a folder imports is what its modules do.
    modules, found = _all_modules(), set()
    for package in ("", *(name for name, path in modules.items() if path.name == "__init__.py")):
        for circle in _circles(_between_children(package)):
            found |= {name for name in circle if modules[name].name == "__init__.py"}
    assert sorted(found) == [], "these folders import each other in a circle"


@pytest.mark.parametrize(
    ("imports", "circles"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"a"}, "c": {"a"}}, [["a", "b"]]),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"e"}, "e": {"d"}}, [["a", "b", "c"], ["d", "e"]]),
        ({"a": {"a"}}, [["a"]]),
    ],
)
def test_circles_are_found_whatever_their_length(imports, circles):
    assert _circles(imports) == circles


@pytest.mark.parametrize(
    ("statement", "imported"),
    [
        ("import jobs.settings", {"jobs.settings"}),
        ("from jobs import settings", {"jobs.settings"}),
        ("from jobs.settings import JobSettings", {"jobs.settings"}),
        ("from . import settings", {"jobs.settings"}),
        ("from .settings import JobSettings", {"jobs.settings"}),
        ("def late():\n    from jobs import settings", {"jobs.settings"}),
        ("if TYPE_CHECKING:\n    from jobs import settings", {"jobs.settings"}),
        ("import json", set()),
    ],
)
def test_every_way_to_import_counts(statement, imported):
    assert set(_project_imports("jobs.errors", statement)) == imported


@cache
def _all_modules() -> dict[str, Path]:
    """Every module of the project by its dotted name; a package's is that of its folder."""
    paths = [path for package in PACKAGES for path in _modules(package)]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


@cache
def _imports() -> dict[str, set[str]]:
    """The modules of the project that each module imports."""
    found = {name: set(_project_imports(name, path.read_text())) for name, path in _all_modules().items()}
    return {name: imported - {name} for name, imported in found.items()}


def _project_imports(module: str, source: str) -> Iterator[str]:
    """The modules of the project that `source` imports anywhere, read as the module of this name."""
    known = _all_modules()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".") if known[module].name == "__init__.py" else module.split(".")[:-1]
            parts = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*parts, *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{base}.{alias.name}".lstrip(".")
                yield from (name for name in (full if full in known else base,) if name in known)


def _between_children(package: str) -> dict[str, set[str]]:
    """What the modules and folders directly in `package` import of each other, with all that they hold."""

    def child(name: str) -> str | None:
        if package and not name.startswith(f"{package}."):
            return None
        depth = package.count(".") + 2 if package else 1
        return ".".join(name.split(".")[:depth])

    found: dict[str, set[str]] = {}
    for module, imported in _imports().items():
        if (importer := child(module)) is not None:
            others = {one for one in map(child, imported) if one is not None and one != importer}
            found.setdefault(importer, set()).update(others)
    return found


def _circles(imports: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of names of which each reaches every other, sorted."""

    def reached_from(start: str) -> set[str]:
        reached: set[str] = set()
        waiting = [*imports[start]]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += imports.get(name, ())
        return reached

    reached = {name: reached_from(name) for name in imports}
    in_a_circle = {name for name in imports if name in reached[name]}
    groups = {tuple(sorted(two for two in reached[one] if one in reached[two])) for one in in_a_circle}
    return sorted(list(group) for group in groups)
