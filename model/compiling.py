"""Compiling to machine code with numba, kept on disk so that only the first start pays for it.

A file on disk is named by everything that its code depends on: the functions that it calls, the constants that these
read, the types of its arguments, the processor, and the version of numba. No other change compiles anything again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import pickle
import re
import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any, TypeVar, cast

import llvmlite
import numba
import numpy as np
from numba import types
from numba.core.caching import _Cache
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, CompileResult, DefaultPassBuilder
from numba.core.dispatcher import Dispatcher
from numba.core.extending import _Intrinsic
from numba.core.serialize import dumps
from numba.extending import overload

from model.errors import DataError
from model.files import cache_folder

log = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable)

FOLDER = "machine-code"  # in the cache
SETTING = "CADENZA_MACHINE_CODE"  # names another folder for it
UNUSED_S = 30 * 86_400.0

# `_nrt` off: compiled code counts no references to arrays, which took two thirds of the time of a short call; in return
# it may allocate nothing, and numba refuses what would
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False}


# --- Compiling --------------------------------------------------------------------------------------------------------


class _Whole(JITCodeLibrary):
    """Code of a function that Python calls, with all that it calls."""

    def _optimize_final_module(self) -> None:
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)  # once: numba's first, cheap run looks for references only


class _Part(JITCodeLibrary):
    """Code of a function that becomes a part of others.

    numba optimises and emits the code of a function with all that it calls, once for each level of calls. Of a part
    only the unoptimised code is needed: LLVM optimises it as a part of the `_Whole`. That takes a third of the time for
    the same machine code.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalize_dynamic_globals()
        self._finalized = True

    def get_pointer_to_function(self, _name: str) -> int:
        return 0

    @property
    def codegen(self) -> Any:
        return self

    def set_env(self, _name: str, _environment: object) -> None:
        """Do nothing: the environment is of use to the entry from Python only, which a part does not have."""


class _WholeCompiler(CompilerBase):
    """numba's own passes, which write into a `_Whole`."""

    library: type[JITCodeLibrary] = _Whole

    def define_pipelines(self) -> list[Any]:
        state = self.state
        state.library = self.library(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()  # so that it can be written to disk
        return [DefaultPassBuilder.define_nopython_pipeline(state)]


class _PartCompiler(_WholeCompiler):
    """The same, into a `_Part`."""

    library = _Part


WHOLE = OPTIONS | {"no_cfunc_wrapper": True, "pipeline_class": _WholeCompiler}
PART = OPTIONS | {"no_cfunc_wrapper": True, "no_cpython_wrapper": True, "pipeline_class": _PartCompiler}


def kept(function: Function) -> Function:
    """`function` compiled for this processor at its first call, or loaded from disk; runs without the GIL.

    Raises:
        ValueError: it is a closure or a lambda, see `_unique`.
    """
    dispatcher: Any = numba.njit(_unique(function), **WHOLE)
    dispatcher._cache = _MachineCode(function)
    return dispatcher


def inlined(function: Function) -> Function:
    """`function` as a part of other compiled functions; it cannot be called from Python.

    Raises:
        ValueError: it is a closure or a lambda, see `_unique`.
    """
    return numba.njit(_unique(function), **PART)  # type: ignore[return-value]


def _unique(function: Function) -> Function:
    """`function`, if its name tells it from every other function of the module.

    Code that is loaded from disk is linked by name: its calls go to whatever function the process already has under
    that name. numba only adds a number to a name, counted in the order in which this process happens to compile, so two
    closures of one name could be taken for each other.
    """
    if "<" in function.__qualname__:
        raise ValueError(f"{function.__qualname__}: only functions of a module can be compiled, closures cannot")
    return function


# Functions that every representation has its own of, chosen by the type of a piece's state when they are compiled.
_VERSIONS: dict[tuple[Callable, tuple[str, ...]], Callable] = {}


def by_state(function: Function) -> Function:
    """A function whose first argument is a law's state: compiled code calls the version of that law, see `version`."""

    def chosen(state: Any, *_arguments: Any) -> Callable:
        return _VERSIONS[function, tuple(state.fields)]

    # numba compares the parameters of both
    chosen = FunctionType(chosen.__code__, chosen.__globals__, function.__name__, None, chosen.__closure__)
    overload(function, jit_options=cast(Any, PART), strict=False)(chosen)
    return function


def version(function: Callable, state: np.dtype) -> Callable[[Function], Function]:
    """The version of `function` for states of this type."""

    def register(version: Function) -> Function:
        _VERSIONS[function, state.names or ()] = _unique(version)
        return version

    return register


# --- What the code of a function depends on ---------------------------------------------------------------------------


def fingerprint(function: FunctionType, arguments: tuple[types.Type, ...]) -> str:
    """A hash of all that the machine code of `function` depends on, for arguments of these types.

    Raises:
        TypeError: a constant that it reads cannot be compared between processes.
    """
    states = set(_records(arguments))
    found = hashlib.sha256(repr((numba.__version__, llvmlite.__version__, sys.version_info[:2])).encode())
    found.update(Path(__file__).read_bytes())  # how it is compiled
    found.update(repr(arguments).encode())
    waiting: list[Any] = [function]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Dispatcher):
            waiting.append(value.py_func)
        elif isinstance(value, FunctionType):
            found.update(f"{value.__module__}.{value.__qualname__}".encode())
            waiting += [one for (named, state), one in _VERSIONS.items() if named is value and state in states]
            if _is_compiled(value, function):
                found.update(_words(value.__code__, value.__doc__))
                waiting += _globals_of(value)
        else:
            found.update(_constant(value))
    return found.hexdigest()


def _is_compiled(function: FunctionType, entry: FunctionType) -> bool:
    """Whether numba compiles this function itself; others it knows by name."""
    return function.__module__.partition(".")[0] == entry.__module__.partition(".")[0]


def _globals_of(function: FunctionType) -> Iterator[Any]:
    """What the names in a function stand for, those in modules that it names included."""
    names = function.__code__.co_names
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType):
            yield from (getattr(value, attribute) for attribute in names if hasattr(value, attribute))
        elif value is not None:
            yield value


def _words(code: CodeType, docstring: str | None) -> bytes:
    """The code of a function without its place in the file and its docstring."""
    constants = [one for one in code.co_consts if not isinstance(one, CodeType) and one != docstring]
    inner = b"".join(_words(one, None) for one in code.co_consts if isinstance(one, CodeType))
    return repr((code.co_code, constants, code.co_names, code.co_varnames)).encode() + inner


def _constant(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        return repr((value.dtype, value.shape)).encode() + value.tobytes()
    if isinstance(value, _Intrinsic):
        return Path(value._defn.__code__.co_filename).read_bytes()  # it may be written by all of its module
    if isinstance(value, ModuleType):
        return value.__name__.encode()
    if isinstance(value, type) or callable(value):
        return f"{value!r}".partition(" at 0x")[0].encode()
    if " at 0x" in repr(value):
        raise TypeError(f"compiled code reads {value!r}, which cannot be compared between processes")
    return repr(value).encode()


def _records(found: Any) -> Iterator[tuple[str, ...]]:
    """The names of the fields of all records among types of arguments."""
    for one in found:
        if isinstance(one, types.Record):
            yield tuple(one.fields)
        elif isinstance(one, types.Array):
            yield from _records([one.dtype])
        elif isinstance(one, types.BaseTuple):
            yield from _records(one)


# --- Machine code on disk ---------------------------------------------------------------------------------------------


@cache
def folder() -> Path:
    """Where machine code is kept; a folder of this process alone where the cache cannot be written."""
    try:
        kept = Path(os.environ.get(SETTING) or cache_folder() / FOLDER)
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=kept):
            put_away_unused(kept)
            return kept
    except (OSError, DataError):
        log.warning("machine code cannot be kept, so every start compiles it anew: name a folder in %s", SETTING)
        return Path(tempfile.mkdtemp(prefix="cadenza-machine-code-"))


def put_away_unused(kept: Path) -> None:
    """Remove machine code from `kept` that no start has used for `UNUSED_S` seconds, and nothing else."""
    for file in kept.iterdir():
        with suppress(OSError):  # another start may be at it too
            if file.is_symlink() or time.time() - file.stat().st_mtime <= UNUSED_S:
                continue
            if file.is_file() and re.fullmatch(r"\w+-[0-9a-f]{32}\.\w+", file.name):
                file.unlink()
            elif file.is_dir() and re.fullmatch("[0-9a-f]{16}", file.name):  # of an earlier version
                shutil.rmtree(file, ignore_errors=True)


class _MachineCode(_Cache):
    """Keeps the machine code of one function, for each type of its arguments in a file; numba reads and writes it."""

    def __init__(self, function: Callable) -> None:
        self._function = cast(FunctionType, function)

    def _file(self, signature: Any, context: Any) -> Path:
        arguments = tuple(getattr(signature, "args", signature))
        processor = repr(context.codegen().magic_tuple())
        name = hashlib.sha256(f"{fingerprint(self._function, arguments)} {processor}".encode()).hexdigest()[:32]
        return folder() / f"{self._function.__name__}-{name}.code"

    def load_overload(self, signature: Any, context: Any) -> CompileResult | None:
        """The code for arguments of these types, or None where there is none yet."""
        context.refresh()
        file = self._file(signature, context)
        try:
            data = file.read_bytes()
            os.utime(file)  # for `put_away_unused`
        except OSError:
            return None
        return CompileResult._rebuild(context, *pickle.loads(data))  # noqa: S301 - a folder of our own

    def save_overload(self, signature: Any, compiled: Any) -> None:
        """Keep code; what cannot be written is compiled again at the next start."""
        if compiled.library.has_dynamic_globals:
            raise ValueError(f"{self._function.__qualname__} reads an array too large to be kept with its code")
        file = self._file(signature, compiled.target_context)
        written = file.with_suffix(f".{secrets.token_hex(8)}")
        try:
            written.write_bytes(dumps(compiled._reduce()))
            written.replace(file)
        except OSError as error:
            log.warning("machine code could not be kept: %s", error)

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(folder())

    def enable(self) -> None:
        """It always is."""

    def disable(self) -> None:
        """It never is."""

    def flush(self) -> None:
        """Files are written at once."""
