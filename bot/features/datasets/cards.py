"""The cards of data sets: all of a server, one with a page of its pieces, and what became of files that were added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord
from discord import app_commands

from bot.features import embeds
from bot.features.embeds import MAX_VALUE, fill
from bot.limits import cut
from bot.wording import clock, duration_words, harmless, plural, safe, size_words
from jobs.contract import Batch, DataSetPage, DataSets, DataSetSummary, LicenceWord, ListedPiece

Pairs = Sequence[tuple[str, str]]  # a file's name, and what is said of it

MAX_NAME = 60  # characters of a file's name in a list
MOST_TOLD = 8  # files of each kind that a batch's card names
MOST_COUNTED = 6  # keys and instruments named of a data set
NONE_YET = "No data sets yet. Create one with `/dataset create`, or press **Star** under a piece you like."
UNSAID = "not stated"
NOTHING_FOUND = "Nothing was added: there are no MIDI files in it."
NOT_FOR_MONEY = "Models trained on it may not be used commercially."


def list_card(there: DataSets, page: int = 1) -> discord.Embed:
    """The data sets of the server; with many, a page of them."""
    card = discord.Embed(title="Data sets of this server", colour=embeds.PLAIN)
    card.description = None if there.sets else NONE_YET
    fill(card, _rows(there), "; /dataset show opens one by its name", page)
    return card


def list_pages(there: DataSets) -> int:
    """How many pages the list of data sets has."""
    return len(embeds.pages_of(_rows(there)))


def _rows(there: DataSets) -> list[tuple[str, str]]:
    return [(one.name, f"{_amount(one)}\nLicence: {safe(one.licence)}") for one in there.sets]


def page_card(page: DataSetPage, picture: str | None) -> discord.Embed:
    """One data set; `picture` is the name of the attached file that the card shows."""
    card = _summary_card(page.summary, picture)
    lines = [*(harmless(said) for said in page.sentences), *(_line(piece) for piece in page.pieces)]
    card.description = cut("\n".join(lines) or "It is empty. Add MIDI files with `/dataset add`.", 3500)
    if page.pages > 1:
        card.set_footer(text=f"Page {page.page} of {page.pages}")
    return card


def batch_card(batch: Batch, picture: str | None, left_out: Pairs = ()) -> discord.Embed:
    """What happened to files that were added; `left_out` are those that the bot did not pass on, and why."""
    card = _summary_card(batch.summary, picture)
    refused, refused_count = (*left_out, *batch.refused), len(left_out) + max(batch.refused_count, len(batch.refused))
    card.description = f"Added {plural(batch.accepted, 'piece')}. Train a model with `/train start`."
    if not batch.accepted:
        card.description = "Nothing was added." if refused_count or batch.duplicate_count else NOTHING_FOUND
    for title, count, files in (
        ("Repaired", batch.repaired_count, batch.repaired),
        ("Refused", refused_count, refused),
        ("Already there", batch.duplicate_count, batch.duplicates),
    ):
        if count or files:
            card.add_field(name=f"{title}: {max(count, len(files)):,}", value=_reasons(files, count), inline=False)
    return card


def starred_words(batch: Batch) -> str:
    """What became of one piece that somebody starred."""
    name, pieces = batch.summary.name, batch.summary.pieces
    if batch.accepted:
        return f"⭐ Added to this server's data set `{name}`, which now has {plural(pieces, 'piece')}."
    if batch.refused:
        return f"The piece couldn't be starred: {harmless(batch.refused[0][1])}"
    return f"The piece is already in this server's data set `{name}`."


def _summary_card(summary: DataSetSummary, picture: str | None) -> discord.Embed:
    card = discord.Embed(title=f"Data set {summary.name}", colour=embeds.PLAIN)
    card.add_field(name="Contents", value=_amount(summary))
    for title, counted in (("Instruments", summary.instruments), ("Keys", summary.keys)):
        if counted:
            card.add_field(name=title, value=_counted(counted))
    limits = f"\n{NOT_FOR_MONEY}" if summary.non_commercial else ""
    card.add_field(
        name="Licence", value=cut(f"{safe(cut(summary.licence, 300)) or UNSAID}{limits}", MAX_VALUE), inline=False
    )
    if picture:
        card.set_image(url=f"attachment://{picture}")
    return card


def _amount(summary: DataSetSummary) -> str:
    if not summary.pieces:
        return "empty"
    length = duration_words(summary.minutes * 60)
    parts = [plural(summary.pieces, "piece"), plural(summary.notes, "note"), length, size_words(summary.size)]
    return " · ".join(parts)


def _counted(counted: Sequence[tuple[str, int]]) -> str:
    words = [f"{safe(name)} {count:,}" for name, count in counted[:MOST_COUNTED]]
    return cut(", ".join(words) + (" …" if len(counted) > MOST_COUNTED else ""), MAX_VALUE)


def _line(piece: ListedPiece) -> str:
    name = safe(cut(piece.name, MAX_NAME))
    return f"`{piece.number}` {name} · {clock(piece.seconds)} · {plural(piece.notes, 'note')} · `{piece.digest[:8]}`"


def _reasons(files: Pairs, count: int) -> str:
    lines = [f"{safe(cut(name, MAX_NAME))}: {harmless(why)}" for name, why in files[:MOST_TOLD]]
    more = max(count, len(files)) - len(lines)
    lines += [f"and {more:,} more"] if more > 0 else []
    return cut("\n".join(lines), MAX_VALUE)


LICENCES: Mapping[LicenceWord, str] = {  # at most 100 characters, Discord's limit
    "own-work": "Our own: we wrote or played it ourselves",
    "permission": "With permission of its author",
    "public-domain": "Public domain: no longer protected, such as the old masters",
    "cc0": "CC0: free for any use",
    "cc-by": "CC BY: any use, with credit",
    "cc-by-sa": "CC BY-SA: any use, with credit, under the same licence",
    "cc-by-nc": "CC BY-NC: non-commercial use, with credit",
    "cc-by-nc-sa": "CC BY-NC-SA: non-commercial use, with credit, under the same licence",
    "composed": "Composed by this bot",
}
CHOICES = [app_commands.Choice(name=words, value=str(word)) for word, words in LICENCES.items()]
