"""Loudness as ITU-R BS.1770-4 measures it, and the gain and limiter that bring a piece to one level.

K-weighting and gating give the integrated loudness in LUFS, oversampling the true peak. The limiter looks ahead and
turns down for some hundredths of a second around a peak, so nothing is clipped and no waveform is bent.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from worker.render.schedule import SAMPLE_RATE_HZ

TARGET_LUFS = -16.0
CEILING_DB = -1.5  # true peak; MP3 coding may overshoot by up to .5 dB
MOST_RAISED_DB = 18.0  # above a highest sample at full scale: a click is not squeezed until it is as loud as a piece
SILENT_LUFS = -70.0  # of BS.1770: what is softer does not count
RELATIVE_GATE_LU = -10.0
BLOCK_HOPS = 4  # blocks of .4 s, one every .1 s

_OFFSET = -0.691  # of BS.1770: a full-scale sine of 1 kHz on one side reads -3.01
_HOP, _HOPS_AT_ONCE = SAMPLE_RATE_HZ // 10, 64
_GRAIN, _GRAINS_AT_ONCE = 32, 8192  # samples for which the limiter has one gain
_LOOK = 40  # grains, 29 ms, before and after a peak
_NEAR_LU = 0.05
_OVERSAMPLING, _TAPS = 4, 12  # as BS.1770's annex 2
_ROUNDS = 10


def integrated_lufs(sound: NDArray[np.float32]) -> float:
    """The integrated loudness of `sound`, float32 (samples, 1 or 2); minus infinity where all of it is silent."""
    return _integrated(_hop_powers(sound))


def true_peak_db(sound: NDArray[np.float32]) -> float:
    """The highest value of `sound`, float32 (samples, sides), between the samples too, in dB of full scale."""
    return 20 * float(np.log10(max(_grain_peaks(sound, 0.0).max(initial=0.0), 1e-10)))


def levelled(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """`sound`, float32 (samples, 2) and not silent, at `TARGET_LUFS` with its true peak below `CEILING_DB`.

    It is written over.
    """
    sound *= np.float32(1 / np.abs(sound).max())
    powers, ceiling = _hop_powers(sound), 10 ** (CEILING_DB / 20)
    wanted_db = min(TARGET_LUFS - _integrated(powers), MOST_RAISED_DB)
    peaks = _grain_peaks(sound, 0.5 * ceiling / 10 ** ((wanted_db + MOST_RAISED_DB / 4) / 20))
    energies = _grain_energies(sound)
    for _ in range(_ROUNDS):
        gain = _limited(peaks, ceiling, 10 ** (wanted_db / 20))
        short_db = TARGET_LUFS - _integrated(powers * _hop_means(np.square(gain), energies, len(powers)))
        if abs(short_db) < _NEAR_LU or wanted_db >= MOST_RAISED_DB:
            break
        wanted_db = min(wanted_db + short_db, MOST_RAISED_DB)  # limiting took so much
    _turn(sound, gain)
    return sound


def _hop_powers(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """The K-weighted power of each tenth of a second, both sides summed, by Parseval's theorem."""
    hops = len(sound) // _HOP
    powers = np.zeros(hops)
    for side in range(sound.shape[1]):
        parts = np.ascontiguousarray(sound[: hops * _HOP, side]).reshape(hops, _HOP)
        for start in range(0, hops, _HOPS_AT_ONCE):
            spectrum = np.fft.rfft(parts[start : start + _HOPS_AT_ONCE])
            powers[start : start + _HOPS_AT_ONCE] += (np.square(spectrum.real) + np.square(spectrum.imag)) @ _K_POWERS
    return powers


def _integrated(powers: NDArray[np.float64]) -> float:
    """LUFS of the gated blocks, each of four tenths of a second."""
    if not len(powers):
        return -np.inf
    blocks = sliding_window_view(powers, min(BLOCK_HOPS, len(powers))).mean(axis=1)
    blocks = blocks[_lufs(blocks) > SILENT_LUFS]
    if not len(blocks):
        return -np.inf
    return float(_lufs(blocks[_lufs(blocks) > _lufs(blocks.mean()) + RELATIVE_GATE_LU].mean()))


def _lufs(power: ArrayLike) -> NDArray[np.float64]:
    return _OFFSET + 10 * np.log10(np.maximum(np.asarray(power), 1e-20))


def _limited(peaks: NDArray[np.float64], ceiling: float, gain: float) -> NDArray[np.float64]:
    """The gain of each grain that keeps `peaks` (grains,) below `ceiling`: `gain`, turned down around higher ones."""
    needed = np.minimum(gain, ceiling / np.maximum(peaks, 1e-9))
    lowest = sliding_window_view(np.pad(needed, _LOOK, constant_values=gain), 2 * _LOOK + 1).min(axis=1)
    window = np.hanning(2 * _LOOK + 1)[1:-1]  # narrower than the minimum: its mean stays below what each grain needs
    return np.convolve(np.pad(lowest, _LOOK - 1, mode="edge"), window / window.sum(), mode="valid")


def _grain_energies(sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """The energy of each grain, (grains,); never 0."""
    whole = np.ascontiguousarray(sound[: len(sound) // _GRAIN * _GRAIN]).reshape(-1, _GRAIN * sound.shape[1])
    energies = np.zeros(-(-len(sound) // _GRAIN))
    energies[: len(whole)] = np.einsum("ij,ij->i", whole, whole)
    return energies + 1e-12


def _hop_means(grains: NDArray[np.float64], energies: NDArray[np.float64], hops: int) -> NDArray[np.float64]:
    """The mean of what each hop's grains have, weighed by their energies, (hops,)."""
    edges = np.minimum(np.arange(hops) * _HOP // _GRAIN, len(grains) - 1)
    return np.add.reduceat(grains * energies, edges) / np.add.reduceat(energies, edges)


def _turn(sound: NDArray[np.float32], gain: NDArray[np.float64]) -> None:
    """Multiply each sample with the gain of its grain, in a straight line from one to the next."""
    before = np.concatenate([gain[:1], (gain[:-1] + gain[1:]) / 2, gain[-1:]]).astype(np.float32)  # at the edges
    slope = np.linspace(0, 1, _GRAIN, endpoint=False, dtype=np.float32)
    for start in range(0, len(gain), _GRAINS_AT_ONCE):
        edges = before[start : start + _GRAINS_AT_ONCE + 1]
        line = (edges[:-1, np.newaxis] + np.diff(edges)[:, np.newaxis] * slope).reshape(-1, 1)
        part = sound[start * _GRAIN : (start + _GRAINS_AT_ONCE) * _GRAIN]
        part *= line[: len(part)]


def _grain_peaks(sound: NDArray[np.float32], above: float) -> NDArray[np.float64]:
    """The highest value in each grain, of all sides; between the samples where one of them is over `above`."""
    grains = -(-len(sound) // _GRAIN)
    padded = np.zeros((grains * _GRAIN + 2 * _TAPS, sound.shape[1]), np.float32)
    padded[_TAPS : _TAPS + len(sound)] = sound
    inside = padded[_TAPS : _TAPS + grains * _GRAIN].reshape(grains, -1)
    peaks = np.maximum(inside.max(axis=1), -inside.min(axis=1)).astype(float)
    loud = np.flatnonzero(peaks > above)
    for start in range(0, len(loud), _GRAINS_AT_ONCE):
        some = loud[start : start + _GRAINS_AT_ONCE]
        starts = some * _GRAIN + _TAPS - _TAPS // 2
        windows = padded[starts[:, np.newaxis] + np.arange(_GRAIN + _TAPS)]  # (grains, samples, sides)
        taps = sliding_window_view(windows, _TAPS, axis=1)  # (grains, places, sides, taps)
        between = np.abs(taps @ _INTERPOLATION).reshape(len(some), -1)
        peaks[some] = np.maximum(peaks[some], between.max(axis=1, initial=0.0))
    return peaks


def _interpolation() -> NDArray[np.float32]:
    """What each sample adds at the places between two of them, float32 (taps, places); a windowed sinc."""
    places = np.arange(1, _OVERSAMPLING) / _OVERSAMPLING
    distance = np.arange(_TAPS)[:, np.newaxis] - (_TAPS // 2 - 1) - places
    window = 0.5 + 0.5 * np.cos(np.pi * distance / (_TAPS / 2 + 0.5))
    return (np.sinc(distance) * window).astype(np.float32)


def _k_powers() -> NDArray[np.float32]:
    """What the power in each bin of a hop's spectrum counts, float32 (bins,): BS.1770's high shelf and high-pass.

    The standard gives the coefficients for 48 kHz; these are the analogue filters they come from, made digital anew.
    """
    z = np.exp(-2j * np.pi * np.arange(_HOP // 2 + 1) / _HOP)  # the delay of one sample
    weight = np.square(np.abs(_shelf(1681.974450955533, 3.999843853973347, 0.7071752369554196, z)))
    weight *= np.square(np.abs(_high_pass(38.13547087602444, 0.5003270373238773, z)))
    weight[1:-1] *= 2  # negative frequencies
    return (weight / _HOP**2).astype(np.float32)


def _shelf(centre_hz: float, gain_db: float, quality: float, z: NDArray) -> NDArray:
    k = np.tan(np.pi * centre_hz / SAMPLE_RATE_HZ)
    high = 10 ** (gain_db / 20)
    middle = high**0.4996667741545416
    top = high + middle * k / quality * z**0 + k**2
    below = 2 * (k**2 - high) * z + (high - middle * k / quality + k**2) * z**2
    return (top + below) / (1 + k / quality + k**2 + 2 * (k**2 - 1) * z + (1 - k / quality + k**2) * z**2)


def _high_pass(centre_hz: float, quality: float, z: NDArray) -> NDArray:
    k = np.tan(np.pi * centre_hz / SAMPLE_RATE_HZ)
    scale = 1 + k / quality + k**2
    return (1 - z) ** 2 / (1 + 2 * (k**2 - 1) / scale * z + (1 - k / quality + k**2) / scale * z**2)


_K_POWERS = _k_powers()
_INTERPOLATION = _interpolation()
