"""What the bot must be allowed to do where it replies, and who may manage what belongs to a server.

Both are checked at run time: admins can change any day what the bot may, and for whom Discord shows a command.
"""

from __future__ import annotations

from collections.abc import Mapping

import discord

from bot.errors import AdminsOnly, NotAllowedHere, NotInstalled, ServersOnly

ADMINS = discord.Permissions(manage_guild=True)
NEEDED = {"attach_files": "Attach Files", "embed_links": "Embed Links"}
LASTING = NEEDED | {"view_channel": "View Channel"}  # for a message that outlives the interaction's token
UNASKED = LASTING | {"send_messages": "Send Messages"}  # for one that no interaction asked for


def check_may_reply(interaction: discord.Interaction) -> None:
    """Refuse where the result could not be shown.

    Raises:
        NotAllowedHere: a permission of `NEEDED` is lacking in the server channel of `interaction`.
    """
    if interaction.guild_id is not None:  # in direct messages nobody can take these away
        check_held(interaction.app_permissions, NEEDED)


def check_held(held: discord.Permissions, needed: Mapping[str, str], channel_id: int | None = None) -> None:
    """Refuse where one of `needed` (name to title) is lacking, here or in the channel that is named.

    Raises:
        NotAllowedHere: those that are.
    """
    missing = [title for name, title in needed.items() if not getattr(held, name)]
    if missing:
        raise NotAllowedHere(missing, channel_id)


def check_in_server(interaction: discord.Interaction) -> int:
    """The server that `interaction` comes from.

    Raises:
        ServersOnly: it is a direct message.
        NotInstalled: the bot is no member of the server; the member has installed it for themselves.
    """
    if interaction.guild_id is None:
        raise ServersOnly
    if interaction.client.get_guild(interaction.guild_id) is None:
        raise NotInstalled
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
