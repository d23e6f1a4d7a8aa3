"""`/library mine`, `server`, `starred`: pages of pieces to open and download. Only whoever asks sees them."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot.buttons import LISTINGS, PIECE_ACTIONS, ButtonAction, PieceButton, page_buttons
from bot.context import Interaction
from bot.errors import NotYourStar, OutdatedForm, PieceGone, ServersOnly
from bot.features import library_requests
from bot.features.compose import cards as pieces
from bot.features.compose import requests
from bot.features.library import cards
from bot.features.library.search import LONGEST_WORDS, LibraryEntry, Scope, Search, as_words, find
from bot.message import MessageParts
from bot.permissions import is_admin
from bot.replies import acknowledge, answer, replace_message, update_silently
from jobs.contract import Record, RemoveStar

LISTING = "library"
Words = app_commands.Range[str, 1, LONGEST_WORDS]

command = app_commands.Group(name="library", description="Find, open and download earlier pieces.")


@command.command(name="mine", description="Your pieces, from all servers.")
@app_commands.describe(search="Part of a title, seed, key, style or model.")
async def mine(interaction: Interaction, search: Words | None = None) -> None:
    """List the pieces of whoever asks."""
    await _list(interaction, Search(Scope.MINE, words=as_words(search)))


@command.command(name="server", description="The pieces of this server.")
@app_commands.describe(search="Part of a title, seed, key, style or model.", member="Only the pieces of this member.")
async def server(interaction: Interaction, search: Words | None = None, member: discord.User | None = None) -> None:
    """List the server's pieces, as far as whoever asks may see them."""
    await _list(interaction, Search(Scope.SERVER, member.id if member else 0, as_words(search)))


@command.command(name="starred", description="The starred pieces of this server.")
@app_commands.describe(search="Part of a title, seed, key, style or model.", member="Only the pieces of this member.")
async def starred(interaction: Interaction, search: Words | None = None, member: discord.User | None = None) -> None:
    """List the server's starred pieces."""
    await _list(interaction, Search(Scope.STARRED, member.id if member else 0, as_words(search)))


async def _list(interaction: Interaction, search: Search) -> None:
    await acknowledge(interaction, private=True)
    await answer(interaction, await _page(interaction, search, 1))


async def _turn(interaction: Interaction, page: int, query: str) -> None:
    """Show another page of a search.

    Raises:
        OutdatedForm: the button comes from another version.
    """
    try:
        search = Search.of(query)
    except ValueError as error:
        raise OutdatedForm("button", "Use `/library` again.") from error
    await update_silently(interaction)  # at once: a long library takes a moment to read
    await replace_message(interaction, await _page(interaction, search, page))


async def _page(interaction: Interaction, search: Search, page: int) -> MessageParts:
    """The page, or the last one where there are fewer by now."""
    entries = await find(interaction, search)
    page = min(max(1, page), cards.pages_of(len(entries)))
    shown = cards.page_of(entries, page)
    parents = await _parents(interaction, shown)
    card = cards.library_card(search, entries, page, parents, interaction.client.board.settings.record_ttl_s)
    first = (page - 1) * cards.PIECES_OF_A_PAGE
    return MessageParts(card=card, buttons=lambda: _view(search, shown, first, page, len(entries)))


def _view(search: Search, shown: Sequence[LibraryEntry], first: int, page: int, count: int) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for number, entry in enumerate(shown, start=first + 1):
        button = PieceButton("download", entry.record.job_id, entry.request.requester_id)
        button.item.label, button.item.row = str(number), 0
        view.add_item(button)
    for turn in page_buttons(LISTING, search.query, page, cards.pages_of(count)):
        turn.item.row = 1
        view.add_item(turn)
    return view


async def _parents(interaction: Interaction, entries: Sequence[LibraryEntry]) -> dict[str, Record]:
    """The records of the pieces that `entries` came from, where whoever asks may see them."""
    found = {}
    for parent_id in {entry.request.parent_id for entry in entries} - {None}:
        record = await interaction.client.board.record(parent_id or "")
        if record is not None and requests.may_see(interaction, record):
            found[record.job_id] = record
    return found


async def _download(interaction: Interaction, job_id: str) -> None:
    """Send the files of a piece to whoever presses.

    Raises:
        PieceGone: it is no longer kept.
    """
    await acknowledge(interaction, private=True)
    piece = await requests.piece_of(interaction, job_id)
    if piece.result is None:
        raise PieceGone
    attached, remarks = await pieces.files_of(interaction.client.board, piece.result, interaction.filesize_limit)
    if not attached:
        raise PieceGone
    await answer(interaction, MessageParts(content="\n".join(remarks) or None, attached=attached))


async def _unstar(interaction: Interaction, job_id: str) -> None:
    """Take the star from a piece: for who starred it, who asked for the piece, and admins.

    Raises:
        ServersOnly: a direct message has no stars.
        PieceGone: it is not starred, or whoever presses may not see it.
        NotYourStar: another member starred it.
    """
    if interaction.guild_id is None:
        raise ServersOnly("Stars belong")
    message_id = await acknowledge(interaction, private=True)
    star = await interaction.client.board.star(interaction.guild_id, job_id)
    piece = await requests.piece_of(interaction, job_id)
    if star is not None:
        may = interaction.user.id in (star.member_id, piece.request.requester_id) or is_admin(interaction)
        if not may:
            raise NotYourStar
    await library_requests.submit(interaction, RemoveStar(piece=job_id), message_id)


LISTINGS[LISTING] = _turn
PIECE_ACTIONS.update(
    {
        "download": ButtonAction("Download", discord.ButtonStyle.secondary, "⬇️", _download),
        "unstar": ButtonAction("Unstar", discord.ButtonStyle.secondary, None, _unstar, "Your request"),
    }
)
