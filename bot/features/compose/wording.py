"""What was requested and what is known of a piece, in words that more than one card uses."""

from __future__ import annotations

import re
from typing import Any

from bot.wording import clock, percent, plural, safe, tenths
from jobs.contract import DENSITY_WORDS, ComposeRequest, Controls, Mode, Originality

_KEY = re.compile(r"\s*(?P<tonic>[A-Ga-g])(?P<sign>[#b♯♭]?)\s*(?P<mode>[A-Za-z]*)\s*")


def key_words(name: str) -> str:
    """A key as musicians write it, in the spelling that was asked for: 'dbm' is 'Db minor', not 'C# minor'."""
    found = _KEY.fullmatch(name)
    if found is None:
        return safe(name)
    sign = {"♯": "#", "♭": "b"}.get(found["sign"], found["sign"])
    is_minor = found["mode"] == "m" or found["mode"].lower().startswith("min")
    return f"{found['tonic'].upper()}{sign} {'minor' if is_minor else 'major'}"


def piece_words(request: ComposeRequest) -> str:
    """What kind of piece it is: 'A variation on song.mid'."""
    if request.seed is None:
        return "A new piece"
    kind = {Mode.CONTINUE: "A continuation of", Mode.VARY: "A variation on", Mode.ACCOMPANY: "An accompaniment to"}
    return f"{kind[request.mode]} {safe(request.seed.name[:100])}"


def length_words(request: ComposeRequest) -> str:
    """The length asked for; empty where none was."""
    if request.bars is not None:
        return plural(request.bars, "bar")
    return "" if request.length_s is None else f"{request.length_s:g} s"


def seconds_words(seconds: float) -> str:
    """'10 seconds', '1 second', '2:05' from a minute on."""
    whole = round(seconds)
    return clock(seconds) if whole >= 60 else plural(whole, "second")


def controls_words(asked: Controls, honoured: Controls) -> str:
    """The controls `asked` for, as the model understood them; struck out what the piece lacks. Empty for none."""
    has = honoured.asked
    words = []
    for name, value in asked.asked.items():
        if name == "instruments":
            played = {one.casefold() for one in honoured.instruments}
            words.append(", ".join(safe(one) if one.casefold() in played else f"~~{safe(one)}~~" for one in value))
        elif name == "key" and name in has:
            words.append(key_words(value))  # in the spelling that was asked for
        else:
            words.append(_control(name, has[name]) if name in has else f"~~{_control(name, value)}~~")
    return " · ".join(words)


def _control(name: str, value: Any) -> str:
    if name == "tempo_bpm":
        return f"{value:g} bpm"
    if name == "density":
        return DENSITY_WORDS[value - 1]
    if name == "key":
        return key_words(value)
    return safe(", ".join(value) if isinstance(value, tuple) else str(value))


def sampling_words(request: ComposeRequest) -> str:
    """How the notes were drawn: '0.9 · top-p 0.95'."""
    named = {"top-k": request.top_k, "top-p": request.top_p, "min-p": request.min_p}
    limits = [f"{name} {value:g}" for name, value in named.items() if value is not None]
    return " · ".join([f"{request.temperature:g}", *limits])


def originality_words(found: Originality) -> str:
    """How much of the piece is copied from the training music, beside the same figure for pieces that people wrote."""
    if found.share_16 is None:
        return "The piece is too short to compare it with the training music."
    human = f" (human pieces: {percent(found.human_share_16)})" if found.human_share_16 is not None else ""
    return copied_words(found.share_16, found.longest_run, "the training music", human)


def copied_words(share_16: float, longest_run: int | None, where: str, beside: str) -> str:
    """How many 16-note passages are copied from `where`, and how long the longest one is.

    The longest run is counted in another way than the share and may consist of shorter passages, so it is told only
    where at least one passage of 16 notes was found.
    """
    if not share_16:
        return f"No 16-note passage was copied from {where}{beside}."
    longest = f" The longest has {longest_run} notes." if longest_run is not None and longest_run >= 16 else ""
    return f"{tenths(share_16)} of its 16-note passages also occur in {where}{beside}.{longest}"
