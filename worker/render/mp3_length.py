"""The frame before the sound of an MP3 of variable rate: how long it is and where its hundredths begin.

Without it players reckon the length from the first frame's rate, and are wrong. lameenc keeps LAME's own to itself.
The layout is that of the Xing tag (Windszus, "MPEG Audio Frame Header", 2007), which all players read.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    """The frame to be put before `coded`, frames of MPEG 1 layer 3 at 44.1 kHz; nothing where there are none."""
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
    """For each hundredth of the time the place where it begins, in 256ths of the file's `whole` bytes."""
    return bytes(256 * starts[len(starts) * part // _PLACES] // whole for part in range(_PLACES))
