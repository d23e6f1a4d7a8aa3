"""`/dataset`: the collections of MIDI files that a server's models learn from. For admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands

from bot import errands, suggestions, uploads
from bot.buttons.admin_button import ask_first
from bot.errors import Contradiction
from bot.licences import CHOICES
from bot.names import as_name, as_pieces
from bot.permissions import ADMINS, check_may_reply
from jobs.contract import (
    AddToDataSet,
    CreateDataSet,
    ExportDataSet,
    ListDataSets,
    RemoveFromDataSet,
    ShowDataSet,
)

if TYPE_CHECKING:
    from bot.client import Cadenza

Name = app_commands.Range[str, 1, 32]
Text = app_commands.Range[str, 1, 1000]
Note = app_commands.Range[str, 1, 200]
Page = app_commands.Range[int, 1, 1000]

command = app_commands.Group(
    name="dataset",
    description="The music that this server's models learn from.",
    guild_only=True,
    default_permissions=ADMINS,
)


@command.command(name="create", description="Make a new, empty data set.")
@app_commands.describe(
    name="Small letters, digits, - and _, such as our-waltzes.",
    licence="On what terms you have the music; a model trained on it carries them on.",
    note="Where it is from, whom to name, who allowed it.",
)
@app_commands.choices(licence=CHOICES)
async def create(interaction: discord.Interaction[Cadenza], name: Name, licence: str, note: Note | None = None) -> None:
    """Have it made."""
    fields: dict[str, Any] = {"name": as_name(name), "licence": licence, "note": note or ""}
    await errands.ask(interaction, CreateDataSet.model_validate(fields))


@command.command(name="add", description="Add MIDI files, archives of them, or another data set.")
@app_commands.describe(
    name="The data set to add to.",
    file1="A MIDI file (.mid), or a .zip of many.",
    from_set="Add all pieces of this other data set.",
)
@app_commands.rename(from_set="from")
async def add(  # noqa: PLR0913 - these are the command's options
    interaction: discord.Interaction[Cadenza],
    name: Name,
    file1: discord.Attachment | None = None,
    file2: discord.Attachment | None = None,
    file3: discord.Attachment | None = None,
    file4: discord.Attachment | None = None,
    file5: discord.Attachment | None = None,
    from_set: Name | None = None,
) -> None:
    """Read the files at once, for their addresses expire; the worker judges what is in them."""
    message_id = await errands.acknowledge(interaction)
    check_may_reply(interaction)
    given = [file for file in (file1, file2, file3, file4, file5) if file is not None]
    if not given and from_set is None:
        raise Contradiction("There is nothing to add: attach `.mid` or `.zip` files, or name another data set.")
    wanted = as_name(name)
    other = None if from_set is None else as_name(from_set)
    files = await uploads.keep_music(interaction, given)
    await errands.submit(interaction, AddToDataSet(name=wanted, files=files, from_set=other), message_id)


@command.command(name="list", description="Which data sets this server has.")
async def list_(interaction: discord.Interaction[Cadenza]) -> None:
    """Have them listed."""
    await errands.ask(interaction, ListDataSets())


@command.command(name="show", description="One data set: figures, a picture, its pieces.")
@app_commands.describe(name="Which one.", page="Which page of its pieces (the first if not given).")
async def show(interaction: discord.Interaction[Cadenza], name: Name, page: Page = 1) -> None:
    """Have it shown."""
    await errands.ask(interaction, ShowDataSet(name=as_name(name), page=page))


@command.command(name="remove", description="Take pieces out of a data set.")
@app_commands.describe(name="Which one.", pieces="Numbers, names or hashes as `/dataset show` lists them: 3, 7-9")
async def remove(interaction: discord.Interaction[Cadenza], name: Name, pieces: Text) -> None:
    """Have them taken out."""
    await errands.ask(interaction, RemoveFromDataSet(name=as_name(name), pieces=as_pieces(pieces)))


@command.command(name="delete", description="Delete a data set for good.")
@app_commands.describe(name="Which one; you are asked again.")
async def delete(interaction: discord.Interaction[Cadenza], name: Name) -> None:
    """Ask first; the button does it."""
    wanted = as_name(name)
    await ask_first(interaction, f"Delete the data set `{wanted}` with all its pieces?", "erase_set", wanted)


@command.command(name="export", description="Have a data set as an archive.")
@app_commands.describe(name="Which one.")
async def export(interaction: discord.Interaction[Cadenza], name: Name) -> None:
    """Have it packed."""
    await errands.ask(interaction, ExportDataSet(name=as_name(name)))


add.autocomplete("name")(suggestions.data_sets)
show.autocomplete("name")(suggestions.data_sets)
remove.autocomplete("name")(suggestions.data_sets)
delete.autocomplete("name")(suggestions.data_sets)
export.autocomplete("name")(suggestions.data_sets)
add.autocomplete("from_set")(suggestions.data_sets)
