"""What the bot must be allowed to do where it replies; checked at run time, because admins can change it any day."""

from __future__ import annotations

import discord

from bot.errors import NotAllowedHere

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
