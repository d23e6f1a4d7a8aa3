"""Sound to the bytes of an MP3 file with a title, by LAME.

The rate follows the music (LAME's fast method of variable rate): at about the bytes of a constant 128 kbit/s it leaves
noise further below what the music masks, in drums most of all, and costs a fifth less. Where both sides play the same
sound, as with one piano in the middle, it is coded once.
"""

from __future__ import annotations

import lameenc
import numpy as np
from numpy.typing import NDArray

from worker.render.mp3_length import length_frame
from worker.render.schedule import SAMPLE_RATE_HZ

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
    """`sound`, float32 (samples, 2) within -1..1 and not empty, as MP3 at `kbps` at most, with `title` in an ID3 tag.

    It has one channel where both sides are the same. Ten minutes stay below 10 MB, whatever is played.
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
    """Whether both sides are the same sound, (samples, 2), to the ear."""
    for start in range(0, len(sound), SAMPLE_RATE_HZ):
        left, right = sound[start : start + SAMPLE_RATE_HZ].T
        middle, side = left + right, left - right
        if side @ side > _SAME_SIDES**2 * (middle @ middle):
            return False
    return True


def ceiling_kbps(length_s: float, kbps: int) -> int:
    """The highest rate of any moment of a file of `length_s` seconds, where `kbps` are allowed."""
    room_kbps = max(_FAIR_KBPS, _FILE_LIMIT_BYTES * 8 / 1000 / max(1.0, length_s))
    allowed = min(float(kbps), room_kbps)
    return max(rate for rate in _RATES_KBPS if rate <= max(allowed, _RATES_KBPS[0]))


def id3_title(title: str) -> bytes:
    """An ID3v2.3 tag that holds `title`, at most 200 characters of it; nothing for an empty one."""
    title = " ".join(title.split())[:_TITLE_LIMIT]
    if not title:
        return b""
    text = _UTF_16_WITH_MARK + title.encode("utf-16")
    frame = _TITLE_FRAME + len(text).to_bytes(4, "big") + b"\0\0" + text
    return b"ID3\x03\x00\x00" + _syncsafe(len(frame)) + frame


def _syncsafe(size: int) -> bytes:
    """`size` in four bytes of seven bits each: in a tag no byte may look like the start of sound."""
    return bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
