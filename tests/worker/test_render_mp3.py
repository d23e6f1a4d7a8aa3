"""The MP3 itself: channels, rate, and what it says of its own length, read by a decoder that did not make it."""

from __future__ import annotations

import miniaudio
import numpy as np
import pytest

from worker.render.mp3 import ceiling_kbps, encode_mp3, length_frame
from worker.render.schedule import SAMPLE_RATE_HZ

ANY_RATE = 320
FRAME_SAMPLES = 1152


def tone(hertz: float, seconds: float = 3.0) -> np.ndarray:
    """A sine, float32 (samples,)."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ)).astype("f4")


def noise(seconds: float = 3.0) -> np.ndarray:
    """Noise that differs on both sides, float32 (samples, 2)."""
    return np.random.default_rng(2).uniform(-0.5, 0.5, (round(seconds * SAMPLE_RATE_HZ), 2)).astype("f4")


def both(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    return np.stack((left, right), axis=1)


def decoded(mp3: bytes) -> np.ndarray:
    audio = miniaudio.decode(mp3, output_format=miniaudio.SampleFormat.FLOAT32)
    return np.array(audio.samples).reshape(-1, 2)


def hertz_of(side: np.ndarray) -> float:
    return float(np.argmax(np.abs(np.fft.rfft(side))) * SAMPLE_RATE_HZ / len(side))


def length_tag(mp3: bytes) -> tuple[int, int, bytes]:
    """Frames of sound, bytes from the tag's frame to the end, and the hundredths' places."""
    at = mp3.index(b"Xing")
    assert mp3[at + 4 : at + 8] == bytes((0, 0, 0, 7))
    return (
        int.from_bytes(mp3[at + 8 : at + 12], "big"),
        int.from_bytes(mp3[at + 12 : at + 16], "big"),
        mp3[at + 16 :][:100],
    )


@pytest.mark.parametrize(
    ("sound", "channels"),
    [
        (both(tone(440), tone(440)), 1),
        (both(tone(440), 0.992 * tone(440)), 1),  # as a synthesizer's middle is
        (both(tone(440), 0.9 * tone(440)), 2),
        (both(tone(440), tone(660)), 2),
        (both(tone(440), 0 * tone(440)), 2),
        (np.concatenate((both(tone(440), tone(440)), noise(0.5))), 2),  # only the end is wide
        (np.zeros((SAMPLE_RATE_HZ, 2), "f4"), 1),
    ],
    ids=["same", "nearly the same", "a little to the left", "two tones", "left only", "wide at the end", "silence"],
)
def test_what_is_the_same_on_both_sides_has_one_channel(sound, channels):
    assert miniaudio.mp3_get_info(encode_mp3(sound, "", ANY_RATE)).nchannels == channels


def test_one_channel_is_heard_on_both_sides_as_loud_as_it_was():
    sound = decoded(encode_mp3(both(tone(440), tone(440)), "", ANY_RATE))
    assert np.array_equal(sound[:, 0], sound[:, 1])
    middle = sound[SAMPLE_RATE_HZ : 2 * SAMPLE_RATE_HZ, 0]
    assert hertz_of(middle) == pytest.approx(440, abs=1)
    assert np.sqrt(np.mean(np.square(middle))) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)


def test_two_channels_stay_on_their_sides():
    sound = decoded(encode_mp3(both(tone(440), tone(660)), "", ANY_RATE))[SAMPLE_RATE_HZ : 2 * SAMPLE_RATE_HZ]
    assert [hertz_of(side) for side in sound.T] == pytest.approx([440, 660], abs=1)


@pytest.mark.parametrize("sound", [noise(), both(tone(440), tone(440))], ids=["two channels", "one channel"])
@pytest.mark.parametrize("title", ["", "A piece"])
def test_a_file_says_how_long_it_is(sound, title):
    mp3 = encode_mp3(sound, title, ANY_RATE)
    frames, size, places = length_tag(mp3)
    assert frames * FRAME_SAMPLES == len(decoded(mp3))
    assert frames * FRAME_SAMPLES == pytest.approx(len(sound), abs=3 * FRAME_SAMPLES)
    assert size == len(mp3) - mp3.index(b"\xff\xfb")
    assert sorted(places) == list(places)


def test_a_file_says_where_its_parts_begin():
    # Given a simple half, which takes few bytes, before one of noise
    sound = np.concatenate((both(tone(440, 10), tone(440, 10)), noise(10)))
    frames, _, places = length_tag(encode_mp3(sound, "", ANY_RATE))
    # Then the middle of the time is near the start of the bytes
    assert frames == pytest.approx(20 * SAMPLE_RATE_HZ / FRAME_SAMPLES, abs=3)
    assert places[0] == 0
    assert places[50] < 96
    assert places[99] > 240


def test_no_frames_have_no_length():
    assert length_frame(b"") == b""


def test_simple_music_takes_fewer_bytes_than_noise():
    assert 2 * len(encode_mp3(both(tone(440), tone(440)), "", ANY_RATE)) < len(encode_mp3(noise(), "", ANY_RATE))


@pytest.mark.parametrize("kbps", [64, 128, 256])
def test_no_more_bits_are_spent_than_allowed(kbps):
    assert len(encode_mp3(noise(10), "", kbps)) < kbps * 1000 / 8 * 10.2


@pytest.mark.parametrize(
    ("length_s", "allowed", "ceiling"),
    [
        (0, 320, 320),
        (60, 256, 256),
        (60, 200, 192),
        (300, 256, 256),
        (500, 320, 160),
        (600, 256, 128),
        (600, 100, 96),
        (3600, 256, 128),  # no worse for the sake of the size
        (3600, 64, 64),
    ],
)
def test_ten_minutes_fit_into_a_message(length_s, allowed, ceiling):
    assert ceiling_kbps(length_s, allowed) == ceiling
    assert length_s > 600 or ceiling * 1000 / 8 * (length_s + 2) < 10 * 2**20
