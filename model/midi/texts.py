"""Decodes names and texts of MIDI files, whose encoding the format does not state.

Used by `reading`. All texts of a file are judged together, because a single name is often too short to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST_SAMPLE = 16_384  # bytes that the detector gets to see
SHORT_SAMPLE = 64  # bytes; with fewer, a rare encoding that fits as well as Western European is not believed
FALLBACK = "cp1252"
_UNLIKELY = frozenset(("Windows-1254", "Windows-1257", "Windows-1258", "ISO-8859-4", "ISO-8859-13", "ISO-8859-10"))
_UTF_16_BOMS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF_8_BOM = b"\xef\xbb\xbf"
_DECLARED = {b"{@JP}": "cp932", b"{@LATIN}": "cp1252"}  # as karaoke files name their encoding
_TAGS = re.compile(r"\{@(JP|LATIN)\}")


class TextDecoder:
    """Decodes the texts of one file. `encoding` is None when all of them are UTF-8."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        self.encoding = _encoding([text for text in dict.fromkeys(texts) if not _is_unicode(text)])

    def __call__(self, text: bytes, longest: int) -> str:
        """`text` without control characters, at most `longest` characters long."""
        string = _TAGS.sub("", _decoded(text, self.encoding or FALLBACK))
        return "".join(letter for letter in string if letter.isprintable() or letter == "\n")[:longest].strip()


def _is_unicode(text: bytes) -> bool:
    """Whether `text` is recognisably UTF-8 (ASCII included) or UTF-16."""
    if text[:2] in _UTF_16_BOMS or _is_bare_utf_16(text):
        return True
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > 0 and len(text) >= 16  # cut by its length
    return True


def _decoded(text: bytes, encoding: str) -> str:
    if kind := _UTF_16_BOMS.get(text[:2]):
        return text[2:].decode(kind, errors="ignore")
    if kind := _is_bare_utf_16(text):
        return text.decode(kind, errors="ignore")
    text = text.removeprefix(_UTF_8_BOM)
    if _is_unicode(text):
        return text.decode(errors="ignore")
    return text.decode(encoding, errors="replace").replace("\ufffd", "")


def _is_bare_utf_16(text: bytes) -> str:
    """The UTF-16 encoding of `text` without a byte order mark, or '': every second byte of Latin text is 0."""
    if len(text) < 4 or len(text) % 2:
        return ""
    high, low = text[::2].count(0), text[1::2].count(0)
    half = len(text) // 2
    if low > 0.6 * half and high == 0:
        return "utf-16-le"
    return "utf-16-be" if high > 0.6 * half and low == 0 else ""


def _encoding(texts: list[bytes]) -> str | None:
    """The most likely encoding of `texts`, which are not UTF-8; None without texts."""
    if not texts:
        return None
    sample = b"\n".join(texts)[:LONGEST_SAMPLE]
    for tag, encoding in _DECLARED.items():
        if tag in sample:
            return encoding
    import chardet  # late: it takes a tenth of a second, and few files need it

    found = chardet.detect(sample)["encoding"] or FALLBACK
    if len(sample) <= SHORT_SAMPLE and found in _UNLIKELY:
        return FALLBACK
    try:
        sample.decode(found, errors="replace")
    except LookupError:
        return FALLBACK
    return found
