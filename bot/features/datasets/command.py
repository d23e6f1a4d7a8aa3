"""`/dataset`: the collections of MIDI files that a server's models are trained on. For admins."""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands

from bot.context import Interaction
from bot.errors import Contradiction
from bot.features import autocomplete, library_requests
from bot.features.datasets import uploads
from bot.features.datasets.cards import CHOICES
from bot.features.names import as_name, as_pieces
from bot.permissions import ADMINS, check_may_reply
from jobs.admission import validated
from jobs.contract import (
    AddToDataSet,
    CreateDataSet,
    DeleteDataSet,
    ExportDataSet,
    ListDataSets,
    RemoveFromDataSet,
    ShowDataSet,
)

Name = app_commands.Range[str, 1, 32]
Text = app_commands.Range[str, 1, 1000]
Note = app_commands.Range[str, 1, 200]
Page = app_commands.Range[int, 1, 1000]

command = app_commands.Group(
    name="dataset",
    description="The music that this server's models are trained on.",
    guild_only=True,
    default_permissions=ADMINS,
)


@command.command(name="create", description="Create an empty data set.")
@app_commands.describe(
    name="Lowercase letters, digits, - and _, such as our-waltzes.",
    licence="The terms of the music; a model trained on it inherits them.",
    note="Where it comes from, whom to credit, who gave permission.",
)
@app_commands.choices(licence=CHOICES)
async def create(interaction: Interaction, name: Name, licence: str, note: Note | None = None) -> None:
    """Create it."""
    fields: dict[str, Any] = {"name": as_name(name), "licence": licence, "note": note or ""}
    await library_requests.ask(interaction, validated(CreateDataSet, fields))


@command.command(name="add", description="Add MIDI files, archives of them, or another data set.")
@app_commands.describe(
    name="The data set to add to.",
    file1="A MIDI file (.mid), a .zip of many, or a part of an exported data set.",
    from_set="Add all pieces of this other data set.",
)
@app_commands.rename(from_set="from")
async def add(  # noqa: PLR0913 - these are the command's options
    interaction: Interaction,
    name: Name,
    file1: discord.Attachment | None = None,
    file2: discord.Attachment | None = None,
    file3: discord.Attachment | None = None,
    file4: discord.Attachment | None = None,
    file5: discord.Attachment | None = None,
    file6: discord.Attachment | None = None,
    file7: discord.Attachment | None = None,
    file8: discord.Attachment | None = None,
    file9: discord.Attachment | None = None,
    file10: discord.Attachment | None = None,
    from_set: Name | None = None,
) -> None:
    """Read the files at once, for their addresses expire; the worker checks what is in them."""
    message_id = await library_requests.acknowledge(interaction)
    check_may_reply(interaction)
    files = (file1, file2, file3, file4, file5, file6, file7, file8, file9, file10)
    given = [file for file in files if file is not None]
    if not given and from_set is None:
        raise Contradiction("There is nothing to add. Attach `.mid` or `.zip` files, or choose another data set.")
    fields: dict[str, Any] = {"name": as_name(name), "from_set": None if from_set is None else as_name(from_set)}
    kept = await uploads.keep_music(interaction, given)
    fields |= {"files": kept.files, "left_out": kept.left_out}
    await library_requests.submit(interaction, validated(AddToDataSet, fields), message_id)


@command.command(name="list", description="List this server's data sets.")
async def list_(interaction: Interaction) -> None:
    """List them."""
    await library_requests.ask(interaction, ListDataSets())


@command.command(name="show", description="Show a data set: figures, a picture, its pieces.")
@app_commands.describe(name="The data set.", page="Page of its pieces. Default: 1.")
async def show(interaction: Interaction, name: Name, page: Page = 1) -> None:
    """Show it."""
    await library_requests.ask(interaction, validated(ShowDataSet, {"name": as_name(name), "page": page}))


@command.command(name="remove", description="Remove pieces from a data set.")
@app_commands.describe(name="The data set.", pieces="Numbers or names from /dataset show, such as: 3, 7-9")
async def remove(interaction: Interaction, name: Name, pieces: Text) -> None:
    """Remove them."""
    await library_requests.ask(
        interaction, validated(RemoveFromDataSet, {"name": as_name(name), "pieces": as_pieces(pieces)})
    )


@command.command(name="delete", description="Delete a data set for good.")
@app_commands.describe(name="The data set. You are asked to confirm.")
async def delete(interaction: Interaction, name: Name) -> None:
    """Delete it, once the admin has confirmed it."""
    await library_requests.ask(interaction, DeleteDataSet(name=as_name(name)))


@command.command(name="export", description="Download a data set.")
@app_commands.describe(name="The data set.")
async def export(interaction: Interaction, name: Name) -> None:
    """Pack it."""
    await library_requests.ask(interaction, ExportDataSet(name=as_name(name)))


add.autocomplete("name")(autocomplete.data_sets)
show.autocomplete("name")(autocomplete.data_sets)
remove.autocomplete("name")(autocomplete.data_sets)
delete.autocomplete("name")(autocomplete.data_sets)
export.autocomplete("name")(autocomplete.data_sets)
add.autocomplete("from_set")(autocomplete.data_sets)
