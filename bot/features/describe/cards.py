"""The card of a described MIDI file: one line that says what it is, figures, instruments, chords, the piano roll."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.features import embeds
from bot.features.compose import cards as pieces
from bot.features.embeds import MAX_VALUE, bar, place_words
from bot.limits import cut
from bot.message import Attached, MessageParts
from bot.wording import clock, either, harmless, plural, safe
from jobs import JobClient
from jobs.contract import BlobRef, DescribedKey, DescribedPart, DescribeRequest, DescribeResult, Stage, Update
from jobs.errors import BlobGone

PICTURE = "piano-roll.png"
MOST_PARTS = 12  # instruments that the card lists
CHORDS_IN_A_ROW, MOST_CHORDS = 4, 32
NO_CHORD = "–"
MOST_REPAIRS = 8
PLAIN = "Discord didn't accept the description's card. Try again."
CERTAINTY = {"clear": "clear", "likely": "most likely"}


def progress_parts(update: Update) -> MessageParts:
    """The parts while the file is being read."""
    queued = update.stage is Stage.QUEUED
    card = discord.Embed(
        title="In the queue" if queued else "Reading the file …",
        description=place_words(update.position) if queued else bar(update.fraction),
        colour=embeds.WAITING if queued else embeds.WORKING,
    )
    return MessageParts(card=card)


async def finished_parts(board: JobClient, request: DescribeRequest, result: DescribeResult) -> MessageParts:
    """The description, and the roll where it could be drawn.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    attached = await _picture(board, result.picture, alt_text(request, result))
    card = description_card(request, result, PICTURE if attached else None)
    return MessageParts(card=card, attached=attached, plain=PLAIN)


async def _picture(board: JobClient, ref: BlobRef | None, description: str) -> tuple[Attached, ...]:
    if ref is None:
        return ()
    try:
        return (Attached(PICTURE, await board.get_blob(ref), description=description),)
    except BlobGone:  # the figures stand on the card
        return ()


def description_card(request: DescribeRequest, result: DescribeResult, picture: str | None) -> discord.Embed:
    """The card; `picture` is the name of the attached file that it shows."""
    card = discord.Embed(title=cut(safe(request.seed.name), 200), description=summary(result), colour=embeds.PLAIN)
    if result.title:
        card.add_field(name="Title", value=cut(safe(result.title), MAX_VALUE), inline=False)
    for name, value in (
        ("Key", _key_words(result.key, result.signature)),
        ("Tempo", _tempo_words(result)),
        ("Meter", _meter_words(result)),
        ("Density", _density_words(result)),
    ):
        if value:
            card.add_field(name=name, value=cut(value, MAX_VALUE))
    card.add_field(name="Instruments", value=_parts_words(result.parts), inline=False)
    if result.chords:
        card.add_field(name="Chords", value=_chords_words(result.chords), inline=False)
    if request.model is not None:
        said = "This model has no list of its training music to compare with."
        if result.originality is not None:
            said = pieces.originality_words(result.originality)
        card.add_field(name=f"Compared with {request.model}", value=said, inline=False)
    if result.repairs:
        repairs = "\n".join(harmless(said) for said in result.repairs[:MOST_REPAIRS])
        card.add_field(name="Repaired", value=cut(repairs, MAX_VALUE), inline=False)
    for said in result.remarks:
        card.add_field(name="Note", value=cut(harmless(said), MAX_VALUE), inline=False)
    if picture:
        card.set_image(url=f"attachment://{picture}")
    return card


def summary(result: DescribeResult) -> str:
    """The file in one line: '0:42 · 310 notes · G minor · 96 bpm · 3/4'."""
    parts = [clock(result.duration_s), plural(result.notes, "note")]
    parts += [result.key.name] if result.key and result.key.certainty != "unsure" else []
    if result.tempos_bpm and round(result.tempos_bpm[0]) == round(result.tempos_bpm[1]):
        parts.append(f"{result.tempos_bpm[0]:.0f} bpm")
    parts += [result.meters[0]] if len(result.meters) == 1 else []
    parts += [] if result.bars is not None else ["free time"]
    return " · ".join(parts)


def alt_text(request: DescribeRequest, result: DescribeResult) -> str:
    """The picture in words, for those who cannot see it."""
    players = ", ".join(part.name for part in result.parts[:MOST_PARTS])
    key = f" in {result.key.name}" if result.key and result.key.certainty != "unsure" else ""
    notes = f"{plural(result.notes, 'note')} over {clock(result.duration_s)}{key}"
    return cut(f"Piano roll of {request.seed.name}: {notes}, played by {players}.", 1000)


def _key_words(key: DescribedKey | None, signature: str | None) -> str:
    if key is None:
        return "none: only drums play"
    if key.certainty == "unsure":
        words = f"unclear: {either([key.name, *([key.other] if key.other else [])])}"
    else:
        words = f"{key.name} ({CERTAINTY[key.certainty]})"
        words += f", else {key.other}" if key.other else ""
    return f"{words}\nThe file says {safe(signature)}" if signature and signature != key.name else words


def _tempo_words(result: DescribeResult) -> str:
    if result.tempos_bpm is not None:
        slow, fast = (f"{bpm:.0f}" for bpm in result.tempos_bpm)
        return f"{slow} bpm" if slow == fast else f"{slow} to {fast} bpm"
    return "" if result.tapped_bpm is None else f"free, about {result.tapped_bpm:.0f} bpm"


def _meter_words(result: DescribeResult) -> str:
    if result.bars is None:
        return "none: free time"
    meters = ", ".join(result.meters[:4]) + (" …" if len(result.meters) > 4 else "")
    return f"{meters} · {plural(result.bars, 'bar')}"


def _density_words(result: DescribeResult) -> str:
    words = [] if result.density is None else [f"{result.density:.1f} notes a second"]
    words += [] if result.polyphony is None else [f"{result.polyphony:.1f} at once"]
    return ", ".join(words)


def _parts_words(parts: Sequence[DescribedPart]) -> str:
    lines = [_part_line(part) for part in parts[:MOST_PARTS]]
    more = len(parts) - len(lines)
    return cut("\n".join([*lines, *([f"and {more} more"] if more else [])]), MAX_VALUE) or "none"


def _part_line(part: DescribedPart) -> str:
    notes = plural(part.notes, "hit" if part.is_drum else "note")
    span = part.low if part.low == part.high else f"{part.low} to {part.high}"
    return f"{safe(part.name)}: {notes}" + (f", {span}" if part.low else "")


def _chords_words(chords: Sequence[str]) -> str:
    """The chords of the first bars, some in a row, as musicians write them."""
    shown = [chord or NO_CHORD for chord in chords[:MOST_CHORDS]]
    rows = [shown[start : start + CHORDS_IN_A_ROW] for start in range(0, len(shown), CHORDS_IN_A_ROW)]
    width = max(len(chord) for chord in shown)
    lines = ["| " + " | ".join(chord.ljust(width) for chord in row) + " |" for row in rows]
    more = f"\nThe first {len(shown)} bars." if len(chords) > len(shown) else ""
    return cut("```\n" + "\n".join(lines) + f"\n```{more}", MAX_VALUE)
