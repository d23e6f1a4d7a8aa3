"""The cards of data sets: all of a server, one with a page of its pieces, and what became of files that were added."""

from __future__ import annotations

from collections.abc import Sequence

import discord

from bot.cards import colours
from bot.cards.fields import MAX_VALUE, fill
from bot.cards.wording import clock, cut, duration_words, safe
from bot.seeds import size_words
from jobs.contract import Batch, DataSetPage, DataSets, DataSetSummary, ListedPiece

MAX_NAME = 60  # characters of a file's name in a list
MOST_TOLD = 8  # files of each kind that a batch's card names
MOST_COUNTED = 6  # keys and instruments named of a data set
NONE_YET = "There is none yet. `/dataset create` makes one; **Star** under a piece fills the data set `starred`."
UNSAID = "not said"
NOT_FOR_MONEY = "What is trained on it must not be used for money."


def list_card(there: DataSets) -> discord.Embed:
    """Every data set of the server."""
    card = discord.Embed(title="Data sets of this server", colour=colours.PLAIN)
    card.description = None if there.sets else NONE_YET
    rows = [(one.name, f"{_amount(one)}\nLicence: {safe(one.licence)}") for one in there.sets]
    fill(card, rows, "; `/dataset show` finds them by name")
    return card


def page_card(page: DataSetPage, picture: str | None) -> discord.Embed:
    """One data set; `picture` is the name of the attached file that the card shows."""
    card = _summary_card(page.summary, picture)
    lines = [*page.sentences, *(_line(piece) for piece in page.pieces)]
    card.description = cut("\n".join(lines) or "No piece is in it yet: `/dataset add` puts some in.", 3500)
    if page.pages > 1:
        card.set_footer(text=f"Page {page.page} of {page.pages}; the option page of /dataset show turns it.")
    return card


def batch_card(batch: Batch, picture: str | None) -> discord.Embed:
    """What became of files that were added."""
    card = _summary_card(batch.summary, picture)
    pieces = "1 piece was" if batch.accepted == 1 else f"{batch.accepted:,} pieces were"
    card.description = f"{pieces} added. `/train start data_set:{batch.summary.name}` trains a model on them."
    if not batch.accepted:
        card.description = "Nothing was added; below is why."
    for title, count, files in (
        ("Mended", batch.repaired_count, batch.repaired),
        ("Refused", batch.refused_count, batch.refused),
        ("There already", batch.duplicate_count, batch.duplicates),
    ):
        if count or files:
            card.add_field(name=f"{title}: {max(count, len(files)):,}", value=_reasons(files, count), inline=False)
    return card


def starred_words(batch: Batch) -> str:
    """What became of one piece that somebody starred."""
    name, pieces = batch.summary.name, batch.summary.pieces
    if batch.accepted:
        held = "its first piece" if pieces == 1 else f"which has {pieces:,} pieces now"
        return f"⭐ In this server's data set `{name}`, {held}. Admins can train a model on it."
    if batch.refused:
        return f"The piece could not be starred: {safe(batch.refused[0][1])}"
    return f"The piece is in this server's data set `{name}` already."


def _summary_card(summary: DataSetSummary, picture: str | None) -> discord.Embed:
    card = discord.Embed(title=f"Data set {summary.name}", colour=colours.PLAIN)
    card.add_field(name="In it", value=_amount(summary))
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
    pieces = "1 piece" if summary.pieces == 1 else f"{summary.pieces:,} pieces"
    length = duration_words(summary.minutes * 60)
    return f"{pieces} · {summary.notes:,} notes · {length} · {size_words(summary.size)}"


def _counted(counted: Sequence[tuple[str, int]]) -> str:
    words = [f"{safe(name)} {count:,}" for name, count in counted[:MOST_COUNTED]]
    return cut(", ".join(words) + (" …" if len(counted) > MOST_COUNTED else ""), MAX_VALUE)


def _line(piece: ListedPiece) -> str:
    name = safe(cut(piece.name, MAX_NAME))
    return f"`{piece.number}` {name} · {clock(piece.seconds)} · {piece.notes:,} notes · `{piece.digest[:8]}`"


def _reasons(files: Sequence[tuple[str, str]], count: int) -> str:
    lines = [f"{safe(cut(name, MAX_NAME))}: {safe(why)}" for name, why in files[:MOST_TOLD]]
    more = max(count, len(files)) - len(lines)
    lines += [f"and {more:,} more"] if more > 0 else []
    return cut("\n".join(lines), MAX_VALUE)
