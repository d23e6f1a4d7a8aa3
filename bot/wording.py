"""Words, figures and names as the bot says them; what strangers wrote is made harmless here.

Strangers write file names, titles, descriptions, licences, options. `safe` shows such a text literally. `harmless` is
for whole sentences of ours with such a text inside: their own markdown stays, links and mentions do not work.
"""

from __future__ import annotations

import re

LONGEST_TYPED = 50  # characters of an option that a sentence repeats

_MARKDOWN = re.compile(r"([\\*_~`|<>\[\]()#@])")
_LINK = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*):(?=//)|\b(mailto|tel|data|javascript):")
_INVITE = re.compile(r"(?i)\b(discord(?:app)?)\.(?=(?:gg|com|me|io|li)\b)")
_LIST = re.compile(r"(?m)^(\s*)([-+])(?=\s)")
_MENTION = re.compile(r"<(?=@|#|:|a:|/|t:|id:|https?:)|@(?=everyone\b|here\b)")
_MASKED_LINK = re.compile(r"\](?=\s*\()")
NO_BREAK = "\u200b"  # after '@', '<' or in a host name, so that Discord sees no mention and no link


def plural(count: int, one: str, many: str | None = None) -> str:
    """'1 piece', '2 pieces', '1,200 notes'."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def clock(seconds: float) -> str:
    """Seconds as `m:ss`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def duration_words(seconds: float) -> str:
    """Seconds in words: 'less than a minute', '1 minute', '2 h 05 min'."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return plural(minutes, "minute")
    return f"{minutes // 60} h {minutes % 60:02d} min"


def about_duration(seconds: float) -> str:
    """An estimate: 'about 5 minutes', but 'less than a minute'."""
    words = duration_words(seconds)
    return words if words.startswith("less") else f"about {words}"


def period_words(seconds: float) -> str:
    """A period as people say it: '14 days', '1 hour', '90 seconds'."""
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return plural(int(seconds // size), unit)
    if seconds >= 2 * 86400:
        return f"about {plural(round(seconds / 86400), 'day')}"
    if seconds >= 2 * 3600:
        return f"about {plural(round(seconds / 3600), 'hour')}"
    return plural(round(seconds), "second")


def size_words(count: int) -> str:
    """A number of bytes in words."""
    if count >= 2**20:
        return f"{count / 2**20:.1f} MiB"
    return f"{count / 2**10:.0f} KiB" if count >= 2**10 else plural(count, "byte")


def percent(share: float, decimals: int = 0) -> str:
    """A share 0..1 as '3 %'; one that is small but not 0 is never '0 %', and one below 1 never '100 %'."""
    smallest = 10**-decimals
    value = share * 100
    if 0 < value < smallest:
        if decimals == 0 and value >= 0.05:
            return f"{value:.1f} %"
        return f"less than {10 ** -max(1, decimals):g} %"
    rounded = round(value, decimals)
    if rounded >= 100 and share < 1:
        rounded = 100 - smallest
    return f"{rounded:.{decimals}f} %"


def tenths(share: float) -> str:
    """A share 0..1 with one decimal, for figures that stand beside one another."""
    return percent(share, 1)


def safe(text: str) -> str:
    """What a stranger wrote, to be read as it is: no markdown, no link, no mention, no heading."""
    text = _MARKDOWN.sub(r"\\\1", text)
    text = _LINK.sub(lambda found: f"{found[1] or found[2]}\\:", text)
    text = _INVITE.sub(rf"\1{NO_BREAK}.", text)
    text = _LIST.sub(r"\1\\\2", text)
    return re.sub(r"\\@", f"@{NO_BREAK}", text)


def harmless(sentence: str) -> str:
    """A sentence of ours that may quote strangers: markdown as we wrote it, but no live link and no mention."""
    sentence = _MASKED_LINK.sub(f"]{NO_BREAK}", sentence)
    sentence = _LINK.sub(lambda found: f"{found[1] or found[2]}\\:", sentence)
    sentence = _INVITE.sub(rf"\1{NO_BREAK}.", sentence)
    return _MENTION.sub(lambda found: f"{found[0]}{NO_BREAK}", sentence)


def plain(text: str) -> str:
    """What a stranger wrote, for places where Discord shows no markdown: one line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def as_typed(text: str) -> str:
    """What a member typed, to be repeated in a sentence: “polka”."""
    short = text if len(text) <= LONGEST_TYPED else f"{text[: LONGEST_TYPED - 1]}…"
    return f"“{safe(short)}”"


def file_words(name: str) -> str:
    """A file's name, to be repeated in a sentence."""
    return f"“{safe(name[:100])}”"


def either(names: list[str]) -> str:
    """'a', 'a or b', 'a, b or c'."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
