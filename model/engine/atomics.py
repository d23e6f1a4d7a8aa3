"""Words that pass between threads without a lock: atomic operations on int64 arrays, for machine code."""

# ruff: noqa: ANN001, ANN201 (numba infers types)
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic as numba_intrinsic

_IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
_WORD_BYTES = 8

intrinsic: Callable[[Callable], Any] = numba_intrinsic


def _word(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
    array = context.make_array(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


def _atomic(make: Callable[[ir.IRBuilder, ir.Value, list[ir.Value]], ir.Value]) -> Callable:
    """What a function (array, place, *values) is in machine code, `make` of the word at the place."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> ir.Value:
        return make(builder, _word(context, builder, signature, arguments), list(arguments[2:]))

    return generate


@intrinsic
def load(_context, array, place):
    """The word at a place of an int64 array; what is read after it is no older."""
    return types.int64(array, place), _atomic(
        lambda builder, word, _: builder.load_atomic(word, "acquire", _WORD_BYTES)
    )


@intrinsic
def store(_context, array, place, value):
    """Put a word there; whoever loads it sees all that was written before."""

    def generate(builder: ir.IRBuilder, word: ir.Value, values: list[ir.Value]) -> ir.Value:
        builder.store_atomic(values[0], word, "release", _WORD_BYTES)
        return values[0]

    return types.int64(array, place, types.int64), _atomic(generate)


@intrinsic
def add(_context, array, place, value):
    """Add to the word there; what it was before. Of several threads each finds another."""
    return (
        types.int64(array, place, types.int64),
        _atomic(lambda builder, word, values: builder.atomic_rmw("add", word, values[0], "acq_rel")),
    )


@intrinsic
def pause(_context):
    """Tell the processor that a loop only waits."""

    def generate(context: Any, builder: ir.IRBuilder, _signature: Any, _arguments: Any) -> ir.Value:
        if _IS_X86:
            nothing = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, nothing, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), generate
