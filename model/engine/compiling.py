"""Compiling to machine code with numba, kept on disk so that only the first start pays for it.

Kept code is found by what all modules of this package say: a change in one never meets code made of another. What no
start has used for a month is put away.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numba

from model.corpora.cache import cache_folder
from model.errors import DataError

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable)

FOLDER = "machine-code"  # in the cache
SETTING = "CADENZA_MACHINE_CODE"  # names another folder for it
UNUSED_S = 30 * 86_400.0


def _folder() -> str:
    """Where machine code is kept; a folder of this process alone where the cache cannot be written."""
    sources = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        sources.update(file.read_bytes())
    try:
        kept = Path(os.environ.get(SETTING) or cache_folder() / FOLDER)
        folder = kept / sources.hexdigest()[:16]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):  # which also marks the folder as used
            put_away_unused(kept)
            return str(folder)
    except (OSError, DataError):
        log.warning("machine code cannot be kept, so every start compiles it anew: name a folder in %s", SETTING)
        return tempfile.mkdtemp(prefix="cadenza-machine-code-")


def put_away_unused(kept: Path) -> None:
    """Remove the folders of machine code in `kept` that no start has used for `UNUSED_S` seconds."""
    for folder in kept.iterdir():
        with suppress(OSError):  # another start may be at it too
            if _is_one(folder) and time.time() - folder.stat().st_mtime > UNUSED_S:
                shutil.rmtree(folder, ignore_errors=True)


def _is_one(folder: Path) -> bool:
    """Whether this is a folder of machine code, and nothing else that someone keeps there."""
    return re.fullmatch("[0-9a-f]{16}", folder.name) is not None and folder.is_dir() and not folder.is_symlink()


numba.config.CACHE_DIR = _folder()  # type: ignore[attr-defined]


# `_nrt` off: what counts references to arrays at each call is left out, which took two thirds of an instruction's time;
# in return compiled code may allocate nothing, and numba refuses what would
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


def machine_code(function: Function) -> Function:
    """`function` compiled for this processor at its first call, or taken from the cache; runs without the GIL."""
    return numba.njit(_only_one_of_its_name(function), cache=True, **_OPTIONS)  # type: ignore[return-value]


def inlined(function: Function) -> Function:
    """`function` as a part of others that are compiled.

    Raises:
        ValueError: it is a closure or a lambda without a name of its own, see `named`.
    """
    return numba.njit(_only_one_of_its_name(function), **_OPTIONS)  # type: ignore[return-value]


def named(function: Function, name: str) -> Function:
    """`function`, a closure or a lambda, under a name that says all that sets it apart from others of its code."""
    function.__qualname__ = name
    return function


def _only_one_of_its_name(function: Function) -> Function:
    """`function`, where its name tells it from every other function of the module.

    Code that is loaded from disk is linked by name: its calls go to whatever function the process already has under
    that name. numba only adds a number to a name, counted in the order in which this process happens to compile. Two
    closures of one name that differ in what they enclose are then taken for each other.
    """
    if "<" in function.__qualname__:
        raise ValueError(f"{function.__qualname__}: a closure that is compiled needs a name of its own, see `named`")
    return function
