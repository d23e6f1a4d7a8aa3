"""Encodes sound as MP3, with a title and the frame that tells players the length of the file.

The title and the length are written here: mutagen would replace 15 lines, and no library writes the length.
"""

from __future__ import annotations

from collections.abc import Sequence

import lameenc
import numpy as np
from numpy.typing import NDArray

from worker.render.schedule import SAMPLE_RATE_HZ

_KBPS = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # by the header's four bits: MPEG 1, layer 3
_BYTES_PER_KBPS = 144_000 / SAMPLE_RATE_HZ  # a frame is 1152 samples: an eighth of them, times the rate
_HEADER_BYTES = 4
_SIDE_BYTES = {1: 17, 2: 32}  # of zeros, by channels: to a decoder that does not know the tag, 26 ms of silence
_MONO = 0b11  # the header's two bits for one channel
_RATE_OF_TAG = 9  # 128 kbit/s: 417 bytes hold the tag
_HAS_FRAMES, _HAS_BYTES, _HAS_PLACES = 1, 2, 4
_PLACES = 100


def length_frame(coded: bytes | bytearray) -> bytes:
    """The Xing frame that goes before `coded`, frames of MPEG 1 layer 3 at 44.1 kHz; empty if there are none."""
    starts = _frame_starts(coded)
    if not starts:
        return b""
    header = bytes((*coded[:2], _RATE_OF_TAG << 4, coded[3]))
    channels = 1 if coded[3] >> 6 == _MONO else 2
    size = _frame_bytes(header)
    whole = size + len(coded)
    tag = b"Xing" + b"".join(
        number.to_bytes(4, "big") for number in (_HAS_FRAMES | _HAS_BYTES | _HAS_PLACES, len(starts), whole)
    )
    frame = header + bytes(_SIDE_BYTES[channels]) + tag + _places([size + start for start in starts], whole)
    return frame.ljust(size, b"\0")


def _frame_starts(coded: bytes | bytearray) -> list[int]:
    """Where each frame begins."""
    starts, place = [], 0
    while place + _HEADER_BYTES <= len(coded):
        starts.append(place)
        place += _frame_bytes(coded[place : place + _HEADER_BYTES])
    return starts


def _frame_bytes(header: bytes | bytearray) -> int:
    """How long the frame with this header is."""
    is_padded = header[2] >> 1 & 1
    return int(_BYTES_PER_KBPS * _KBPS[header[2] >> 4]) + is_padded


def _places(starts: Sequence[int], whole: int) -> bytes:
    """Table of contents: where each hundredth of the time begins, in 256ths of the file's `whole` bytes."""
    return bytes(256 * starts[len(starts) * part // _PLACES] // whole for part in range(_PLACES))


# Of LAME's 0 (most bits) to 9: a piano takes 90 kbit/s, a choir 160, drums alone 200. Noise stands 7 dB below the
# masked threshold in drums, 20 in a piano; 4 is about as good as a constant 128 kbit/s, and no cheaper to make.
_VBR_QUALITY = 2
_VBR_FAST = 4  # LAME's name: vbr_mtrh; the older method takes more than twice the time
_EFFORT = 5  # 0 to 4 cost a fifth more here and leave the same noise; 7 takes no heed of masking
_RATES_KBPS = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_FAIR_KBPS = 128  # no less for the sake of the file's size
_FILE_LIMIT_BYTES = 10_000_000  # a little below what Discord takes from everyone, 10 MiB

_SAME_SIDES = 0.01  # of the middle's amplitude, in every second: 40 dB below it nobody hears where a sound comes from
_SLICE_SAMPLES = 10 * SAMPLE_RATE_HZ  # encoded at a time, so that nothing holds the interpreter for long
_FULL_SCALE = 32_767
_TITLE_FRAME, _TITLE_LIMIT = b"TIT2", 200
_UTF_16_WITH_MARK = b"\x01"  # the encoding byte of ID3v2.3 text


def encode_mp3(sound: NDArray, title: str, kbps: int) -> bytes:
    """`sound`, float32 (samples, 2) within -1..1 and not empty, as MP3 of at most `kbps`, with `title` in an ID3 tag.

    It is mono if both channels are the same. Ten minutes stay below 10 MB.
    """
    if _is_one(sound):
        sound = (sound[:, :1] + sound[:, 1:]) / 2  # (samples, 1); numpy's mean over two takes twenty times as long
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_channels(sound.shape[1])
    encoder.set_quality(_EFFORT)
    encoder.set_vbr(_VBR_FAST)
    encoder.set_vbr_quality(_VBR_QUALITY)
    encoder.set_vbr_max_bitrate_kbps(ceiling_kbps(len(sound) / SAMPLE_RATE_HZ, kbps))
    encoder.silence()
    coded = bytearray()
    for start in range(0, len(sound), _SLICE_SAMPLES):
        samples = sound[start : start + _SLICE_SAMPLES] * _FULL_SCALE
        coded += encoder.encode(np.rint(samples, out=samples).astype("<i2").tobytes())
    coded += encoder.flush()
    return b"".join((id3_title(title), length_frame(coded), coded))


def _is_one(sound: NDArray) -> bool:
    """Whether both channels, (samples, 2), sound the same."""
    for start in range(0, len(sound), SAMPLE_RATE_HZ):
        left, right = sound[start : start + SAMPLE_RATE_HZ].T
        middle, side = left + right, left - right
        if side @ side > _SAME_SIDES**2 * (middle @ middle):
            return False
    return True


def ceiling_kbps(length_s: float, kbps: int) -> int:
    """The highest bit rate within a file of `length_s` seconds, if at most `kbps` are allowed."""
    room_kbps = max(_FAIR_KBPS, _FILE_LIMIT_BYTES * 8 / 1000 / max(1.0, length_s))
    allowed = min(float(kbps), room_kbps)
    return max(rate for rate in _RATES_KBPS if rate <= max(allowed, _RATES_KBPS[0]))


def id3_title(title: str) -> bytes:
    """An ID3v2.3 tag with the first 200 characters of `title`; empty for an empty title."""
    title = " ".join(title.split())[:_TITLE_LIMIT]
    if not title:
        return b""
    text = _UTF_16_WITH_MARK + title.encode("utf-16")
    frame = _TITLE_FRAME + len(text).to_bytes(4, "big") + b"\0\0" + text
    return b"ID3\x03\x00\x00" + _syncsafe(len(frame)) + frame


def _syncsafe(size: int) -> bytes:
    """`size` in four bytes of seven bits each, so that no byte looks like the start of a frame."""
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
