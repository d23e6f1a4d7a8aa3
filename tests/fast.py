"""Which tests are fast: those that use no network, start no process, and load no machine-learning library.

`pytest -m fast` (`make test-fast`) runs only them. Nobody marks a test by hand. A file is fast if neither it nor any
file of the project that it imports, at any depth, imports one of `SLOW_MODULES` or starts processes. In such
a file those tests are fast that use no fixture of `SLOW_FIXTURES`. Under `-m fast` a test that does start a
process or connect a socket fails.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SLOW_MODULES = {
    *("tensorflow", "keras", "torch", "jax", "numba"),
    *("http", "socket", "subprocess", "multiprocessing", "playwright", "simcord"),
}
SLOW_CALLS = {"create_subprocess_exec", "ProcessPoolExecutor"}
SLOW_FIXTURES = {"valkey_process", "mortal_valkey", "local", "http"}
FORBIDDEN_EVENTS = {"subprocess.Popen", "os.fork", "os.posix_spawn", "socket.connect"}


def is_fast_file(path: Path) -> bool:
    """Whether the tests of this file may be fast."""
    reached: set[Path] = set()
    waiting = [path.resolve()]
    while waiting:
        file = waiting.pop()
        if file not in reached:
            reached.add(file)
            imported, is_slow = _read(file)
            if is_slow:
                return False
            waiting += imported
    return True


@cache
def _read(path: Path) -> tuple[tuple[Path, ...], bool]:
    """The project's files that a file imports, and whether it uses something slow itself."""
    files: list[Path] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute | ast.Name) and _name(node) in SLOW_CALLS:
            return (), True
        for name in _imported(node, path):
            if name.partition(".")[0] in SLOW_MODULES:
                return (), True
            files += _project_files(name)
    return tuple(files), False


def _name(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _imported(node: ast.AST, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = path.parent.relative_to(ROOT).parts[: None if node.level <= 1 else 1 - node.level]
        base = ".".join([*(package if node.level else ()), *([node.module] if node.module else [])])
        yield from (f"{base}.{alias.name}" for alias in node.names)


def _project_files(name: str) -> Iterator[Path]:
    """The files of the project that importing `name` runs: those of the packages on the way, and of the module."""
    place = ROOT
    for part in name.split("."):
        place = place / part
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.exists():
                yield file


class ForbiddenEvents:
    """Records what a fast test may not do, from `start` to `stop`."""

    def __init__(self) -> None:
        self._seen: list[str] | None = None
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: object) -> None:
        if self._seen is not None and event in FORBIDDEN_EVENTS:
            self._seen.append(event)

    def start(self) -> None:
        """Begin to record."""
        self._seen = []

    def stop(self) -> list[str]:
        """Stop recording; the events seen."""
        seen, self._seen = self._seen or [], None
        return seen
