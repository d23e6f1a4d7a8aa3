"""The message of a job: the interaction's reply and, where that cannot be edited, another place the member can see.

Editing is idempotent, so a bot that was killed half-way may repeat it. A new message is sent with the job's id as its
nonce, which Discord enforces: sent twice, it appears once.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import aiohttp
import discord

from bot.message import WAITING, Attached, MessageParts
from bot.metrics import DELIVERIES
from jobs import JobClient
from jobs.contract import Kind, Record
from jobs.errors import QueueUnreachable, UnknownJob

log = logging.getLogger(__name__)

INVALID_WEBHOOK_TOKEN, UNKNOWN_WEBHOOK, UNKNOWN_MESSAGE = 50027, 10015, 10008
TOO_LARGE, INVALID_FORM = 40005, 50035
TOO_MANY_REQUESTS = 429

LATE = "your {what} took longer than Discord keeps a reply open, so here it is in a new message."
BLOCKED = "your {what} is ready. I couldn't update my first reply, so here it is in a new message."
ELSEWHERE = "your {what} is ready. I couldn't post it in <#{channel}>, so here it is."
MOVED = "This took a while: the {what} is in a newer message below."
WHAT: dict[Kind, str] = {"compose": "piece", "describe": "description", "library": "command", "train": "training"}

Send = Callable[[MessageParts], Awaitable[None]]


class TokenExpiredError(Exception):
    """Raised when there is no interaction token, or Discord no longer takes it."""


class MessageGoneError(Exception):
    """Raised when somebody deleted the message."""


class UndeliverableError(Exception):
    """Raised when Discord took the result nowhere."""


def is_temporary(error: BaseException) -> bool:
    """Whether the same may succeed a little later: the network, Redis or Discord itself is away."""
    if isinstance(error, discord.HTTPException):
        return error.status >= 500 or error.status == TOO_MANY_REQUESTS
    return isinstance(error, (discord.RateLimited, aiohttp.ClientError, OSError, QueueUnreachable))


def interaction_webhook(client: discord.Client, application_id: int, token: str) -> discord.Webhook:
    """The webhook of an interaction, which edits its reply and sends follow-ups."""
    webhook = discord.Webhook.partial(application_id, token, client=client)
    webhook.type = discord.WebhookType.application  # only such a one may send what a single member sees
    return webhook


class Reply:
    """The one message of a job."""

    def __init__(self, client: discord.Client, record: Record) -> None:
        self._client = client
        self._job_id = record.job_id
        self._delivery = record.delivery
        self._what = WHAT[record.kind]
        self._held: tuple[Attached, ...] = ()  # the files that the message holds
        self._is_expired = False  # Discord says so: this machine's clock may be wrong

    async def edit(self, parts: MessageParts) -> None:
        """Let the interaction's reply hold `parts` and nothing else.

        Raises:
            TokenExpiredError: its 15 minutes are over.
            MessageGoneError: it was deleted.
            discord.HTTPException: Discord did not take it for another reason.
        """
        try:
            await self._edit_reply(parts)
        except discord.HTTPException as error:
            if error.code == UNKNOWN_MESSAGE:
                raise MessageGoneError from error
            raise

    async def finish(self, parts: MessageParts) -> None:
        """Bring `parts` to the member: in the reply, else the channel, the parent of a thread, a direct message.

        Raises:
            UndeliverableError: Discord refused it everywhere.
            discord.HTTPException: Discord is away or asks to wait; to be tried again.
        """
        if await self._first_place(parts):
            return
        plain = parts.without_card()  # perhaps the embed is what Discord does not take
        if plain != parts and await self._first_place(plain):
            return
        raise UndeliverableError

    async def _first_place(self, parts: MessageParts) -> bool:
        """Send `parts` to the first place that takes them; False where none does."""
        for name, send in self._places(parts):
            try:
                await self._send_lighter_if_needed(send, parts)
            except TokenExpiredError:
                log.info("job %s: its interaction token has expired", self._job_id)
            except discord.HTTPException as error:
                if is_temporary(error):
                    raise
                log.warning("job %s: the %s does not take the result: %s", self._job_id, name, error)
            else:
                DELIVERIES.labels(name).inc()
                return True
        return False

    def _places(self, parts: MessageParts) -> list[tuple[str, Send]]:
        """Where the result may go, the best place first."""
        places: list[tuple[str, Send]] = [("reply", self._edit_reply)]
        if parts.is_refusal and not self._delivery.private:
            places.insert(0, ("private reply", self._answer_privately))
        if not self._delivery.private:
            places += [("channel", self._send_to_channel), ("parent channel", self._send_to_parent)]
        return [*places, ("direct message", self._send_directly)]

    def _webhook(self) -> discord.Webhook:
        delivery = self._delivery
        if self._is_expired or delivery.message_id is None or delivery.interaction_token is None:
            raise TokenExpiredError
        return interaction_webhook(self._client, delivery.application_id, delivery.interaction_token)

    async def _edit_reply(self, parts: MessageParts) -> None:
        webhook = self._webhook()
        try:
            await webhook.edit_message(self._delivery.message_id or 0, **parts.for_edit(self._new_files(parts)))
        except discord.HTTPException as error:
            if error.status == 401 or error.code in (INVALID_WEBHOOK_TOKEN, UNKNOWN_WEBHOOK):
                self._is_expired = True
                raise TokenExpiredError from error
            raise
        self._held = parts.attached

    async def _answer_privately(self, parts: MessageParts) -> None:
        """Take the public reply away and tell the member alone."""
        webhook = self._webhook()
        message_id = self._delivery.message_id or 0
        await webhook.edit_message(message_id, **WAITING.for_edit([]))  # a follow-up would take its place otherwise
        await webhook.send(**parts.for_send(), ephemeral=True)
        try:
            await webhook.delete_message(message_id)
        except discord.HTTPException as error:
            log.info("job %s: its public reply stays (%s)", self._job_id, error)

    def _new_files(self, parts: MessageParts) -> list[discord.File] | None:
        """The files to be sent; None where the message holds the same files already."""
        return None if parts.attached and parts.attached == self._held else parts.files()

    async def _send_lighter_if_needed(self, send: Send, parts: MessageParts) -> None:
        lighter = parts.without_optional_files()
        smallest = replace(lighter, attached=lighter.attached[:1])
        for variant in dict.fromkeys((parts.attached, lighter.attached)):
            chosen = parts if variant == parts.attached else lighter
            try:
                await send(chosen)
            except discord.HTTPException as error:
                if error.status != 413 and error.code != TOO_LARGE:
                    raise
                log.warning("job %s: too large for Discord, sent with fewer files", self._job_id)
            else:
                return
        await send(smallest.without_card())

    async def _send_to_channel(self, parts: MessageParts) -> None:
        channel = self._client.get_partial_messageable(self._delivery.channel_id)
        await self._send(channel, parts, f"<@{self._delivery.user_id}>, {self._reason}")
        await self._point_onward(channel)

    async def _send_to_parent(self, parts: MessageParts) -> None:
        """Send to the channel that the thread belongs to; Discord says which where the record does not."""
        parent_id = self._delivery.parent_channel_id
        if parent_id is None:
            thread = await self._client.fetch_channel(self._delivery.channel_id)
            parent_id = thread.parent_id if isinstance(thread, discord.Thread) else None
        if parent_id is None:
            raise TokenExpiredError  # no thread
        said = ELSEWHERE.format(what=self._what, channel=self._delivery.channel_id)
        await self._send(self._client.get_partial_messageable(parent_id), parts, f"<@{self._delivery.user_id}>, {said}")

    async def _send_directly(self, parts: MessageParts) -> None:
        channel = await self._client.create_dm(discord.Object(self._delivery.user_id))
        await self._send(channel, parts, f"Hello, {self._reason}")

    @property
    def _reason(self) -> str:
        """Why the result comes in a new message."""
        is_late = self._is_expired or self._delivery.interaction_token is None
        return (LATE if is_late else BLOCKED).format(what=self._what)

    async def _send(self, channel: discord.abc.Messageable, parts: MessageParts, greeting: str) -> None:
        fields = parts.for_send(greeting, self._delivery.user_id)
        await channel.send(**fields, nonce=self._job_id[:25])  # Discord's limit; an interaction's id is shorter

    async def _point_onward(self, channel: discord.PartialMessageable) -> None:
        """Tidy the message that still shows a progress bar; a refusal is only logged."""
        if self._delivery.message_id is None:
            return
        try:
            stale = channel.get_partial_message(self._delivery.message_id)
            await stale.edit(content=MOVED.format(what=self._what), embeds=[], view=None)
        except discord.HTTPException as error:
            log.info("job %s: its first message stays as it was (%s)", self._job_id, error)


class ChannelReply(Reply):
    """The message of a training, which outlives the interaction's token or never had one.

    As long as the token lasts, the interaction's reply is edited; after that the same message, as the bot, in its
    channel. A training that no command asked for gets a message of its own there first.
    """

    def __init__(self, client: discord.Client, board: JobClient, record: Record) -> None:
        super().__init__(client, record)
        self._board = board
        self._is_gone = False  # deleted by somebody: the training goes on, and its result comes as a new message

    async def edit(self, parts: MessageParts) -> None:
        """Let the message hold `parts` and nothing else; where there is none yet, send it.

        Raises:
            discord.HTTPException: Discord did not take it.
        """
        if self._is_gone:
            return
        try:
            try:
                await self._edit_reply(parts)
            except TokenExpiredError:
                await self._edit_in_channel(parts)
        except discord.HTTPException as error:
            if error.code != UNKNOWN_MESSAGE:
                raise
            log.info("job %s: its message was deleted; the training goes on", self._job_id)
            self._is_gone = True

    def _places(self, parts: MessageParts) -> list[tuple[str, Send]]:
        if self._is_gone:
            return super()._places(parts)[1:]
        places = super()._places(parts)
        return [places[0], ("message", self._finish_in_channel), *places[1:]]

    async def _finish_in_channel(self, parts: MessageParts) -> None:
        await self._edit_in_channel(parts)
        await self._notify()

    async def _edit_in_channel(self, parts: MessageParts) -> None:
        channel = self._client.get_partial_messageable(self._delivery.channel_id)
        if self._delivery.message_id is None:
            await self._send_first(channel, parts)
        else:
            message = channel.get_partial_message(self._delivery.message_id)
            await message.edit(**parts.for_edit(self._new_files(parts)))
        self._held = parts.attached

    async def _send_first(self, channel: discord.PartialMessageable, parts: MessageParts) -> None:
        message = await channel.send(**parts.for_send(), nonce=self._job_id[:25])
        self._delivery = self._delivery.model_copy(update={"message_id": message.id})
        try:
            await self._board.set_delivery(self._job_id, self._delivery)
        except UnknownJob:
            log.info("job %s: its record is gone, so a restarted bot will not find its message", self._job_id)

    async def _notify(self) -> None:
        """Tell whoever started the training that it is over: nobody notices an edit. A refusal is only logged."""
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
    def _reason(self) -> str:
        return "here is the result of the training."
