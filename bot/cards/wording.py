"""What was asked for and what is known of a piece, in words that more than one card uses."""

from __future__ import annotations

from typing import Any

import discord

from jobs.contract import DENSITY_WORDS, ComposeRequest, Controls, Mode, Originality


def clock(seconds: float) -> str:
    """Seconds as `m:ss`."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def duration_words(seconds: float) -> str:
    """Seconds in words, as one would say them: 'about' is left to whoever estimates."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def safe(text: str) -> str:
    """What somebody else wrote, fit to stand on a card."""
    return discord.utils.escape_markdown(text)


def cut(text: str, most: int) -> str:
    """`text` of at most `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def piece_words(request: ComposeRequest) -> str:
    """What kind of piece it is: 'A variation on song.mid'."""
    if request.seed is None:
        return "A new piece"
    kind = {Mode.CONTINUE: "A continuation of", Mode.VARY: "A variation on", Mode.ACCOMPANY: "An accompaniment to"}
    return f"{kind[request.mode]} {discord.utils.escape_markdown(request.seed.name[:100])}"


def length_words(request: ComposeRequest) -> str:
    """The length asked for; empty where none was."""
    if request.bars is not None:
        return f"{request.bars} {'bar' if request.bars == 1 else 'bars'}"
    return "" if request.length_s is None else f"{request.length_s:g} s"


def seconds_words(seconds: float) -> str:
    """'10 seconds', '1 second', '2:05' from a minute on."""
    whole = round(seconds)
    if whole >= 60:
        return clock(seconds)
    return "1 second" if whole == 1 else f"{whole} seconds"


def controls_words(asked: Controls, honoured: Controls) -> str:
    """The controls `asked` for, as the model understood them; struck out what the piece lacks. Empty for none."""
    has = honoured.asked
    words = []
    for name, value in asked.asked.items():
        if name == "instruments":
            played = {one.casefold() for one in honoured.instruments}
            names = (discord.utils.escape_markdown(one) for one in value)
            words.append(", ".join(one if one.casefold() in played else f"~~{one}~~" for one in names))
        else:
            words.append(_control(name, has[name]) if name in has else f"~~{_control(name, value)}~~")
    return " · ".join(words)


def _control(name: str, value: Any) -> str:
    if name == "tempo_bpm":
        return f"{value:g} bpm"
    if name == "density":
        return DENSITY_WORDS[value - 1]
    words = ", ".join(value) if isinstance(value, tuple) else str(value)
    return discord.utils.escape_markdown(words)


def taste_words(request: ComposeRequest) -> str:
    """How the notes were drawn: '0.9 · top-p 0.95'."""
    named = {"top-k": request.top_k, "top-p": request.top_p, "min-p": request.min_p}
    limits = [f"{name} {value:g}" for name, value in named.items() if value is not None]
    return " · ".join([f"{request.temperature:g}", *limits])


def originality_words(found: Originality) -> str:
    """How much of the piece stands in the training music, beside the same for pieces that people wrote."""
    if found.share_16 is None:
        return "The piece is too short to compare it with the training music."
    human = f" (human pieces: {percent(found.human_share_16)})" if found.human_share_16 is not None else ""
    longest = f" The longest run found there has {found.longest_run} notes." if found.longest_run else ""
    return f"{percent(found.share_16)} of its 16-note runs occur in the training music{human}.{longest}"


def tenths(share: float) -> str:
    """A share 0..1 with one decimal, for figures that stand beside one another."""
    return f"{share * 100:.1f} %"


def percent(share: float) -> str:
    """A share 0..1 as '3 %', with a decimal where it is small: 0.4 % is not none."""
    return f"{share * 100:.1f} %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")
