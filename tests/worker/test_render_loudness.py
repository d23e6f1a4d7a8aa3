"""Loudness and true peak by the reference signals of ITU-R BS.1770 and EBU Tech 3341, and what levelling does."""

from __future__ import annotations

import numpy as np
import pytest

from worker.render.loudness import CEILING_DB, TARGET_LUFS, integrated_lufs, levelled, true_peak_db
from worker.render.room import filtered, in_room
from worker.render.schedule import SAMPLE_RATE_HZ


def sine(hz: float, level_db: float, seconds: float, sides: int = 2, phase: float = 0.0) -> np.ndarray:
    times = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    wave = 10 ** (level_db / 20) * np.sin(2 * np.pi * hz * times + phase)
    return np.repeat(wave.astype(np.float32)[:, np.newaxis], sides, axis=1)


def parts(*levels: tuple[float, float]) -> np.ndarray:
    """A sine of 1 kHz on both sides, (dB, seconds) one after another."""
    return np.concatenate([sine(1000, level_db, seconds) for level_db, seconds in levels])


@pytest.mark.parametrize(
    ("sound", "lufs"),
    [
        (sine(997, 0, 5, sides=1), -3.01),
        (parts((-23, 20)), -23.0),
        (parts((-33, 20)), -33.0),
        (parts((-36, 10), (-23, 60), (-36, 10)), -23.0),  # the relative gate
        (parts((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),  # both gates
        (parts((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
        (sine(100, -20, 5), -21.87),  # the high-pass
        (sine(10_000, -20, 5), -16.65),  # the high shelf
    ],
    ids=["full scale", "-23", "-33", "relative gate", "both gates", "no gate", "100 Hz", "10 kHz"],
)
def test_reference_signals_have_their_loudness(sound: np.ndarray, lufs: float):
    assert integrated_lufs(sound) == pytest.approx(lufs, abs=0.1)


def test_silence_has_no_loudness():
    assert integrated_lufs(np.zeros((SAMPLE_RATE_HZ, 2), np.float32)) == -np.inf
    assert integrated_lufs(np.zeros((100, 2), np.float32)) == -np.inf


@pytest.mark.parametrize(("share", "phase"), [(4, 0.0), (4, np.pi / 4), (6, np.pi / 3), (8, np.pi / 8)])
def test_peaks_between_the_samples_are_found(share: int, phase: float):
    fade = np.hanning(SAMPLE_RATE_HZ)[:, np.newaxis].astype(np.float32)  # a sudden start has peaks of its own
    sound = sine(SAMPLE_RATE_HZ / share, -6, 1, phase=phase) * fade
    assert -6.4 <= true_peak_db(sound) <= -5.8


def music(crest: float, seed: int = 0) -> np.ndarray:
    """Noise that comes in strokes which die away, the more pointed the larger `crest`."""
    rng = np.random.default_rng(seed)
    times = np.arange(8 * SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    envelope = np.exp(-crest * (times % 0.5))
    return (rng.normal(size=(len(times), 2)) * envelope[:, np.newaxis] * 0.01).astype(np.float32)


@pytest.mark.parametrize("crest", [0.0, 5.0, 20.0])
@pytest.mark.parametrize("level", [1e-5, 0.1, 30.0])
def test_however_loud_it_was_it_is_levelled_without_clipping(crest: float, level: float):
    sound = levelled(music(crest) * np.float32(level))
    assert integrated_lufs(sound) == pytest.approx(TARGET_LUFS, abs=0.3)
    assert true_peak_db(sound) <= CEILING_DB + 0.05


def test_a_click_alone_is_not_raised_without_end():
    sound = np.zeros((3 * SAMPLE_RATE_HZ, 2), np.float32)
    sound[SAMPLE_RATE_HZ] = 0.5
    assert true_peak_db(levelled(sound)) == pytest.approx(CEILING_DB, abs=0.1)


def test_what_needs_no_limiting_is_only_turned_up_or_down():
    sound = parts((-30, 2), (-24, 2))
    louder = levelled(sound.copy())
    ratio = louder[np.abs(sound) > 1e-3] / sound[np.abs(sound) > 1e-3]
    assert np.ptp(ratio) < 1e-4 * ratio.mean()


def test_the_room_goes_on_after_the_sound_is_wide_and_adds_no_bass():
    # Given a click in the middle
    sound = np.zeros((2 * SAMPLE_RATE_HZ, 2), np.float32)
    sound[100] = 1.0
    # When it is heard in the room
    heard = in_room(sound)
    # Then it is there as it was, and dies away after it, otherwise on each side
    assert heard.shape == sound.shape
    np.testing.assert_allclose(heard[100], sound[100], atol=1e-6)
    early, late = (np.square(heard[start:end]).sum() for start, end in ((1000, 10_000), (40_000, 49_000)))
    assert early > 30 * late > 0
    left, right = heard[1000:].T
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.2
    power = np.abs(np.fft.rfft(heard[1000:, 0])) ** 2
    assert power[:100].sum() < 0.02 * power.sum()  # below some 50 Hz


def test_convolution_in_blocks_is_convolution():
    rng = np.random.default_rng(1)
    sound, response = rng.normal(size=(150_000, 1)).astype(np.float32), rng.normal(size=(50, 2)).astype(np.float32)
    found = filtered(sound, response)[: len(sound)]
    for side in range(2):
        whole = np.convolve(sound[:, 0], response[:, side])[: len(sound)]
        np.testing.assert_allclose(found[:, side], whole, atol=1e-3)
