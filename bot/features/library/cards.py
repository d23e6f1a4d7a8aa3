"""One page of `/library` as an embed: each piece with its title, when, by whom, from which piece, and where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.features import embeds
from bot.features.compose import cards as pieces
from bot.features.embeds import MAX_VALUE
from bot.features.library.search import LibraryEntry, Scope, Search, title
from bot.limits import cut
from bot.wording import as_typed, clock, period_words, plural, safe
from jobs.contract import ComposeRequest, ComposeResult, Record

PIECES_OF_A_PAGE = 5  # as many as a row has buttons
TITLES = {
    Scope.MINE: "Your pieces",
    Scope.SERVER: "Pieces of this server",
    Scope.STARRED: "Starred pieces of this server",
}
EMPTY = {
    Scope.MINE: "You have no pieces yet. Use `/compose`.",
    Scope.SERVER: "This server has no pieces yet. Use `/compose`.",
    Scope.STARRED: "Nothing is starred yet. Press **Star** under a piece you like.",
}


def pages_of(count: int) -> int:
    """How many pages `count` pieces take; at least one."""
    return max(1, -(-count // PIECES_OF_A_PAGE))


def page_of(entries: Sequence[LibraryEntry], page: int) -> Sequence[LibraryEntry]:
    """The pieces on page `page`, from 1."""
    return entries[(page - 1) * PIECES_OF_A_PAGE : page * PIECES_OF_A_PAGE]


def library_card(
    search: Search, entries: Sequence[LibraryEntry], page: int, parents: Mapping[str, Record], kept_s: float
) -> discord.Embed:
    """The embed of page `page` of `entries`; `parents` are the known records of the pieces that these came from.

    `kept_s`: seconds for which a piece is kept that is not starred.
    """
    card = discord.Embed(title=TITLES[search.scope], colour=embeds.PLAIN)
    card.description = _searched(search, len(entries))
    first = (page - 1) * PIECES_OF_A_PAGE
    for number, entry in enumerate(page_of(entries, page), start=first + 1):
        name = f"{number}. {title(entry)}"
        card.add_field(name=cut(name, 200), value=cut(_about(entry, parents), MAX_VALUE), inline=False)
    count = f"{plural(len(entries), 'piece')} · page {page} of {pages_of(len(entries))}"
    kept = f"Pieces are kept for {period_words(kept_s)}, starred ones for as long as they are starred."
    card.set_footer(text=f"{count}\n{kept}" if entries else kept)
    return card


def _searched(search: Search, count: int) -> str | None:
    if not search.is_narrow:
        return None if count else EMPTY[search.scope]
    words = [as_typed(search.words)] if search.words else []
    words += [f"by <@{search.member_id}>"] if search.member_id else []
    return f"{'Found' if count else 'Nothing found for'} {' '.join(words)}"


def _about(entry: LibraryEntry, parents: Mapping[str, Record]) -> str:
    request, result = entry.request, entry.result
    figures = [clock(result.duration_s), pieces.controls_words(request, result.controls), safe(result.model)]
    when = f"<t:{int(entry.record.enqueued_at)}:f> · <@{request.requester_id}>"
    kind = [pieces.piece_words(request)] if request.seed is not None and result.title else []
    way = "only you can see it" if request.private else f"[Open]({jump_link(entry.record)})"
    lines = [*kind, " · ".join(part for part in figures if part), f"{when} · {way}"]
    if request.parent_id is not None:
        lines.append(f"Made from {_parent_words(parents.get(request.parent_id))}")
    if entry.starred_by is not None:
        lines.append(f"⭐ <@{entry.starred_by}>")
    return "\n".join(lines)


def _parent_words(parent: Record | None) -> str:
    """The piece that this one came from, with the way there."""
    if parent is None or not isinstance(parent.request, ComposeRequest):
        return "a piece that is no longer kept"
    name = pieces.piece_words(parent.request)
    if isinstance(parent.result, ComposeResult):
        name = pieces.titled(parent.request, parent.result)
    return f"[{name}]({jump_link(parent)}) of <t:{int(parent.enqueued_at)}:d>"


def jump_link(record: Record) -> str:
    """The address of the message with the piece."""
    delivery = record.delivery
    place = record.request.guild_id or "@me"
    return f"https://discord.com/channels/{place}/{delivery.channel_id}/{delivery.message_id or ''}"
