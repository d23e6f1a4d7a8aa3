"""What the bot's tests play on: the bot in SimCord, the real job board on Valkey, a worker played by the test.

SimCord waits after each action until the bot has nothing left to do. A follower waits for a worker, which is the
test, so `ObservedBoard` declares that one wait to SimCord; all else is the real board.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import discord
import redis
import simcord

from bot.client import Cadenza
from jobs import JobClient, JobSettings, keys
from jobs.blobs import BlobStore
from jobs.contract import (
    Answer,
    BlobRef,
    ComposeProgress,
    ComposeResult,
    Failure,
    Kind,
    LibraryRequest,
    LibraryResult,
    ModelInfo,
    PieceFacts,
    Stage,
    TrainProgress,
    TrainResult,
    Update,
    Verdict,
    WorkerInfo,
)
from jobs.errors import JobsError
from jobs.progress import ProgressReporter
from jobs.queues import KINDS, JobQueue, queue_config
from jobs.recovery import JobMonitor
from jobs.registry import WorkerRegistry

SEED = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x01\xe0MTrk\x00\x00\x00\x04\x00\xff\x2f\x00"
AUDIO, PICTURE = b"\xff\xfb" + b"audio" * 50, b"\x89PNG" + b"picture" * 50
ALL_MODES = ("continue", "vary", "accompany")
PIANO = ModelInfo(
    name="piano", version="1", title="Expressive piano", licence="CC BY", default=True, modes=ALL_MODES,
    controls=("key", "density"), keys=("C major", "Bb major", "E minor", "E major"),
)  # fmt: skip
BAND = ModelInfo(
    name="band", version="2", title="Small band", has_beat=True,
    controls=("style", "key", "tempo_bpm", "meter", "instruments"), keys=("C major", "E minor"),
    styles=("Waltz", "folk tune"), meters=("4/4", "3/4"), instruments=("piano", "bass", "brass", "drums"),
)  # fmt: skip
VERSION = "0123456789ab"
VERDICT = Verdict(
    before_nats=2.41, after_nats=2.18, gain=0.095, base_before_nats=1.95, base_after_nats=1.99, loss=0.02,
    copy_share=0.012, human_share=0.008, longest_run=23, copy_limit=0.05,
    sentences=("9.5 % lower prediction error on the 3 pieces held out of the data set.",),
)  # fmt: skip
TITLE, STEM = "Waltz in G minor · 96 bpm · 3/4 · piano", "waltz-in-g-minor-96-bpm-3-4-piano-0a1b2"
MAX_SEED_BYTES = 2**20
PATIENCE_S = 20.0


class JobListener:
    """Follows jobs in tasks of the test's own, so that SimCord does not wait for them to end."""

    def __init__(self) -> None:
        self._asked: asyncio.Queue[HeardJob] = asyncio.Queue()
        self._tasks = [asyncio.create_task(self._serve())]
        self.jobs: dict[str, HeardJob] = {}  # a restarted bot's takes the place of that of the bot before

    def listen(self, job_id: str, updates: AsyncIterator[Update]) -> asyncio.Queue[Update | JobsError]:
        job = self.jobs[job_id] = HeardJob(updates)
        self._asked.put_nowait(job)
        return job.heard

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self) -> None:
        while True:
            self._tasks.append(asyncio.create_task(self._listen(await self._asked.get())))

    async def _listen(self, job: HeardJob) -> None:
        try:
            async for update in job.updates:
                job.last = update
                job.heard.put_nowait(update)
        except JobsError as error:
            job.heard.put_nowait(error)


@dataclass
class HeardJob:
    """One job being listened to."""

    updates: AsyncIterator[Update]
    last: Update | None = None
    heard: asyncio.Queue[Update | JobsError] = field(default_factory=asyncio.Queue)


class ObservedBoard(JobClient):
    """The real board; what its follower waits for is declared to SimCord."""

    env: simcord.Env
    listener: JobListener

    async def follow(self, job_id: str) -> AsyncIterator[Update]:
        heard = self.listener.listen(job_id, JobClient.follow(self, job_id))
        while True:
            update = await self.env.external_wait(heard.get(), reason="the worker's part is the test's")
            if isinstance(update, JobsError):
                raise update
            yield update


class PlayedWorker:
    """Plays the worker's part by hand."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection, self._settings = connection, settings
        self._registry = WorkerRegistry(connection, settings)
        self.blobs = BlobStore(connection, settings)
        self.info = WorkerInfo(name="w1", hostname="here", pid=1, started_at=1.0, does=KINDS, models=(PIANO, BAND))

    def arrive(self) -> None:
        self._registry.publish(self.info)

    def leave(self) -> None:
        """End for good: nobody expects it back."""
        self._registry.withdraw(self.info.name)
        self._connection.delete(keys.recent_worker(self.info.name))

    def _queue(self, kind: Kind) -> str:
        return JobQueue(self._connection, self._settings, queue_config(kind, self._settings)).rq.key

    def queued(self, kind: Kind = "compose") -> list[str]:
        return [name.decode() for name in self._connection.lrange(self._queue(kind), 0, -1)]

    def said_last(self, job_id: str) -> Update | None:
        """The latest in a job's stream, with the place in the queue that a follower adds."""
        entries = self._connection.xrevrange(keys.progress(job_id), count=1)
        if not entries:
            return None
        update = Update.model_validate_json(entries[0][1][b"update"])
        return JobMonitor(job_id, self._connection, self._settings).placed(update)

    def take(self, kind: Kind = "compose") -> Job:
        """The next job of a kind, out of its queue; what follows is said through it."""
        popped = self._connection.lpop(self._queue(kind))
        assert popped is not None, "nothing is queued"
        return self.job(popped.decode())

    def job(self, job_id: str) -> Job:
        """A job that is in no queue (any more)."""
        return Job(job_id, self.blobs, ProgressReporter(job_id, self._connection, self._settings))


class Job:
    """A job that the worker has taken."""

    def __init__(self, job_id: str, blobs: BlobStore, reporter: ProgressReporter) -> None:
        self.id, self._blobs, self.reporter = job_id, blobs, reporter
        self.request = reporter.record().request

    @property
    def is_cancel_asked(self) -> bool:
        return self.reporter.record().cancel_asked

    def is_at(
        self, fraction: float, stage: Stage = Stage.COMPOSING, music: tuple[float, float, str] | None = None
    ) -> None:
        """`music`: how much of it is composed, of how much, and in what unit."""
        told = None if music is None else ComposeProgress(done=music[0], whole=music[1], unit=music[2])
        self.reporter.update(stage, fraction, told)

    def is_done(self, *, audio: bytes = AUDIO, **changes: object) -> ComposeResult:
        fields = {
            "job_id": self.id,
            "midi": self._blobs.put(SEED + self.id.encode(), f"{STEM}.mid", "audio/midi"),
            "audio": self._blobs.put(audio, f"{STEM}.mp3", "audio/mpeg"),
            "picture": self._blobs.put(PICTURE, f"{STEM}.png", "image/png"),
            "model": self.request.model or PIANO.name,
            "model_version": "1",
            "notes": 1234,
            "duration_s": 42.4,
            "seed_s": 12.0 if self.request.seed and self.request.include_seed else 0.0,
            "random_seed": self.request.random_seed,
            "timings": {"queue": 0.1, "sample": 2.5},
            "title": TITLE,
            "facts": PieceFacts(key="G minor", tempo_bpm=96.0, meter="3/4", instruments=("piano",)),
        }
        result = ComposeResult.model_validate(fields | changes)
        assert self.reporter.done(result)
        return result

    def answers(self, answer: Answer) -> None:
        """The end of an errand."""
        assert self.reporter.done(LibraryResult(job_id=self.id, answer=answer))

    def trains(self, fraction: float, stage: Stage = Stage.TRAINING, **progress: object) -> None:
        """How far a training is; without `progress`, nothing is known of it yet."""
        told = TrainProgress.model_validate(progress) if progress else None
        self.reporter.update(stage, fraction, training=told)

    def is_trained(self, **changes: object) -> TrainResult:
        """The end of a training, with a gain and without copying."""
        fields = {
            "job_id": self.id,
            "name": self.request.name,
            "model_version": VERSION,
            "verdict": VERDICT,
            "epochs": 12,
            "best_epoch": 9,
            "seconds": 1980.0,
            "curve": self.keep(PICTURE, "curve.png"),
        }
        result = TrainResult.model_validate(fields | changes)
        assert self.reporter.done(result)
        return result

    def keep(self, data: bytes, name: str) -> BlobRef:
        return self._blobs.put(data, name, "application/octet-stream")

    def has_failed(self, sentence: str, incident: str | None = None, code: str = "x") -> None:
        assert self.reporter.failed(Failure(code=code, sentence=sentence, incident=incident))


class Harness:
    """Everything a test touches: members, the channel, the worker, the bot."""

    def __init__(self, env: simcord.Env, worker: PlayedWorker, settings: JobSettings, state: Path) -> None:
        self.env, self.worker, self.settings, self.state = env, worker, settings, state
        self.listener = env.bot.board.listener
        self.guild = env.create_guild()
        self.channel = self.guild.create_text_channel("music")
        self.alice = self.guild.add_member(env.create_user("alice"))
        self.bob = self.guild.add_member(env.create_user("bob"))
        admins = self.guild.create_role("admins", permissions=discord.Permissions(manage_guild=True))
        self.ada = self.guild.add_member(env.create_user("ada"), roles=[admins])

    @property
    def bot(self) -> Cadenza:
        return self.env.bot

    async def settle(self) -> None:
        """Until the bot has shown what the worker said; Redis has to pass it on first."""
        async with asyncio.timeout(PATIENCE_S):
            await self.env.settle()
            while not all(
                self.worker.said_last(job_id) in (None, one.last) for job_id, one in self.listener.jobs.items()
            ):
                await asyncio.sleep(0.01)
                await self.env.settle()
        await self.env.settle()

    async def answered(self, answer: Answer) -> LibraryRequest:
        """Play the worker's part in the next errand; what was asked of it."""
        job = self.worker.take("library")
        job.answers(answer)
        await self.settle()
        return job.request

    async def show_to_bob(self, name: str) -> None:
        """Let Discord show a command to bob, who may not manage the server; admins can set that."""
        (command,) = [found for found in await self.bot.tree.fetch_commands() if found.name == name]
        self.guild.set_command_permissions(command, {self.bob: True})

    async def restart(self) -> Cadenza:
        """End the bot as if it were killed, and start a fresh one."""
        fresh = new_bot(self.settings, self.state, self.listener)
        fresh.board.env = self.env
        await self.env.restart_bot(fresh)
        await self.settle()
        return fresh

    @property
    def message(self) -> discord.Message:
        found = self.channel.last_message
        assert found is not None
        return found


def new_bot(settings: JobSettings, state: Path, listener: JobListener) -> Cadenza:
    board = ObservedBoard(settings)
    board.listener = listener
    return Cadenza(board, state, MAX_SEED_BYTES, edit_interval_s=0.0)


def told(result: simcord.InteractionResult) -> str:
    """What a member reads in answer to what they did: the latest message that only they see, else the reply."""
    message = result.followups[-1] if result.followups else result.response
    assert message is not None
    return shown(message.message)


def shown(message: discord.Message) -> str:
    """All the words of a message and its card."""
    words = [message.content]
    for card in message.embeds:
        words += [card.title or "", card.description or "", card.footer.text or ""]
        words += [f"{field.name}: {field.value}" for field in card.fields]
    return "\n".join(words)


def buttons(message: discord.Message) -> dict[str, str]:
    """Label to custom id of a message's buttons."""
    return {button.label: button.custom_id for row in message.components for button in row.children}
