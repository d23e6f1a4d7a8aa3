"""The message of a piece: a bar while it is composed, then the card with its title, picture, audio and `.mid`.

The tracker calls `progress_parts` and `finished_parts` through `message_builder`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import discord

from bot.buttons import piece_view
from bot.features import embeds
from bot.features.compose.options import BY_FIELD
from bot.features.embeds import bar, place_words
from bot.limits import cut
from bot.message import Attached, MessageParts
from bot.wording import clock, file_words, harmless, percent, plain, plural, safe, size_words, tenths
from jobs import JobClient
from jobs.contract import (
    Alternative,
    BlobRef,
    ComposeRequest,
    ComposeResult,
    Controls,
    Mode,
    Originality,
    Recast,
    Stage,
    Update,
)
from jobs.errors import BlobGone

RUNNING = ("stop",)
FINISHED = ("again", "continue", "vary", "edit", "star", "recast", "copy", "delete")
PICKS = ("pick_first", "pick_second", "pick_third", "pick_fourth")  # for each of `MAX_COUNT` pieces
CHOICE = ("again", "edit", "copy", "delete")
RECAST = ("continue", "vary", "star", "recast", "delete")  # there are no options to change or to copy
PLAIN = "Your piece is ready. Discord didn't accept its card, so here are the files alone."
LIGHTER = "The recordings together were too large for Discord here, so they were left out."
MAX_DESCRIPTION = 2000  # Discord takes 4096; a card is not a letter
MAX_ALT_TEXT = 1024
MUCH_COPIED = 0.05  # share of 16-note passages from which on the card warns, ...
MUCH_MORE_COPIED = 2.0  # ... if it is this many times the share in human pieces, ...
LONG_COPY = 24  # ... and this many notes in a row are copied: a short piece has few passages, so its share says little
LONG_RUN = 16  # notes
WORDS = {
    Stage.STARTING: "Getting ready",
    Stage.PRIMING: "Reading your seed",
    Stage.COMPOSING: "Composing",
    Stage.RENDERING: "Recording",
}
_KEY = re.compile(r"\s*(?P<tonic>[A-Ga-g])(?P<sign>[#b♯♭]?)\s*(?P<mode>[A-Za-z]*)\s*")


def progress_parts(request: ComposeRequest, update: Update) -> MessageParts:
    """The parts while the piece is on its way."""
    return MessageParts(card=progress_card(request, update), buttons=piece_view(RUNNING, request))


async def finished_parts(
    board: JobClient, request: ComposeRequest, result: ComposeResult, limit_bytes: int
) -> MessageParts:
    """The parts of the finished piece; files over `limit_bytes` are left out with a sentence.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    if result.others:
        return await _choice_parts(board, request, result, limit_bytes)
    attached, remarks = await files_of(board, result, limit_bytes)
    picture = next((file.name for file in attached if file.name.endswith(".png")), None)
    card = result_card(request, result, picture, remarks)
    buttons = piece_view(FINISHED if request.recast is None else RECAST, request)
    return MessageParts(card=card, attached=attached, buttons=buttons, plain=PLAIN)


async def _choice_parts(
    board: JobClient, request: ComposeRequest, result: ComposeResult, limit_bytes: int
) -> MessageParts:
    """The parts of several pieces to choose from: to hear each, and a button that sends the chosen one whole."""
    pieces: list[ComposeResult | Alternative] = [result, *result.others]
    attached, lines = [], _pressed(request)
    lines += ["Stopped early: these are the pieces so far."] if result.stopped else []
    for number, piece in enumerate(pieces, start=1):
        lines.append(f"**{number}** {title_words(piece.title or 'Piece')} · {clock(piece.duration_s)}")
        ref = piece.audio or piece.midi
        try:
            data = await board.get_blob(ref) if ref.size <= limit_bytes else None
        except BlobGone:
            data = None
        if data is not None:
            attached.append(Attached(f"{number}-{ref.name}", data, optional=True))
    lines += [harmless(said) for said in result.remarks]
    card = discord.Embed(
        title=f"{plural(len(pieces), 'piece')} to choose from",
        description=cut("\n".join([*lines, "Press a number to get that piece."]), MAX_DESCRIPTION),
        colour=embeds.DONE,
    )
    card.set_footer(text=f"{result.model} · random seeds {result.random_seed} to {pieces[-1].random_seed}")
    buttons = piece_view((*PICKS[: len(pieces)], *CHOICE), request)
    return MessageParts(card=card, attached=tuple(attached), buttons=buttons, lighter=LIGHTER, plain=PLAIN)


async def files_of(board: JobClient, result: ComposeResult, limit_bytes: int) -> tuple[tuple[Attached, ...], list[str]]:
    """The piece's files, the MIDI file first, and a sentence for each that is missing."""
    attached, remarks = [], []
    for ref, what in ((result.midi, "MIDI file"), (result.audio, "audio"), (result.picture, "picture")):
        if ref is None:
            continue
        if ref.size > limit_bytes:
            remarks.append(_too_large(what, ref, limit_bytes))
            continue
        try:
            data = await board.get_blob(ref)
        except BlobGone:
            remarks.append(f"The {what} is no longer kept. Use **Again**, or `/compose` with the same random seed.")
            continue
        alt_text = cut(picture_words(result), MAX_ALT_TEXT) if what == "picture" else None
        attached.append(Attached(ref.name, data, optional=what == "audio", description=alt_text))
    return tuple(attached), remarks


def _too_large(what: str, ref: BlobRef, limit_bytes: int) -> str:
    sizes = f"{size_words(ref.size)}; the limit is {size_words(limit_bytes)}"
    return f"The {what} is too large for Discord here ({sizes}), so it was left out. Try a shorter `length`."


def picture_words(result: ComposeResult) -> str:
    """The alt text of the picture."""
    seed = f" The first {seconds_words(result.seed_s)} are the seed." if round(result.seed_s) else ""
    notes = plural(result.notes, "note")
    return f"Piano roll of {plain(result.title or 'the piece')}: {notes} in {clock(result.duration_s)}.{seed}"


def progress_card(request: ComposeRequest, update: Update) -> discord.Embed:
    """The card of a piece that is not finished."""
    queued = update.stage is Stage.QUEUED
    said = place_words(update.position) if queued else bar(update.fraction, update.music)
    card = discord.Embed(
        title="In the queue" if queued else f"{WORDS.get(update.stage, 'Working')} …",
        description="\n".join([*_pressed(request), said]),
        colour=embeds.WAITING if queued else embeds.WORKING,
    )
    footer = [request.model, length_words(request), f"random seed {request.random_seed}"]
    footer += [f"seed {plain(request.seed.name[:60])}"] if request.seed else []
    card.set_footer(text=" · ".join(part for part in footer if part))
    return card


def result_card(
    request: ComposeRequest, result: ComposeResult, picture: str | None, remarks: Sequence[str] = ()
) -> discord.Embed:
    """The card of a finished piece; `picture` is the name of the attached file that it shows.

    It says what the piece is, what was made of the seed, and only what calls for attention: requests that were not
    followed are struck out, repairs and much copying are told, and the card is amber then.
    """
    is_copied = result.originality is not None and copies_much(result.originality)
    lines = _pressed(request)
    lines += ["Stopped early: this is the piece so far."] if result.stopped else []
    lines += [words] if (words := seed_words(request, result)) else []
    lines += [harmless(result.model_choice)] if result.model_choice else []
    lines += [f"Requested: {requested_words(request, result)}"] if result.missed else []
    lines += [harmless(said) for said in (*(missed.reason for missed in result.missed), *result.remarks)]
    lines += [f"⚠️ {originality_words(result.originality)}"] if result.originality and is_copied else []
    lines += remarks
    card = discord.Embed(
        title=titled(request, result),
        description=cut("\n".join(lines), MAX_DESCRIPTION) or None,
        colour=embeds.DOUBTFUL if result.missed or is_copied else embeds.DONE,
    )
    if picture:
        card.set_image(url=f"attachment://{picture}")
    card.set_footer(text=f"{clock(result.duration_s)} · {result.model} · random seed {result.random_seed}")
    return card


def _pressed(request: ComposeRequest) -> list[str]:
    """Who pressed which button for this piece; a command says so itself."""
    return [f"<@{request.requester_id}> pressed **{request.pressed}**."] if request.pressed else []


def titled(request: ComposeRequest, result: ComposeResult) -> str:
    """The title of a finished piece; a result of an older version has none, so it says what kind of piece it is."""
    return title_words(result.title) if result.title else piece_words(request)


def title_words(title: str) -> str:
    """A title to be read as it is; a sharp needs no escape, because a title does not begin with one."""
    return safe(title).replace("\\#", "#")


def piece_words(request: ComposeRequest) -> str:
    """What kind of piece it is: 'A variation on song.mid'."""
    if request.seed is None:
        return "A new piece"
    kind = {Mode.CONTINUE: "A continuation of", Mode.VARY: "A variation on", Mode.ACCOMPANY: "An accompaniment to"}
    return f"{kind[request.mode]} {safe(request.seed.name[:100])}"


def seed_words(request: ComposeRequest, result: ComposeResult) -> str:
    """One line on what was made of the seed: 'Continues “song.mid” after its first 10 seconds.' Empty without one.

    A seed of one note lasts no time and is included all the same.
    """
    if request.seed is None:
        return ""
    name = file_words(request.seed.name)
    if request.recast is not None:
        return f"The same notes, {recast_words(request.recast)}."
    if request.mode is Mode.ACCOMPANY:
        return f"New parts around {name}." if request.include_seed else f"New parts for {name}, without its own notes."
    said = {Mode.CONTINUE: f"Continues {name}", Mode.VARY: f"A variation on {name}"}[request.mode]
    if not request.include_seed:
        return f"{said}." if request.mode is Mode.VARY else f"{said}, which is not included."
    if result.seed_s < 1:
        return f"{said}, which is included."
    return f"{said}, which is the first {seconds_words(result.seed_s)}."


def recast_words(recast: Recast) -> str:
    """What was changed, without new notes: '3 semitones up, at 80 % of the tempo'."""
    direction = "up" if recast.semitones > 0 else "down"
    words = [f"{plural(abs(recast.semitones), 'semitone')} {direction}"] if recast.semitones else []
    words += [f"at {recast.tempo_percent:.4g} % of the tempo"] if recast.tempo_percent != 100 else []
    return ", ".join(words) or "unchanged"


def length_words(request: ComposeRequest) -> str:
    """The length asked for; empty where none was."""
    if request.bars is not None:
        return plural(request.bars, "bar")
    return "" if request.length_s is None else f"{request.length_s:g} s"


def seconds_words(seconds: float) -> str:
    """'10 seconds', '1 second', '2:05' from a minute on."""
    whole = round(seconds)
    return clock(seconds) if whole >= 60 else plural(whole, "second")


def requested_words(request: ComposeRequest, result: ComposeResult) -> str:
    """What was asked of the music; struck out what the piece lacks."""
    length = length_words(request)
    words = [controls_words(request.controls, result.controls)]
    words += [f"~~{length}~~"] if any(missed.control == "length" for missed in result.missed) else []
    return " · ".join(part for part in words if part)


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
    """The value of the control `name`, as the option that asks for it says it, with its unit."""
    option = BY_FIELD[name]
    if name == "key":
        return key_words(value)
    return safe(f"{option.words(value)} {option.unit}".rstrip())


def key_words(name: str) -> str:
    """A key as musicians write it, in the spelling that was asked for: 'dbm' is 'Db minor', not 'C# minor'."""
    found = _KEY.fullmatch(name)
    if found is None:
        return safe(name)
    sign = {"♯": "#", "♭": "b"}.get(found["sign"], found["sign"])
    is_minor = found["mode"] == "m" or found["mode"].lower().startswith("min")
    return f"{found['tonic'].upper()}{sign} {'minor' if is_minor else 'major'}"


def copies_much(found: Originality) -> bool:
    """Whether so much of a piece also occurs in the training music that its card warns."""
    usual = found.human_share_16 or 0.0
    is_much = found.share_16 is not None and found.share_16 >= max(MUCH_COPIED, MUCH_MORE_COPIED * usual)
    return is_much and found.longest_run >= LONG_COPY


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
    longest = f" The longest has {longest_run} notes." if longest_run is not None and longest_run >= LONG_RUN else ""
    return f"{tenths(share_16)} of its 16-note passages also occur in {where}{beside}.{longest}"
