"""The message of a training: it goes on for hours, and so outlives the interaction's token, or never had one.

As long as the token lasts, the interaction's reply is edited; after that the same message, by the bot's own right in
the channel. A training that nobody asked for by a command gets a message of its own there first.
"""

from __future__ import annotations

import logging

import discord

from bot.delivery.message import MessageParts
from bot.delivery.reply import UNKNOWN_MESSAGE, MessageGoneError, Reply, TokenExpiredError
from jobs import JobClient
from jobs.contract import Delivery, JobId
from jobs.errors import UnknownJob

log = logging.getLogger(__name__)


class LastingReply(Reply):
    """The one message of a training."""

    def __init__(self, client: discord.Client, board: JobClient, job_id: JobId, delivery: Delivery) -> None:
        super().__init__(client, job_id, delivery, "train")
        self._board = board
        self._is_gone = False  # deleted by somebody: the training goes on, and its verdict comes as a new message

    async def edit(self, parts: MessageParts) -> None:
        """Let the message hold `parts` and nothing else; where there is none yet, send it.

        Raises:
            TokenExpiredError: the bot may not write to the channel.
            discord.HTTPException: Discord would not take it for another reason.
        """
        if self._is_gone:
            return
        try:
            await super().edit(parts)
        except MessageGoneError:
            self._note_gone()
        except TokenExpiredError:
            await self._through_channel(parts)

    async def finish(self, parts: MessageParts) -> None:
        """Bring the verdict: in the message, in a new one where that was deleted, else by direct message."""
        if not self._is_gone:
            await super().finish(parts)
        if self._is_gone:  # by now
            await self._whole_or_lighter(self._send_late, parts)
        elif self._is_expired:
            await self._ring()

    async def _through_channel(self, parts: MessageParts) -> None:
        channel = self._client.get_partial_messageable(self._delivery.channel_id)
        try:
            if self._delivery.message_id is None:
                await self._begin(channel, parts)
            else:
                await channel.get_partial_message(self._delivery.message_id).edit(
                    content=parts.content,
                    embeds=[parts.card] if parts.card else [],
                    attachments=self._files(parts),
                    view=parts.view(),
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            self._held = parts.attached
        except (discord.Forbidden, discord.NotFound) as error:
            if error.code != UNKNOWN_MESSAGE:
                raise TokenExpiredError from error
            self._note_gone()

    async def _begin(self, channel: discord.PartialMessageable, parts: MessageParts) -> None:
        message = await channel.send(
            content=parts.content,
            embeds=[parts.card] if parts.card else [],
            files=parts.files(),
            nonce=self._job_id[:25],
            view=parts.view() or discord.utils.MISSING,
        )
        self._delivery = self._delivery.model_copy(update={"message_id": message.id})
        try:
            await self._board.set_delivery(self._job_id, self._delivery)
        except UnknownJob:
            log.info("job %s: its record is gone, so a restarted bot will not find its message", self._job_id)

    async def _ring(self) -> None:
        """An edit is noticed by nobody: tell whoever began the training that it is over; a refusal is only noted."""
        delivery = self._delivery
        if delivery.interaction_token is None or delivery.message_id is None:  # nobody waits for a nightly one
            return
        channel = self._client.get_partial_messageable(delivery.channel_id)
        try:
            await channel.send(
                f"<@{delivery.user_id}>, the training is over.",
                reference=channel.get_partial_message(delivery.message_id),
                nonce=f"r{self._job_id}"[:25],
                allowed_mentions=discord.AllowedMentions(users=[discord.Object(delivery.user_id)]),
            )
        except discord.HTTPException as error:
            log.info("job %s: its end could not be told in the channel (%s)", self._job_id, error)

    @property
    def _late(self) -> str:
        return "here is what came of the training."

    def _note_gone(self) -> None:
        log.info("job %s: its message was deleted; the training goes on", self._job_id)
        self._is_gone = True
