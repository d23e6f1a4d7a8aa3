"""`/models`: what can compose now. `/model`: this server's models, their versions, and the buttons about them."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord import app_commands

from bot.buttons import ADMIN_ACTIONS, ButtonAction
from bot.context import Interaction
from bot.errors import SharedModel
from bot.features import autocomplete, embeds, library_requests
from bot.features.datasets import uploads
from bot.features.embeds import fill
from bot.features.names import as_name, as_version
from bot.features.training import requests as trainings
from bot.limits import cut
from bot.message import MessageParts
from bot.permissions import check_admin, check_in_server
from bot.replies import acknowledge, answer
from bot.submission import available_models
from bot.wording import safe
from jobs.admission import validated
from jobs.contract import (
    Action,
    DeleteModel,
    ExportModel,
    ImportModel,
    ListModels,
    ModelInfo,
    PromoteModel,
    RenameModel,
    RollBackModel,
    ShowModel,
)

Name = app_commands.Range[str, 1, 32]
Version = app_commands.Range[str, 1, 20]

command = app_commands.Group(name="model", description="The models of this server.", guild_only=True)


async def _look(interaction: Interaction, action: Action) -> None:
    """Show something to any member."""
    check_in_server(interaction)
    await library_requests.submit(interaction, action, await acknowledge(interaction, private=True))


@command.command(name="list", description="List this server's models and their versions.")
async def list_(interaction: Interaction) -> None:
    """List them, for any member."""
    await _look(interaction, ListModels())


@command.command(name="info", description="Show a model: training data, licence, figures, versions.")
@app_commands.describe(name="The model.")
async def info(interaction: Interaction, name: Name) -> None:
    """Show it, to any member."""
    await _look(interaction, ShowModel(name=as_name(name)))


@command.command(name="use", description="Choose the default model of this server.")
@app_commands.describe(name="The model. Leave it out to let the bot choose.")
async def use(interaction: Interaction, name: Name | None = None) -> None:
    """Save the choice; no worker is needed for that.

    Raises:
        UnknownModel, NoWorker: it cannot compose here now.
    """
    guild_id = check_admin(interaction)
    await acknowledge(interaction, private=True)
    wanted = None if name is None else as_name(name)
    if wanted is not None:
        await trainings.served(interaction, wanted)
    await interaction.client.board.prefer(guild_id, wanted)
    said = f"`{wanted}` is now the default model here. `/model use` without a name lets me choose again."
    if wanted is None:
        said = "From now on I choose the model that fits best."
    await answer(interaction, said)


@command.command(name="rename", description="Give a model of this server another name.")
@app_commands.describe(name="The model.", new_name="Lowercase letters, digits, - and _, such as our-waltzes.")
async def rename(interaction: Interaction, name: Name, new_name: Name) -> None:
    """Rename it."""
    await library_requests.ask(interaction, RenameModel(name=as_name(name), new_name=as_name(new_name)))


@command.command(name="promote", description="Use a version of a model.")
@app_commands.describe(name="The model.", version="The version. Default: the newest that was never used.")
async def promote(interaction: Interaction, name: Name, version: Version | None = None) -> None:
    """Use it; the admin is asked first about one that copies its data set."""
    await library_requests.ask(interaction, PromoteModel(name=as_name(name), version=as_version(version)))


@command.command(name="rollback", description="Go back to the version of a model that was used before.")
@app_commands.describe(name="The model.")
async def rollback(interaction: Interaction, name: Name) -> None:
    """Go back."""
    await library_requests.ask(interaction, RollBackModel(name=as_name(name)))


@command.command(name="delete", description="Delete a model of this server, or one version of it, for good.")
@app_commands.describe(name="The model. You are asked to confirm.", version="Only this version. Default: all.")
async def delete(interaction: Interaction, name: Name, version: Version | None = None) -> None:
    """Delete it, once the admin has confirmed it."""
    check_admin(interaction)
    wanted, which = as_name(name), as_version(version)
    await _refuse_shared(interaction, wanted, "deleted")
    await library_requests.ask(interaction, DeleteModel(name=wanted, version=which))


async def _refuse_shared(interaction: Interaction, name: str, what: str) -> None:
    """Refuse at once to change a model that comes with the bot; a server's own model may have the same name.

    Raises:
        SharedModel: it is one.
    """
    served = await interaction.client.board.models(interaction.guild_id)
    if any(model.name == name and model.guild_id is None for model in served):
        own = await interaction.client.board.names(interaction.guild_id or 0, "models")
        if name not in own:
            raise SharedModel(name, what)


@command.command(name="export", description="Download a model.")
@app_commands.describe(name="The model.", version="The version. Default: the one in use.")
async def export(interaction: Interaction, name: Name, version: Version | None = None) -> None:
    """Pack it."""
    await library_requests.ask(interaction, ExportModel(name=as_name(name), version=as_version(version)))


@command.command(name="import", description="Import an exported model.")
@app_commands.describe(name="Its name on this server.", file1="The .zip, or one of its parts.")
async def import_(  # noqa: PLR0913 - these are the command's options
    interaction: Interaction,
    name: Name,
    file1: discord.Attachment,
    file2: discord.Attachment | None = None,
    file3: discord.Attachment | None = None,
    file4: discord.Attachment | None = None,
    file5: discord.Attachment | None = None,
    file6: discord.Attachment | None = None,
    file7: discord.Attachment | None = None,
    file8: discord.Attachment | None = None,
    file9: discord.Attachment | None = None,
    file10: discord.Attachment | None = None,
) -> None:
    """Read the files at once, for their addresses expire; the worker checks what is in them."""
    message_id = await library_requests.acknowledge(interaction)
    wanted = as_name(name)
    files = (file1, file2, file3, file4, file5, file6, file7, file8, file9, file10)
    kept = await uploads.keep_archive(interaction, [file for file in files if file is not None])
    await library_requests.submit(interaction, validated(ImportModel, {"name": wanted, "files": kept}), message_id)


rename.autocomplete("name")(autocomplete.own_models)
promote.autocomplete("name")(autocomplete.own_models)
rollback.autocomplete("name")(autocomplete.own_models)
delete.autocomplete("name")(autocomplete.own_models)
info.autocomplete("name")(autocomplete.all_models)
export.autocomplete("name")(autocomplete.all_models)
use.autocomplete("name")(autocomplete.live_models)


MOST_DESCRIBED = 300  # characters of a model's description or licence
MOST_STYLES = 12  # shown of a model; Discord suggests the others as they are typed


@app_commands.command(name="models", description="See which models are available.")
@app_commands.describe(page="Page of the list. Default: 1.")
async def models_command(interaction: Interaction, page: app_commands.Range[int, 1, 100] = 1) -> None:
    """Ask the registry of workers; a server's own models are shown on that server only.

    Raises:
        NoWorker: nobody is there to compose.
    """
    await acknowledge(interaction, private=True)
    models = await available_models(interaction)
    await answer(interaction, MessageParts(card=models_card(models, page)))


def models_card(models: Sequence[ModelInfo], page: int = 1) -> discord.Embed:
    """The available models, the default first; with many, a page of them."""
    card = discord.Embed(title="Available models", colour=embeds.PLAIN)
    fill(card, [(_model_name(model), _about(model)) for model in models], "; choose another with the option page", page)
    return card


def _model_name(model: ModelInfo) -> str:
    return f"{model.name} {safe(model.version)}{' · default' if model.default else ''}"


def _about(model: ModelInfo) -> str:
    """What the model says of itself, which strangers may have written, and what it can do."""
    described = [model.title, cut(model.description, MOST_DESCRIBED)]
    lines = [safe(text) for text in described if text]
    lines += [f"Licence: {safe(cut(model.licence, MOST_DESCRIBED))}"] if model.licence else []
    return "\n".join([*lines, *_abilities(model)])


def _abilities(model: ModelInfo) -> list[str]:
    lines = [f"Seed modes: {', '.join(model.modes)}"]
    if model.controls:
        lines.append(f"Options: {', '.join(name.removesuffix('_bpm') for name in model.controls)}")
    if model.styles:
        more = f" and {len(model.styles) - MOST_STYLES} more" if len(model.styles) > MOST_STYLES else ""
        lines.append(f"Styles: {safe(', '.join(model.styles[:MOST_STYLES]))}{more}")
    lines.append("Plays to a beat, with bars" if model.has_beat else "Plays in free time, without bars")
    return lines


REQUEST = "Your request"


async def _promote(interaction: Interaction, subject: str) -> None:
    """Use the version in `subject`, 'name:version', from now on; the admin is asked first about one that copies."""
    name, _, version = subject.partition(":")
    await library_requests.ask(interaction, validated(PromoteModel, {"name": name, "version": version or None}))


async def _roll_back(interaction: Interaction, subject: str) -> None:
    """Use the version of the model `subject` that was used before."""
    await library_requests.ask(interaction, validated(RollBackModel, {"name": subject}))


async def _discard(interaction: Interaction, subject: str) -> None:
    """Delete a version, once the admin has confirmed it."""
    name, _, version = subject.partition(":")
    await library_requests.ask(interaction, validated(DeleteModel, {"name": name, "version": version or None}))


async def _erase_model(interaction: Interaction, subject: str) -> None:
    """Delete the model in `subject`, 'name:version' or 'name' for all versions: a question of older messages."""
    name, _, version = subject.partition(":")
    await library_requests.ask(
        interaction, validated(DeleteModel, {"name": name, "version": version or None, "confirmed": True})
    )


ADMIN_ACTIONS.update(
    {
        "promote": ButtonAction("Promote", discord.ButtonStyle.success, "⬆️", _promote, REQUEST),
        "rollback": ButtonAction("Roll back", discord.ButtonStyle.secondary, "↩️", _roll_back, REQUEST),
        "discard": ButtonAction("Discard", discord.ButtonStyle.danger, "🗑️", _discard, REQUEST),
        "erase_model": ButtonAction("Delete for good", discord.ButtonStyle.danger, None, _erase_model, REQUEST),
    }
)
