"""Answers to an interaction: acknowledge it, answer it, or refuse it so that only the member sees why.

Used by commands, buttons and the error handler; the results of jobs are sent by `bot.delivery`.
"""

from __future__ import annotations

import logging
from typing import Any

import discord

from bot import metrics
from bot.message import WAITING, MessageParts

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION, ALREADY_ACKNOWLEDGED = 10062, 40060
PRIVATE = "cadenza_private"  # in `Interaction.extras`: whether the deferred reply is seen by the member only


async def acknowledge(interaction: discord.Interaction[Any], private: bool) -> int:
    """Tell Discord within its 3 seconds that a reply follows, seen by all or `private`; the reply's message id.

    Who sees the reply is fixed by this and cannot be changed later. An interaction that is acknowledged already, by an
    earlier try whose answer was lost or by a bot that just ended, is carried on with: its job has one id.
    """
    interaction.extras[PRIVATE] = private
    try:
        callback = await interaction.response.defer(ephemeral=private, thinking=True)
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
        log.info("interaction %s was acknowledged before", interaction.id)
    else:
        metrics.acknowledged(interaction)
        if callback is not None and callback.message_id is not None:
            return callback.message_id
    return (await interaction.original_response()).id


async def update_silently(interaction: discord.Interaction[Any]) -> None:
    """Acknowledge the press of a button whose message stays as it is."""
    try:
        await interaction.response.defer()
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise


async def answer(interaction: discord.Interaction[Any], parts: MessageParts | str) -> None:
    """Answer with `parts` or a sentence: in the deferred reply where there is one, else seen by the member only."""
    parts = MessageParts(content=parts) if isinstance(parts, str) else parts
    if not interaction.response.is_done():
        if await _first(interaction, parts):
            return
    elif interaction.response.type is not discord.InteractionResponseType.deferred_channel_message:
        await interaction.followup.send(**parts.for_send(), ephemeral=True)  # the message under a button stays
        return
    await interaction.edit_original_response(**parts.for_edit(parts.files()))


async def refuse(interaction: discord.Interaction[Any], words: str) -> None:
    """Tell only the member why their request was not taken; a reply that others see is taken away."""
    parts = MessageParts(content=words)
    is_deferred = interaction.response.type is discord.InteractionResponseType.deferred_channel_message
    if is_deferred and not interaction.extras.get(PRIVATE, True):
        await interaction.edit_original_response(**WAITING.for_edit([]))  # a follow-up would take its place otherwise
        await interaction.followup.send(**parts.for_send(), ephemeral=True)
        await interaction.delete_original_response()
    else:
        await answer(interaction, parts)


async def replace_message(interaction: discord.Interaction[Any], parts: MessageParts) -> None:
    """Answer the press of a button by changing the text, embed and buttons of its message; its files stay."""
    fields = parts.for_edit()
    if not interaction.response.is_done():
        try:
            await interaction.response.edit_message(**fields)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
        else:
            return
    await interaction.edit_original_response(**fields)


async def _first(interaction: discord.Interaction[Any], parts: MessageParts) -> bool:
    """Send the first answer; False where the interaction turns out to be acknowledged."""
    fields = parts.for_send()
    if not fields["files"]:
        fields["files"] = discord.utils.MISSING
    try:
        await interaction.response.send_message(**fields, ephemeral=True)
    except discord.HTTPException as error:
        if error.code != ALREADY_ACKNOWLEDGED:
            raise
        log.info("interaction %s was acknowledged before", interaction.id)
        return False
    return True
