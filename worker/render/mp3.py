"""Sound to the bytes of an MP3 file with a title, by LAME."""

from __future__ import annotations

import lameenc
import numpy as np
from numpy.typing import NDArray

from worker.render.schedule import SAMPLE_RATE_HZ

_QUALITY = 5  # LAME's scale of 2 (best) to 7 (fastest): 5 costs half of 2 and passes for it at 128 kbit/s
_SLICE_SAMPLES = 10 * SAMPLE_RATE_HZ  # encoded at a time, so that nothing holds the interpreter for long
_FULL_SCALE = 32_767
_TITLE_FRAME, _TITLE_LIMIT = b"TIT2", 200
_UTF_16_WITH_MARK = b"\x01"  # the encoding byte of ID3v2.3 text


def encode_mp3(sound: NDArray, title: str, kbps: int) -> bytes:
    """`sound`, float32 (samples, 2) within -1..1, as MP3 at a constant `kbps`, with `title` in an ID3 tag."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(kbps)
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_channels(2)
    encoder.set_quality(_QUALITY)
    encoder.silence()
    parts = [id3_title(title)]
    for start in range(0, len(sound), _SLICE_SAMPLES):
        samples = np.rint(sound[start : start + _SLICE_SAMPLES] * _FULL_SCALE).astype("<i2")
        parts.append(bytes(encoder.encode(samples.tobytes())))
    parts.append(bytes(encoder.flush()))
    return b"".join(parts)


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
