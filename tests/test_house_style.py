"""The rules of the house style that no linter checks: names, package maps, and nothing left for later."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bot", "jobs", "worker", "model", "sandbox", "web", "benchmarks")
NAMELESS = {"utils", "helpers", "manager", "misc", "common"}
LEFT_FOR_LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
# A folder of somebody's machine; what a container or every Unix has may be named.
ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|work|workspace|mnt|media)/\w")
# Class names that still stand in more than one file. Entries may only be removed.
SHARED_CLASS_NAMES = {
    "Composition",
    "Controls",
    "Missed",
    "Originality",
    "Part",
    "Progress",
    "Request",
}

MODULES = [module for package in PACKAGES for module in sorted((ROOT / package).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


@cache
def _text(module: Path) -> str:
    return module.read_text(encoding="utf-8")


@cache
def _tree(module: Path) -> ast.Module:
    return ast.parse(_text(module))


def _names(modules: list[Path]) -> list[str]:
    return [str(module.relative_to(ROOT)) for module in modules]


def _is_script(module: Path) -> bool:
    return module.name != "__main__.py" and 'if __name__ == "__main__"' in _text(module)


def test_every_module_says_what_lives_in_it():
    silent = [module for module in [*MODULES, *TESTS] if not ast.get_docstring(_tree(module))]
    assert _names(silent) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_names_its_modules_in_its_map(package):
    for folder in {module.parent for module in (ROOT / package).rglob("*.py") if not _is_script(module)}:
        init = folder / "__init__.py"
        assert init.exists(), f"{folder.relative_to(ROOT)} has no __init__.py"
        words = set(re.findall(r"\w+", ast.get_docstring(_tree(init)) or ""))
        unnamed = {module.stem for module in folder.glob("*.py")} - {"__init__", "__main__"} - words
        assert unnamed == set(), f"the map of {folder.relative_to(ROOT)} does not name these modules"


def test_no_module_has_a_name_that_says_nothing():
    assert _names([module for module in MODULES if module.stem in NAMELESS]) == []


def test_a_class_name_stands_for_one_class_only():
    files: dict[str, set[Path]] = defaultdict(set)
    for module in MODULES:
        for node in ast.walk(_tree(module)):
            if isinstance(node, ast.ClassDef):
                files[node.name].add(module)
    shared = {name for name, modules in files.items() if len(modules) > 1}
    new = {name: _names(sorted(files[name])) for name in sorted(shared - SHARED_CLASS_NAMES)}
    assert new == {}, "these classes have the name of another"
    assert sorted(SHARED_CLASS_NAMES - shared) == [], "these names are unique now: remove them from SHARED_CLASS_NAMES"


def test_no_code_and_no_page_names_a_folder_of_somebodys_machine():
    files = [*MODULES, *TESTS, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"]
    found = {str(path.relative_to(ROOT)): ABSOLUTE_PATH.findall(_text(path)) for path in files}
    assert {name: paths for name, paths in found.items() if paths} == {}


def test_nothing_is_left_for_later():
    assert _names([module for module in [*MODULES, *TESTS] if LEFT_FOR_LATER.search(_text(module))]) == []


def test_what_is_caught_is_named():
    """`except Exception` stands at a process's outermost boundary only; ruff's BLE lets pass what is logged."""
    bare = [
        f"{module.relative_to(ROOT)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert bare == []
