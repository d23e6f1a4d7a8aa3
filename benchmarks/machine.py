"""Measures the machine's limits: how fast memory is read, and how fast matrices of given shapes are multiplied.

A step of an LSTM must read every weight once, whatever it computes with them; for many pieces side by side it must
multiply matrices. In the same arithmetic neither can be faster than what these functions measure (the roofline of
Williams et al. 2009, "Roofline: An Insightful Visual Performance Model for Multicore Architectures"). Data that fits
into a cache is read from there, as the weights themselves are.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

ROUND_S = 0.05  # length of one try; short enough that some are undisturbed on a busy machine
TRIES = 20
ROW = 512  # floats in a row of the matrix: as wide as a layer
ABSENT, PRESENT = 1, 2  # the byte searched for, and the one that fills the buffer

Shape = tuple[int, int]


def read_bandwidth(size_bytes: int, threads: int, tries: int = TRIES) -> float:
    """Bytes a second at which `size_bytes` are read repeatedly, by the fastest of several ways.

    Args:
        size_bytes: how much is read; data that fits into a cache is read from there.
        threads: how many threads read, a part each.
        tries: the number of tries of each way; the fastest counts.
    """
    matrix = np.ones((max(threads, size_bytes // (4 * ROW)), ROW), dtype=np.float32)
    vector = np.ones(ROW, dtype=np.float32)
    with ThreadPoolExecutor(threads) as pool:
        ways = (lambda: matrix @ vector, _transposed(matrix), _searches(matrix, threads, pool))
        return matrix.nbytes / min(shortest_s(way, tries) for way in ways)


def multiply_s(rows: int, shapes: Sequence[Shape], tries: int = TRIES) -> float:
    """Seconds for one pass through matrices of `shapes` (inputs, outputs), each multiplied by `rows` rows of float32.

    There are as many matrices as `shapes`, so that the caches hold as much of them as of a network's weights. Uses
    numpy's BLAS or TensorFlow, whichever is faster here; the fastest try counts.
    """
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal((rows, shape[0]), dtype=np.float32) for shape in shapes]
    weights = [rng.standard_normal(shape, dtype=np.float32) for shape in shapes]

    def by_numpy() -> None:
        for left, right in zip(inputs, weights, strict=True):
            left @ right

    return min(shortest_s(way, tries) for way in (by_numpy, _by_tensorflow(inputs, weights)))


def shortest_s(work: Callable[[], object], tries: int) -> float:
    """Seconds of `work` in the fastest of `tries` tries; each try repeats it for about `ROUND_S`."""
    work()  # loading on first use does not count
    started = time.perf_counter()
    work()
    repeats = max(1, int(ROUND_S / max(time.perf_counter() - started, 1e-9)))
    best = float("inf")
    for _ in range(tries):
        started = time.perf_counter()
        for _ in range(repeats):
            work()
        best = min(best, (time.perf_counter() - started) / repeats)
    return best


def _transposed(matrix: NDArray[np.float32]) -> Callable[[], object]:
    """The product by rows in place of columns, another kernel of the BLAS."""
    vector = np.ones(len(matrix), dtype=np.float32)
    return lambda: vector @ matrix


def _searches(matrix: NDArray[np.float32], threads: int, pool: ThreadPoolExecutor) -> Callable[[], object]:
    """The C library's search for a byte that does not occur: reads everything once, without the GIL."""
    search = ctypes.CDLL(None).memchr
    search.restype, search.argtypes = ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t)
    everything = matrix.nbytes
    buffer = np.full(everything, PRESENT, dtype=np.uint8)
    part = everything // threads

    def search_part(index: int) -> None:
        start = index * part
        search(buffer.ctypes.data + start, ABSENT, everything - start if index == threads - 1 else part)

    return lambda: list(pool.map(search_part, range(threads)))


def _by_tensorflow(inputs: list[NDArray[np.float32]], weights: list[NDArray[np.float32]]) -> Callable[[], object]:
    import tensorflow as tf

    # variables: products of constants are computed once, when the graph is built
    lefts, rights = ([tf.Variable(value, trainable=False) for value in values] for values in (inputs, weights))

    @tf.function(autograph=False)
    def products() -> tf.Tensor:
        return tf.add_n([tf.reduce_max(tf.matmul(left, right)) for left, right in zip(lefts, rights, strict=True)])

    return lambda: products().numpy()
