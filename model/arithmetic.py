"""Exponential, logistic function and hyperbolic tangent for compiled code, which makes vectors of them.

The mathematics library works on one number at a time. Here exp(x) = 2^n exp(r) with |r| <= ln(2) / 2, where a Taylor
polynomial is exact to rounding. Every operation is fixed, so results are the same bits on every processor.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import math

import numpy as np

from model.compiling import inlined

# How products round: `model.generation.kernels.products`; `model.network.quantized` does the same on any backend.
LARGEST = 127.0  # of a column of weights
WIDEST = 126.7  # of a row of inputs: with 127, half of the largest would lie just between two whole numbers
LEAST_ROUNDED = 1e-30  # rows with nothing larger are rounded to 0

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693145751953125, 1.4286068203094173e-06  # their sum is ln 2; the first has few bits
LN2_HIGH_32, LN2_LOW_32 = np.float32(0.693359375), np.float32(-2.12194440e-4)
LOG2_E_32 = np.float32(LOG2_E)
LEAST_32, MOST_32 = np.float32(-87.0), np.float32(88.0)  # beyond, float32 has no exponent for it
LEAST, MOST = -708.0, 709.0
ROUNDING_32 = np.float32(1.5 * 2**23)  # a float32 near it is a whole number, which stands in its lowest bits
ROUNDING = 1.5 * 2.0**52
BIAS = np.int64(1023)
D2, D3, D4, D5, D6, D7, D8, D9, D10 = (1.0 / math.factorial(n) for n in range(2, 11))
ONE, TWO = np.float32(1), np.float32(2)
C2, C3, C4 = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24)
C5, C6, C7 = np.float32(1 / 120), np.float32(1 / 720), np.float32(1 / 5040)


@inlined
def exp32(x):  # noqa: ANN001, ANN201
    """exp(x) of a float32, relative error below 3e-7."""
    x = min(max(x, LEAST_32), MOST_32)
    shifted = np.float32(x * LOG2_E_32 + ROUNDING_32)
    whole = shifted - ROUNDING_32
    r = x - whole * LN2_HIGH_32 - whole * LN2_LOW_32
    p = ONE + r * (ONE + r * (C2 + r * (C3 + r * (C4 + r * (C5 + r * (C6 + r * C7))))))
    return p * np.int32((np.int64(np.float32(shifted).view(np.int32)) + 127) << 23).view(np.float32)


@inlined
def sigmoid32(x):  # noqa: ANN001, ANN201
    """1 / (1 + exp(-x)) of a float32."""
    return ONE / (ONE + exp32(-x))


@inlined
def tanh32(x):  # noqa: ANN001, ANN201
    """The hyperbolic tangent of a float32, absolute error below 3e-7."""
    return ONE - TWO / (exp32(TWO * x) + ONE)


@inlined
def exp64(x):  # noqa: ANN001, ANN201
    """exp(x) of a float64, relative error below 1e-11; 0 below -708."""
    inside = min(max(x, LEAST), MOST)
    shifted = np.float64(inside * LOG2_E + ROUNDING)
    whole = shifted - ROUNDING
    r = inside - whole * LN2_HIGH - whole * LN2_LOW
    p = D6 + r * (D7 + r * (D8 + r * (D9 + r * D10)))
    p = 1.0 + r * (1.0 + r * (D2 + r * (D3 + r * (D4 + r * (D5 + r * p)))))
    power = np.int64((np.float64(shifted).view(np.int64) + BIAS) << 52).view(np.float64)
    return p * power if x > LEAST else 0.0
