"""The room: one reverberation for every synthesizer, and the convolution that it and the loudness meter use.

The impulse response is noise that dies away, the high sooner than the low, different on both sides: a small hall. It is
computed, so it is the same on every machine, with FluidSynth and without.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.render.schedule import SAMPLE_RATE_HZ

LENGTH_S, FIRST_S = 1.2, 0.012  # of the impulse response; before the first reflection
LOW_DECAY_S, HIGH_DECAY_S = 1.3, 0.5  # until it is 60 dB down, below some 500 Hz and above some 5 kHz
LEVEL_DB = -15.0  # of the room, beside the sound itself
LOWEST_HZ = 150.0  # the bass stays dry

_BLOCK = 1 << 16  # samples of one Fourier transform, where the impulse response is short


def in_room(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """`sound`, float32 (samples, 2), with the room around it; as long as it was."""
    middle = np.ascontiguousarray(sound.mean(axis=1, keepdims=True))
    wet = filtered(middle, _ROOM)[: len(sound)]
    wet += sound
    return wet


def filtered(sound: NDArray[np.float32], response: NDArray[np.float32]) -> NDArray[np.float32]:
    """`sound` convolved with `response`, by overlap-add.

    Args:
        sound: float32 (samples, sides).
        response: float32 (taps, sides), one of the two numbers of sides may be 1.

    Returns:
        float32 (samples or more, sides): at least as long as `sound`.
    """
    size = _BLOCK if len(response) <= _BLOCK // 3 else 4 * _BLOCK
    step, sides = size - len(response) + 1, max(sound.shape[1], response.shape[1])
    transform = np.fft.rfft(response.T, size)
    out = np.zeros((sides, -(-len(sound) // step) * step + size), np.float32)
    for start in range(0, len(sound), step):
        part = np.fft.rfft(np.ascontiguousarray(sound[start : start + step].T), size)
        out[:, start : start + size] += np.fft.irfft(part * transform, size)
    return out.T


def _room() -> NDArray[np.float32]:
    """The impulse response, float32 (taps, 2)."""
    taps = round(LENGTH_S * SAMPLE_RATE_HZ)
    noise = np.random.Generator(np.random.Philox(7)).standard_normal((2, taps))
    spectrum, hz = np.fft.rfft(noise), np.fft.rfftfreq(taps, 1 / SAMPLE_RATE_HZ)
    seconds = np.arange(taps) / SAMPLE_RATE_HZ
    low = 1 / (1 + (hz / 2000) ** 2) * (hz / LOWEST_HZ) ** 2 / (1 + (hz / LOWEST_HZ) ** 2)
    high = (hz / 2000) ** 2 / (1 + (hz / 2000) ** 2) / (1 + (hz / 9000) ** 4)
    response = np.zeros((2, taps))
    for band, decay_s in ((low, LOW_DECAY_S), (high, HIGH_DECAY_S)):
        response += np.fft.irfft(spectrum * band, taps) * 10 ** (-3 * seconds / decay_s)
    response[:, : round(FIRST_S * SAMPLE_RATE_HZ)] = 0.0
    response /= np.sqrt(np.square(response).sum(axis=1, keepdims=True))
    return (response * 10 ** (LEVEL_DB / 20)).T.astype(np.float32)


_ROOM = _room()
