"""numpy under the few names in which it differs from `keras.ops`, so that one function serves both."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class _Numpy:
    """numpy, with `cast` as keras.ops has it; every other name is numpy's own."""

    @staticmethod
    def cast(array: NDArray, dtype: str) -> NDArray:
        """`array` as `dtype`."""
        return array.astype(dtype)

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)


NUMPY = _Numpy()
