"""Add to data set, in the menu of a message: its attached files go into a data set. For admins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import app_commands

from bot.context import Interaction, OpenForms
from bot.errors import BadUpload, Contradiction, answer
from bot.features import library_requests
from bot.features.datasets import uploads
from bot.features.datasets.cards import LICENCES
from bot.features.names import as_name
from bot.limits import select_options
from bot.permissions import ADMINS, check_admin
from jobs.admission import validated
from jobs.contract import MOST_FILES, AddToDataSet

MOST_SETS = 24  # a list holds 25, and one is for a new data set
NEW = " new"  # no name begins with a space
LIMIT_S = 900.0  # an open form is forgotten after this


class AddForm(discord.ui.Modal):
    """Which data set, or the name and licence of a new one."""

    def __init__(self, open_forms: OpenForms, attachments: Sequence[discord.Attachment], sets: Sequence[str]) -> None:
        super().__init__(title="Add to data set", timeout=LIMIT_S, custom_id=open_forms.new_id("add"))
        self._open_forms = open_forms
        self._attachments = attachments
        options = select_options(((name, name) for name in sets), MOST_SETS)
        options.append(discord.SelectOption(label="New data set", value=NEW, default=not sets))
        self._chosen: discord.ui.Select[Any] = discord.ui.Select(custom_id="set", options=options)
        self._name: discord.ui.TextInput[Any] = discord.ui.TextInput(custom_id="name", required=False, max_length=32)
        licences = [discord.SelectOption(label=words, value=word) for word, words in LICENCES.items()]
        self._licence: discord.ui.Select[Any] = discord.ui.Select(custom_id="licence", options=licences, required=False)
        self.add_item(discord.ui.Label(text="Data set", component=self._chosen))
        self.add_item(discord.ui.Label(text="Name of the new data set", component=self._name))
        self.add_item(discord.ui.Label(text="Licence of the new data set", component=self._licence))

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """Read the files at once, for their addresses expire; the worker checks what is in them."""
        message_id = await library_requests.acknowledge(interaction)
        chosen = self._chosen.values[0]
        fields: dict[str, Any] = {"name": chosen, "source": "message"}
        if chosen == NEW:
            fields = {
                "name": as_name(self._name.value or " "),
                "source": "message",
                "create_as": self._wanted_licence(),
            }
        kept = await uploads.keep_music(interaction, self._attachments)
        fields |= {"files": kept.files, "left_out": kept.left_out}
        await library_requests.submit(interaction, validated(AddToDataSet, fields), message_id)

    def _wanted_licence(self) -> str:
        if not self._licence.values:
            raise Contradiction("A new data set needs a licence. Open the form again and choose one.")
        return self._licence.values[0]

    async def on_timeout(self) -> None:
        """Forget the form; whoever sends it after all is told to open it again."""
        self._open_forms.close(self.custom_id)

    async def on_error(self, interaction: discord.Interaction[Any], error: Exception, /) -> None:  # type: ignore[override]
        """Hand every error to `bot.errors`."""
        await answer(interaction, error)


async def _open_form(interaction: Interaction, message: discord.Message) -> None:
    """Ask for the data set.

    Raises:
        BadUpload: nothing that could go into one is attached to the message.
    """
    guild_id = check_admin(interaction)
    attachments = uploads.musical(message.attachments)[:MOST_FILES]
    if not attachments:
        raise BadUpload("This message has no MIDI file and no `.zip` attached. Choose one that has.")
    sets = await interaction.client.board.names(guild_id, "data_sets")
    await interaction.response.send_modal(AddForm(interaction.client.forms, attachments, sets))


command = app_commands.ContextMenu(name="Add to data set", callback=_open_form)
command.guild_only = True
command.default_permissions = ADMINS
