"""What the bot must be allowed to do where it replies, and who may manage what belongs to a server.

Both are checked at run time: admins can change any day what the bot may, and for whom Discord shows a command.
"""

from __future__ import annotations

import discord

from bot.errors import AdminsOnly, NotAllowedHere, ServersOnly

ADMINS = discord.Permissions(manage_guild=True)
NEEDED = {"attach_files": "Attach Files", "embed_links": "Embed Links"}


def check_may_reply(interaction: discord.Interaction) -> None:
    """Refuse where the result could not be shown.

    Raises:
        NotAllowedHere: a permission of `NEEDED` is lacking in the server channel of `interaction`.
    """
    if interaction.guild_id is None:  # in direct messages nobody can take these away
        return
    missing = [title for name, title in NEEDED.items() if not getattr(interaction.app_permissions, name)]
    if missing:
        raise NotAllowedHere(missing)


def check_in_server(interaction: discord.Interaction) -> int:
    """The server that `interaction` comes from.

    Raises:
        ServersOnly: it is a direct message.
    """
    if interaction.guild_id is None:
        raise ServersOnly
    return interaction.guild_id


def is_admin(interaction: discord.Interaction) -> bool:
    """Whether whoever asks may manage the server."""
    return interaction.guild_id is not None and interaction.permissions.manage_guild


def check_admin(interaction: discord.Interaction) -> int:
    """The server that `interaction` comes from, for somebody who may manage it.

    Raises:
        ServersOnly: it is a direct message.
        AdminsOnly: they may not.
    """
    guild_id = check_in_server(interaction)
    if not is_admin(interaction):
        raise AdminsOnly
    return guild_id
