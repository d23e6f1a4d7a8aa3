"""`/model`: the models of a server: which version is in use, their names, copies of them. Looking is for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import errands, submission, suggestions, trainings, uploads
from bot.buttons.admin_button import ask_first
from bot.names import as_name, as_version
from bot.permissions import check_admin, check_in_server
from jobs.contract import (
    Action,
    ExportModel,
    ImportModel,
    ListModels,
    PromoteModel,
    RenameModel,
    RollBackModel,
    ShowModel,
)

if TYPE_CHECKING:
    from bot.client import Cadenza

Name = app_commands.Range[str, 1, 32]
Version = app_commands.Range[str, 1, 20]

command = app_commands.Group(name="model", description="The models of this server.", guild_only=True)


async def _look(interaction: discord.Interaction[Cadenza], action: Action) -> None:
    """Have something told to any member."""
    check_in_server(interaction)
    await errands.submit(interaction, action, await submission.acknowledge(interaction, private=True))


@command.command(name="list", description="Which models this server has, in all their versions.")
async def list_(interaction: discord.Interaction[Cadenza]) -> None:
    """Have them listed, for any member."""
    await _look(interaction, ListModels())


@command.command(name="info", description="One model: what it learnt from, its licence, its figures, its versions.")
@app_commands.describe(name="Which one.")
async def info(interaction: discord.Interaction[Cadenza], name: Name) -> None:
    """Have it told, to any member."""
    await _look(interaction, ShowModel(name=as_name(name)))


@command.command(name="use", description="Which model composes here where nobody names one.")
@app_commands.describe(name="Which one; leave it out to let the bot choose again.")
async def use(interaction: discord.Interaction[Cadenza], name: Name | None = None) -> None:
    """Note the choice; no worker is needed for that.

    Raises:
        UnknownModel, NoWorker: it cannot compose here now.
    """
    guild_id = check_admin(interaction)
    await interaction.response.defer(ephemeral=True, thinking=True)
    wanted = None if name is None else as_name(name)
    if wanted is not None:
        await trainings.served(interaction, wanted)
    await interaction.client.board.prefer(guild_id, wanted)
    said = f"From now on `{wanted}` composes here where nobody names a model. `/model use` without a name undoes it."
    if wanted is None:
        said = "From now on the model that fits the wishes best composes here where nobody names one."
    await interaction.edit_original_response(content=said)


@command.command(name="rename", description="Give a model of this server another name.")
@app_commands.describe(name="Which one.", new_name="Small letters, digits, - and _, such as our-waltzes.")
async def rename(interaction: discord.Interaction[Cadenza], name: Name, new_name: Name) -> None:
    """Have it renamed."""
    await errands.ask(interaction, RenameModel(name=as_name(name), new_name=as_name(new_name)))


@command.command(name="promote", description="Put a version of a model into use.")
@app_commands.describe(name="Which model.", version="Which version; the newest not yet used if not given.")
async def promote(interaction: discord.Interaction[Cadenza], name: Name, version: Version | None = None) -> None:
    """Have it put into use; one that copies is asked about first."""
    await errands.ask(interaction, PromoteModel(name=as_name(name), version=as_version(version)))


@command.command(name="rollback", description="Put the version of a model into use that was in use before.")
@app_commands.describe(name="Which model.")
async def rollback(interaction: discord.Interaction[Cadenza], name: Name) -> None:
    """Have it taken back."""
    await errands.ask(interaction, RollBackModel(name=as_name(name)))


@command.command(name="delete", description="Delete a model of this server, or one version of it, for good.")
@app_commands.describe(name="Which model; you are asked again.", version="Only this version; all if not given.")
async def delete(interaction: discord.Interaction[Cadenza], name: Name, version: Version | None = None) -> None:
    """Ask first; the button does it."""
    wanted, which = as_name(name), as_version(version)
    question = f"Delete the model `{wanted}` in all its versions?"
    if which is not None:
        question = f"Delete version `{which}` of the model `{wanted}`?"
    await ask_first(interaction, question, "erase_model", f"{wanted}:{which}" if which else wanted)


@command.command(name="export", description="Have a model as files, to keep or to take elsewhere.")
@app_commands.describe(name="Which model.", version="Which version; the one in use if not given.")
async def export(interaction: discord.Interaction[Cadenza], name: Name, version: Version | None = None) -> None:
    """Have it packed."""
    await errands.ask(interaction, ExportModel(name=as_name(name), version=as_version(version)))


@command.command(name="import", description="Take in a model out of what an export gave.")
@app_commands.describe(name="The name it gets here.", file1="The .zip, or one of its parts.")
async def import_(
    interaction: discord.Interaction[Cadenza],
    name: Name,
    file1: discord.Attachment,
    file2: discord.Attachment | None = None,
    file3: discord.Attachment | None = None,
    file4: discord.Attachment | None = None,
    file5: discord.Attachment | None = None,
) -> None:
    """Read the files at once, for their addresses expire; the worker judges what is in them."""
    message_id = await errands.acknowledge(interaction)
    wanted = as_name(name)
    given = [file for file in (file1, file2, file3, file4, file5) if file is not None]
    files = await uploads.keep_archive(interaction, given)
    await errands.submit(interaction, ImportModel(name=wanted, files=files), message_id)


rename.autocomplete("name")(suggestions.own_models)
promote.autocomplete("name")(suggestions.own_models)
rollback.autocomplete("name")(suggestions.own_models)
delete.autocomplete("name")(suggestions.own_models)
info.autocomplete("name")(suggestions.all_models)
export.autocomplete("name")(suggestions.all_models)
use.autocomplete("name")(suggestions.live_models)
