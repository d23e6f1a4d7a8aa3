"""Which pieces `/library` lists: those of a scope that match a member and words, and that whoever asks may see.

A search is written into the ids of the page's buttons, so that they work after a restart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.context import Interaction
from bot.features.compose import cards as pieces
from bot.features.compose import requests
from bot.permissions import check_in_server
from bot.wording import plain
from jobs.contract import ComposeRequest, ComposeResult, Record

LONGEST_WORDS = 40  # characters, so that a button's id holds them


class Scope(StrEnum):
    """Whose pieces are listed."""

    MINE = "mine"
    SERVER = "server"
    STARRED = "starred"


@dataclass(frozen=True)
class Search:
    """What is looked for; `member_id` 0 stands for anybody."""

    scope: Scope
    member_id: int = 0
    words: str = ""

    @property
    def query(self) -> str:
        """The search as it stands in a button's id."""
        return f"{self.scope.value}:{self.member_id}:{self.words}"

    @classmethod
    def of(cls, query: str) -> Search:
        """The search that `query` stands for.

        Raises:
            ValueError: it stands for none.
        """
        scope, member_id, words = query.split(":", 2)
        return cls(Scope(scope), int(member_id), words)

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves anything out of its scope."""
        return bool(self.member_id or self.words)


@dataclass(frozen=True)
class LibraryEntry:
    """One piece as it is listed; `starred_by` is the member who starred it, where that is known."""

    record: Record
    request: ComposeRequest
    result: ComposeResult
    starred_by: int | None = None


def as_words(text: str | None) -> str:
    """What a member types to search for, on one line and not too long."""
    return plain(text or "")[:LONGEST_WORDS].strip()


async def find(interaction: Interaction, search: Search) -> list[LibraryEntry]:
    """The pieces that `search` means and whoever asks may see, the newest first.

    Raises:
        ServersOnly: a server's pieces are asked for in a direct message.
        QueueUnreachable: Redis does not answer.
    """
    board = interaction.client.board
    if search.scope is Scope.MINE:
        entries = _entries(await board.pieces_of_member(interaction.user.id))
    elif search.scope is Scope.SERVER:
        entries = _entries(await board.pieces_of_server(check_in_server(interaction)))
    else:
        starred = await board.starred_pieces(check_in_server(interaction))
        by_piece = {star.piece: star.member_id for star, _ in starred}
        entries = _entries([record for _, record in starred], by_piece)
    return [one for one in entries if _matches(one, search) and requests.may_see(interaction, one.record)]


def _entries(records: Sequence[Record], starred_by: dict[str, int] | None = None) -> list[LibraryEntry]:
    by = starred_by or {}
    return [
        LibraryEntry(record, record.request, record.result, by.get(record.job_id))
        for record in records
        if isinstance(record.request, ComposeRequest) and isinstance(record.result, ComposeResult)
    ]


def _matches(entry: LibraryEntry, search: Search) -> bool:
    if search.member_id and entry.request.requester_id != search.member_id:
        return False
    named = search_text(entry).casefold()
    return all(word in named for word in search.words.casefold().split())


def search_text(entry: LibraryEntry) -> str:
    """What the words of a search are looked for in: the title, the seed's name, the model and what was asked for."""
    request, result = entry.request, entry.result
    asked = " ".join(str(value) for value in {**request.asked, **result.controls.asked}.values())
    seed = request.seed.name if request.seed else ""
    return " ".join([title(entry), seed, result.model, asked])


def title(entry: LibraryEntry) -> str:
    """What the piece is called in lists."""
    return pieces.titled(entry.request, entry.result)
