"""The stops of the house style that no linter knows: size, maps, and nothing left for later."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("bot", "jobs", "worker", "model", "sandbox", "benchmarks")
MODULE_LINES = 300
FUNCTION_LINES = 40
NAMELESS = {"utils", "helpers", "manager", "misc", "common"}
LEFT_FOR_LATER = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")

MODULES = [module for package in PACKAGES for module in sorted((ROOT / package).rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))


def _text(module: Path) -> str:
    return module.read_text(encoding="utf-8")


def _names(modules: list[Path]) -> list[str]:
    return [str(module.relative_to(ROOT)) for module in modules]


def _is_script(module: Path) -> bool:
    return module.name != "__main__.py" and 'if __name__ == "__main__"' in _text(module)


def test_no_module_is_longer_than_three_hundred_lines():
    lengths = {str(module.relative_to(ROOT)): len(_text(module).splitlines()) for module in [*MODULES, *TESTS]}
    assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}


def test_no_function_is_longer_than_forty_lines():
    long = {
        f"{module.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for module in MODULES
        for node in ast.walk(ast.parse(_text(module)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES
    }
    assert long == {}


def test_every_module_says_what_lives_in_it():
    silent = [module for module in [*MODULES, *TESTS] if not ast.get_docstring(ast.parse(_text(module)))]
    assert _names(silent) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_names_its_modules_in_its_map(package):
    for folder in {module.parent for module in (ROOT / package).rglob("*.py") if not _is_script(module)}:
        init = folder / "__init__.py"
        assert init.exists(), f"{folder.relative_to(ROOT)} has no __init__.py"
        words = set(re.findall(r"\w+", ast.get_docstring(ast.parse(_text(init))) or ""))
        unnamed = {module.stem for module in folder.glob("*.py")} - {"__init__", "__main__"} - words
        assert unnamed == set(), f"the map of {folder.relative_to(ROOT)} does not name these modules"


def test_no_module_has_a_name_that_says_nothing():
    assert _names([module for module in MODULES if module.stem in NAMELESS]) == []


def test_nothing_is_left_for_later():
    assert _names([module for module in [*MODULES, *TESTS] if LEFT_FOR_LATER.search(_text(module))]) == []


def test_what_is_caught_is_named():
    """`except Exception` stands at a process's outermost boundary only; ruff's BLE lets pass what is logged."""
    bare = [
        f"{module.relative_to(ROOT)}:{node.lineno}"
        for module in MODULES
        for node in ast.walk(ast.parse(_text(module)))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert bare == []
