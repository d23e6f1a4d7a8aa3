"""Where a job's message lives: the interaction's reply, or a new message when its token has expired.

Editing the interaction's reply is idempotent, so a bot that was killed half-way may do it again. A new message is
sent under the job's id as its nonce, which Discord enforces: sent twice, it appears once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import discord

from bot.delivery.message import Attached, MessageParts
from jobs.contract import Delivery, JobId, Kind

log = logging.getLogger(__name__)

INVALID_WEBHOOK_TOKEN, UNKNOWN_WEBHOOK, UNKNOWN_MESSAGE, TOO_LARGE = 50027, 10015, 10008, 40005
LATE = "your {what} took longer than Discord keeps a reply open, so here it is as a message of its own."
WHAT: dict[Kind, str] = {"compose": "piece", "library": "command", "train": "training"}


class TokenExpiredError(Exception):
    """Raised when the interaction's reply can no longer be edited."""


class MessageGoneError(Exception):
    """Raised when somebody deleted the message."""


class Reply:
    """The one message of a job."""

    def __init__(self, client: discord.Client, job_id: JobId, delivery: Delivery, kind: Kind = "compose") -> None:
        self._client = client
        self._job_id = job_id
        self._delivery = delivery
        self._what = WHAT[kind]
        self._held: tuple[Attached, ...] = ()
        self._is_expired = False  # for Discord to say: this machine's clock may be wrong

    async def edit(self, parts: MessageParts) -> None:
        """Let the interaction's reply hold `parts` and nothing else.

        Raises:
            TokenExpiredError: its 15 minutes are over.
            MessageGoneError: it was deleted.
            discord.HTTPException: Discord would not take it for another reason.
        """
        delivery = self._delivery
        if self._is_expired or delivery.message_id is None or delivery.interaction_token is None:
            raise TokenExpiredError
        webhook = discord.Webhook.partial(delivery.application_id, delivery.interaction_token, client=self._client)
        try:
            await webhook.edit_message(
                delivery.message_id,
                content=parts.content,
                embeds=[parts.card] if parts.card else [],
                attachments=self._files(parts),
                view=parts.view(),
                allowed_mentions=discord.AllowedMentions.none(),
            )
            self._held = parts.attached
        except discord.HTTPException as error:
            if error.status == 401 or error.code in (INVALID_WEBHOOK_TOKEN, UNKNOWN_WEBHOOK):
                self._is_expired = True
                raise TokenExpiredError from error
            if error.code == UNKNOWN_MESSAGE:
                raise MessageGoneError from error
            raise

    def _files(self, parts: MessageParts) -> list[discord.File]:
        """The files to be sent; those that the message holds already are left in it, not sent again."""
        return discord.utils.MISSING if parts.attached and parts.attached == self._held else parts.files()

    async def finish(self, parts: MessageParts) -> None:
        """Bring `parts` to the member: in the reply, else in the channel, else by direct message.

        Raises:
            MessageGoneError: the message was deleted, so nobody waits for it.
            discord.HTTPException: Discord would take it nowhere.
        """
        try:
            await self._whole_or_lighter(self.edit, parts)
        except TokenExpiredError:
            await self._whole_or_lighter(self._send_late, parts)

    async def _whole_or_lighter(self, send: Callable[[MessageParts], Awaitable[None]], parts: MessageParts) -> None:
        try:
            await send(parts)
        except discord.HTTPException as error:
            lighter = parts.without_optional_files()
            if (error.status != 413 and error.code != TOO_LARGE) or lighter == parts:
                raise
            log.warning("job %s: too large for Discord, sent without what may be left out", self._job_id)
            await send(lighter)

    async def _send_late(self, parts: MessageParts) -> None:
        if not self._delivery.private:
            try:
                await self._send_to_channel(parts)
            except (discord.Forbidden, discord.NotFound):
                log.info("job %s: may not write to its channel any more, sending a direct message", self._job_id)
            else:
                return
        channel = await self._client.create_dm(discord.Object(self._delivery.user_id))
        await self._send(channel, parts, f"Hello, {self._late}")

    async def _send_to_channel(self, parts: MessageParts) -> None:
        channel = self._client.get_partial_messageable(self._delivery.channel_id)
        await self._send(channel, parts, f"<@{self._delivery.user_id}>, {self._late}")
        await self._point_onward(channel)

    @property
    def _late(self) -> str:
        return LATE.format(what=self._what)

    async def _send(self, channel: discord.abc.Messageable, parts: MessageParts, greeting: str) -> None:
        requester = discord.Object(self._delivery.user_id)
        words = f"{greeting}\n{parts.content}" if parts.content else greeting
        await channel.send(
            content=words,
            embeds=[parts.card] if parts.card else [],
            files=parts.files(),
            nonce=self._job_id[:25],  # Discord's limit; an interaction's id has at most 20 digits
            allowed_mentions=discord.AllowedMentions(everyone=False, roles=False, users=[requester]),
            view=parts.view() or discord.utils.MISSING,
        )

    async def _point_onward(self, channel: discord.PartialMessageable) -> None:
        """Tidy the message that still shows a progress bar; a nicety, so a refusal is only noted."""
        if self._delivery.message_id is None:
            return
        try:
            stale = channel.get_partial_message(self._delivery.message_id)
            await stale.edit(content=f"This took a while: the {self._what} is further down.", embeds=[], view=None)
        except discord.HTTPException as error:
            log.info("job %s: its first message stays as it was (%s)", self._job_id, error)
