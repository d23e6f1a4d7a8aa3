"""`JobTracker` follows every open job to its end and delivers its result once, also for jobs from before a restart."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from typing import Protocol

import aiohttp
import discord

from bot.delivery.progress import Progress
from bot.delivery.reply import (
    ChannelReply,
    MessageGoneError,
    Reply,
    TokenExpiredError,
    UndeliverableError,
    interaction_webhook,
    is_temporary,
)
from bot.errors import explain
from bot.message import MessageParts
from bot.metrics import DELIVERIES
from jobs import JobClient
from jobs.client import CancelOutcome
from jobs.contract import JobId, Record, TrainRequest, Update
from jobs.errors import QueueUnreachable, UnknownJob
from jobs.logs import set_job

log = logging.getLogger(__name__)

EDIT_INTERVAL_S = 2.0  # Discord's rate limits allow a little more
TRAINING_EDITS_TIMES = 5  # a training goes on for hours: it is edited as much more rarely
RETRY_AFTER_S = (2.0, 5.0, 15.0, *[60.0] * 60)  # Discord or Redis away; after an hour the result is kept
KEPT = "I couldn't deliver this earlier, so here it is."
NOT_SHOWN = (discord.HTTPException, aiohttp.ClientError, OSError, QueueUnreachable)


class MessageBuilder(Protocol):
    """Builds what a job's message holds: see `bot.features.message_builder`."""

    async def progress_parts(self, board: JobClient, record: Record, update: Update) -> MessageParts:
        """The parts while the job runs."""

    async def final_parts(self, board: JobClient, record: Record, update: Update, limit_bytes: int) -> MessageParts:
        """The parts for a final `update`."""

    async def bare_parts(self, board: JobClient, update: Update, limit_bytes: int, said: str) -> MessageParts:
        """The parts where the others could not be made."""


class JobTracker:
    """One task per open job; ending the bot ends the tasks, and the jobs stay open for the next start."""

    def __init__(
        self,
        client: discord.Client,
        board: JobClient,
        builder: MessageBuilder,
        edit_interval_s: float = EDIT_INTERVAL_S,
    ) -> None:
        self._client = client
        self._board = board
        self._builder = builder
        self._edit_interval_s = edit_interval_s
        self._tasks: dict[JobId, asyncio.Task[None]] = {}
        self._progress: dict[JobId, Progress] = {}
        self._kept: defaultdict[int, list[Record]] = defaultdict(list)  # by member: results that nobody could be sent
        self._nightly: set[JobId] = set()  # those followed so far: found once more, they are known

    def follow(self, record: Record) -> None:
        """Follow the job of `record` from now on; asking twice is harmless."""
        if record.delivered or record.job_id in self._tasks:
            return
        if _is_nightly(record):
            self._nightly.add(record.job_id)
        task = asyncio.create_task(self._carry(record), name=f"job {record.job_id}")
        self._tasks[record.job_id] = task
        task.add_done_callback(lambda _: self._forget(record.job_id))

    def is_following(self, job_id: JobId) -> bool:
        """Whether the job's result is still to come."""
        return job_id in self._tasks

    @property
    def following(self) -> int:
        """How many jobs' results are still to come."""
        return len(self._tasks)

    def _forget(self, job_id: JobId) -> None:
        self._tasks.pop(job_id, None)
        self._progress.pop(job_id, None)

    def forget(self, user_id: int) -> None:
        """Drop what could not be delivered to a member."""
        self._kept.pop(user_id, None)

    async def resume(self) -> int:
        """Follow on whatever was open when the bot last ended; how many jobs that is.

        Raises:
            QueueUnreachable: Redis does not answer.
        """
        records = await self._board.open_records()
        for record in records:
            self.follow(record)
        return len(records)

    async def find_nightly(self) -> None:
        """Follow the trainings that no command asked for: they start without the bot.

        Raises:
            QueueUnreachable: Redis does not answer.
        """
        for found in await self._board.open_records():
            if _is_nightly(found) and found.job_id not in self._nightly:
                self.follow(found)

    async def close(self) -> None:
        """Let go of all jobs; they stay open."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(self, record: Record) -> tuple[CancelOutcome, contextlib.AbstractAsyncContextManager[bool]]:
        """End a job. What came of it, and a context in which nothing else edits its message."""
        outcome = await self._board.cancel(record.job_id)
        progress = self._progress.get(record.job_id)
        return outcome, progress.paused() if progress else contextlib.nullcontext(False)

    async def hand_over_kept(self, user_id: int, webhook: discord.Webhook) -> None:
        """Send a member, by the reply to another command, what could not be delivered to them before."""
        for record in self._kept.pop(user_id, []):
            try:
                parts = await self._final_parts(record, await self._board.state(record.job_id))
                await _send_privately(webhook, parts)
                await self._board.mark_delivered(record.job_id)
            except NOT_SHOWN as error:
                log.warning("job %s: kept on, the member could not be told: %s", record.job_id, error)
                self._kept[user_id].append(record)
            else:
                log.info("job %s delivered with another command", record.job_id)

    async def _carry(self, record: Record) -> None:
        set_job(record.job_id)  # each job is carried by a task of its own
        for pause_s in (*RETRY_AFTER_S, None):
            try:
                await self._once(record)
            except Exception as error:
                if not is_temporary(error):
                    await self._apologise(record, error)
                    return
                if pause_s is None:
                    log.exception("job %s is kept: its result could not be delivered", record.job_id)
                    self._kept[record.delivery.user_id].append(record)
                    return
                log.warning("job %s: trying again in %g s after %r", record.job_id, pause_s, error)
                await asyncio.sleep(pause_s)
            else:
                return

    async def _once(self, record: Record) -> None:
        reply = self._reply(record)
        try:
            final = await self._watch(record, reply)
            await reply.finish(await self._final_parts(record, final))
            log.info("job %s delivered: %s", record.job_id, final.stage)
        except MessageGoneError:
            if not await self._give_up(record):
                await reply.finish(await self._final_parts(record, await self._board.state(record.job_id)))
        except UndeliverableError:
            log.warning("job %s is kept until the member's next command", record.job_id)
            DELIVERIES.labels("kept").inc()
            self._kept[record.delivery.user_id].append(record)
            return
        await self._board.mark_delivered(record.job_id)
        await self._hand_over_kept_of(record)

    def _reply(self, record: Record) -> Reply:
        if record.kind == "train":
            return ChannelReply(self._client, self._board, record)
        return Reply(self._client, record)

    async def _final_parts(self, record: Record, final: Update) -> MessageParts:
        limit = self._upload_limit(record)
        try:
            return await self._builder.final_parts(self._board, record, final, limit)
        except QueueUnreachable:
            raise
        except Exception as error:  # noqa: BLE001 - a card that cannot be made must not cost the piece
            return await self._builder.bare_parts(self._board, final, limit, str(explain(error)))

    async def _give_up(self, record: Record) -> bool:
        """The message was deleted while the job ran. A piece is stopped, for nobody waits for it; whether it was."""
        log.info("job %s: its message was deleted", record.job_id)
        if record.kind != "compose":
            return False
        try:
            return await self._board.cancel(record.job_id) is not CancelOutcome.TOO_LATE
        except UnknownJob:
            return True

    async def _watch(self, record: Record, reply: Reply) -> Update:
        """Show the job's progress until it ends; its final update."""
        gone = asyncio.Event()

        async def show(update: Update) -> None:
            await self._show(record, reply, update, gone)

        interval_s = self._edit_interval_s * (TRAINING_EDITS_TIMES if record.kind == "train" else 1)
        progress = self._progress[record.job_id] = Progress(show, interval_s)
        try:
            async for update in self._board.follow(record.job_id):
                if update.stage.is_final:
                    return update
                if gone.is_set() and record.kind == "compose":
                    raise MessageGoneError
                progress.show(update)
        finally:
            await progress.stop()
        raise QueueUnreachable

    async def _show(self, record: Record, reply: Reply, update: Update, gone: asyncio.Event) -> None:
        try:
            await reply.edit(await self._builder.progress_parts(self._board, record, update))
        except MessageGoneError:
            gone.set()
        except TokenExpiredError:
            log.debug("job %s: its token has expired, progress is no longer shown", record.job_id)
        except NOT_SHOWN as error:
            log.warning("job %s: progress could not be shown: %s", record.job_id, error)
        else:
            await self._hand_over_kept_of(record)

    async def _hand_over_kept_of(self, record: Record) -> None:
        """Use the reply to this job to send the member what is kept for them."""
        delivery = record.delivery
        if delivery.interaction_token is None or not self._kept.get(delivery.user_id):
            return
        webhook = interaction_webhook(self._client, delivery.application_id, delivery.interaction_token)
        await self.hand_over_kept(delivery.user_id, webhook)

    def _upload_limit(self, record: Record) -> int:
        said = record.delivery.upload_limit_bytes
        guild = self._client.get_guild(record.request.guild_id or 0)
        servers = guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        if record.kind == "train":  # by then the bot sends it on its own account, not in answer to a member
            return min(said or servers, servers)
        return said or servers

    async def _apologise(self, record: Record, error: Exception) -> None:
        """Tell the member that delivery itself failed; another try would fail alike."""
        parts = MessageParts(content=str(explain(error)))
        try:
            await self._reply(record).finish(parts)
            await self._board.mark_delivered(record.job_id)
        except (UndeliverableError, *NOT_SHOWN):
            log.exception("job %s is kept: not even the apology could be delivered", record.job_id)
            self._kept[record.delivery.user_id].append(record)


async def _send_privately(webhook: discord.Webhook, parts: MessageParts) -> None:
    try:
        await webhook.send(**parts.for_send(KEPT), ephemeral=True)
    except discord.HTTPException as error:
        if is_temporary(error):
            raise
        await webhook.send(**parts.without_optional_files().without_card().for_send(KEPT), ephemeral=True)


def _is_nightly(record: Record) -> bool:
    return isinstance(record.request, TrainRequest) and record.request.nightly
