"""The welcome: a message in the system channel of a server that the bot has just joined, if it may speak there."""

from __future__ import annotations

import logging

import discord

from bot.features import embeds
from bot.limits import fit_embed

log = logging.getLogger(__name__)

NEEDED = discord.Permissions(view_channel=True, send_messages=True, embed_links=True)


def welcome_card() -> discord.Embed:
    """What a member and an admin can do first."""
    card = discord.Embed(
        title="Hello, I'm Cadenza. I compose music.",
        description="Type `/compose` and get a new piece as MIDI, audio and a picture.",
        colour=embeds.PLAIN,
    )
    card.add_field(
        name="With your own music",
        value="Attach a MIDI file to `/compose`, or use *Continue*, *Vary*, *Accompany* and *Describe* in the menu of "
        "any message with one, under Apps.",
        inline=False,
    )
    card.add_field(
        name="For admins",
        value="Collect MIDI files with `/dataset`, train this server's own model with `/train`, choose the default "
        "with `/model use`. Where I may be used is set in Server Settings, Integrations.",
        inline=False,
    )
    card.add_field(name="More", value="`/help` lists everything. `/privacy` says what is kept.", inline=False)
    return card


async def greet(guild: discord.Guild) -> bool:
    """Send the welcome to the system channel of `guild`; False where there is none, or the bot may not speak there."""
    channel = guild.system_channel
    if channel is None or not channel.permissions_for(guild.me).is_superset(NEEDED):
        log.info("server %d: no welcome, there is no system channel to speak in", guild.id)
        return False
    try:
        await channel.send(embed=fit_embed(welcome_card()), allowed_mentions=discord.AllowedMentions.none())
    except discord.HTTPException as error:
        log.warning("server %d: the welcome was not taken: %s", guild.id, error)
        return False
    return True
