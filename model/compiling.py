"""Compiling to machine code with numba, kept on disk so that only the first start pays for it.

The folder is named by a hash of every module that holds compiled functions, so code of one version never meets code of
another. Folders that no start has used for a month are deleted.
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
from types import FunctionType
from typing import Any, TypeVar, cast

import numba
import numpy as np
from numba.extending import overload

from model.errors import DataError
from model.files import cache_folder

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable)

FOLDER = "machine-code"  # in the cache
SETTING = "CADENZA_MACHINE_CODE"  # names another folder for it
COMPILED = ("*.py", "representation/*.py", "generation/**/*.py", "network/quantized.py", "network/attention.py")
UNUSED_S = 30 * 86_400.0


def _folder() -> str:
    """Where machine code is kept; a folder of this process alone where the cache cannot be written."""
    sources = hashlib.sha256()
    for file in sorted(file for pattern in COMPILED for file in Path(__file__).parent.glob(pattern)):
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


# `_nrt` off: compiled code counts no references to arrays, which took two thirds of the time of a short call; in return
# it may allocate nothing, and numba refuses what would
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}
# functions that only compiled code calls need no entrance from Python or C, which takes as long to compile as they do
INLINED = OPTIONS | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kept(function: Function) -> Function:
    """`function` compiled for this processor at its first call, or loaded from disk; runs without the GIL."""
    return numba.njit(_unique(function), cache=True, **OPTIONS)  # type: ignore[return-value]


def inlined(function: Function) -> Function:
    """`function` as a part of other compiled functions.

    Raises:
        ValueError: it is a closure or a lambda, see `_unique`.
    """
    return numba.njit(_unique(function), **INLINED)  # type: ignore[return-value]


def named(function: Function, name: str) -> Function:
    """`function`, a closure, under a name that says everything that sets it apart from others of its code."""
    function.__qualname__ = name
    return function


def _unique(function: Function) -> Function:
    """`function`, if its name tells it from every other function of the module.

    Code that is loaded from disk is linked by name: its calls go to whatever function the process already has under
    that name. numba only adds a number to a name, counted in the order in which this process happens to compile, so two
    closures of one name could be taken for each other.
    """
    if "<" in function.__qualname__:
        raise ValueError(f"{function.__qualname__}: a compiled closure needs a name of its own, see `named`")
    return function


# Functions that every representation has its own of, chosen by the type of a piece's state when they are compiled.
_VERSIONS: dict[tuple[str, tuple[str, ...]], Callable] = {}


def by_state(function: Function) -> Function:
    """A function whose first argument is a law's state: compiled code calls the version of that law, see `version`."""

    def chosen(state: Any, *_arguments: Any) -> Callable:
        return _VERSIONS[function.__name__, tuple(state.fields)]

    # numba compares the parameters of both
    chosen = FunctionType(chosen.__code__, chosen.__globals__, function.__name__, None, chosen.__closure__)
    overload(function, jit_options=cast(Any, INLINED), strict=False)(chosen)
    return function


def version(function: Callable, state: np.dtype) -> Callable[[Function], Function]:
    """The version of `function` for states of this type."""

    def register(version: Function) -> Function:
        _VERSIONS[function.__name__, state.names or ()] = _unique(version)
        return version

    return register
