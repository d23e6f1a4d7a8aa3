"""Follows every open job to its end and sees that the reply arrives, once; also for jobs of a bot before this one."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import aiohttp
import discord

from bot.delivery.lasting import LastingReply
from bot.delivery.message import MessageParts
from bot.delivery.outcome import final_parts, progress_parts
from bot.delivery.progress import Progress
from bot.delivery.reply import MessageGoneError, Reply, TokenExpiredError
from bot.errors import explain
from jobs import JobClient
from jobs.contract import JobId, Record, TrainRequest, Update
from jobs.errors import QueueUnreachable, UnknownJob

log = logging.getLogger(__name__)

EDIT_INTERVAL_S = 2.0  # Discord's rate limits allow a little more
TRAINING_EDITS_TIMES = 5  # a training goes on for hours: it is edited as much more rarely
RETRY_AFTER_S = (2.0, 5.0, 15.0, *[60.0] * 60)  # Discord or Redis away; after an hour, the next start tries again
PASSING = (discord.RateLimited, aiohttp.ClientError, OSError, QueueUnreachable)


class Courier:
    """One task per open job; ending the bot ends the tasks, and the jobs stay open for the next start."""

    def __init__(self, client: discord.Client, board: JobClient, edit_interval_s: float = EDIT_INTERVAL_S) -> None:
        self._client = client
        self._board = board
        self._edit_interval_s = edit_interval_s
        self._tasks: dict[JobId, asyncio.Task[None]] = {}
        self._nightly: set[JobId] = set()  # those followed so far: found once more, they are known

    def follow(self, record: Record) -> None:
        """See to the job of `record` from now on; asking twice is harmless."""
        if record.delivered or record.job_id in self._tasks:
            return
        if _is_nightly(record):
            self._nightly.add(record.job_id)
        task = asyncio.create_task(self._carry(record), name=f"job {record.job_id}")
        self._tasks[record.job_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(record.job_id, None))

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
        """Follow the trainings that nobody asked for by a command: they begin without the bot.

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

    async def _carry(self, record: Record) -> None:
        for pause_s in (*RETRY_AFTER_S, None):
            try:
                await self._once(record)
            except Exception as error:
                if not _is_passing(error):
                    await self._apologise(record, error)
                    return
                if pause_s is None:
                    log.exception("job %s stays open: its reply could not be delivered", record.job_id)
                    return
                log.warning("job %s: trying again in %g s after %r", record.job_id, pause_s, error)
                await asyncio.sleep(pause_s)
            else:
                return

    async def _once(self, record: Record) -> None:
        reply = self._reply(record)
        try:
            final = await self._watch(record, reply)
            limit = self._upload_limit(record)
            parts = await final_parts(self._board, record, final, limit)
            await reply.finish(parts)
            log.info("job %s delivered: %s", record.job_id, final.stage)
        except MessageGoneError:
            await self._give_up(record)
        except discord.Forbidden as error:
            log.warning("job %s: nobody could be reached with the reply: %s", record.job_id, error)
        await self._board.mark_delivered(record.job_id)

    def _reply(self, record: Record) -> Reply:
        if record.kind == "train":
            return LastingReply(self._client, self._board, record.job_id, record.delivery)
        return Reply(self._client, record.job_id, record.delivery, record.kind)

    async def _give_up(self, record: Record) -> None:
        """The message was deleted: nobody waits for a piece, but an errand was asked for and is done all the same."""
        log.info("job %s: its message was deleted", record.job_id)
        if record.kind == "compose":
            with contextlib.suppress(UnknownJob):  # then there is nothing left to cancel
                await self._board.cancel(record.job_id)

    async def _watch(self, record: Record, reply: Reply) -> Update:
        """Show the job's progress until it ends; its final update."""
        gone = asyncio.Event()

        async def show(update: Update) -> None:
            await self._show(record, reply, update, gone)

        progress = Progress(show, self._edit_interval_s * (TRAINING_EDITS_TIMES if record.kind == "train" else 1))
        try:
            async for update in self._board.follow(record.job_id):
                if update.stage.is_final:
                    return update
                if gone.is_set():
                    raise MessageGoneError
                progress.show(update)
        finally:
            await progress.stop()
        raise QueueUnreachable

    async def _show(self, record: Record, reply: Reply, update: Update, gone: asyncio.Event) -> None:
        try:
            await reply.edit(await progress_parts(self._board, record, update))
        except MessageGoneError:
            gone.set()
        except TokenExpiredError:
            log.debug("job %s: its token has expired, progress is no longer shown", record.job_id)
        except (discord.HTTPException, aiohttp.ClientError, OSError, QueueUnreachable) as error:
            log.warning("job %s: progress could not be shown: %s", record.job_id, error)

    def _upload_limit(self, record: Record) -> int:
        said = record.delivery.upload_limit_bytes
        guild = self._client.get_guild(record.request.guild_id or 0)
        servers = guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        if record.kind == "train":  # by then the bot sends it on its own account, not in answer to a member
            return min(said or servers, servers)
        return said or servers

    async def _apologise(self, record: Record, error: Exception) -> None:
        """Tell the member that delivery itself failed, and leave it at that: another try would fail alike."""
        parts = MessageParts(content=str(explain(error)))
        try:
            await self._reply(record).finish(parts)
            await self._board.mark_delivered(record.job_id)
        except (MessageGoneError, discord.HTTPException, aiohttp.ClientError, OSError, QueueUnreachable):
            log.exception("job %s stays open: not even the apology could be delivered", record.job_id)


def _is_nightly(record: Record) -> bool:
    return isinstance(record.request, TrainRequest) and record.request.nightly


def _is_passing(error: Exception) -> bool:
    """Whether the same may well succeed a little later: the network, Redis, or Discord itself is away."""
    return isinstance(error, PASSING) or (isinstance(error, discord.HTTPException) and error.status >= 500)
