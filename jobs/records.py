"""The record of each job and its stream of updates: admitted once, advanced while open, settled once.

Used by admission, progress, recovery and the client.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import redis
from pydantic import ValidationError
from rq import Queue
from rq.job import Job

from jobs import keys, scripts
from jobs.contract import AnyRequest, Delivery, JobId, Kind, Record, Stage, Update
from jobs.errors import QueueFull, TooManyOpenJobs, UnknownJob, UnreadableRecord
from jobs.queues import KINDS, JobQueue, owner_in, owner_of, queue_config
from jobs.settings import JobSettings

log = logging.getLogger(__name__)

MOST_LISTED = 50  # trainings of one server
_JSON_FIELDS = {"request", "delivery", "result", "failure"}


class RecordStore:
    """Reads and writes records; every change is one atomic step in Redis."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._admit = connection.register_script(scripts.ADMIT)
        self._retract = connection.register_script(scripts.RETRACT)
        self._ask_cancel = connection.register_script(scripts.ASK_CANCEL)
        self._mark_delivered = connection.register_script(scripts.MARK_DELIVERED)
        self._advance = connection.register_script(scripts.ADVANCE)
        self._settle = connection.register_script(scripts.SETTLE)
        self._set_field = connection.register_script(scripts.SET_FIELD)

    def admit(self, request: AnyRequest, delivery: Delivery) -> bool:
        """Open a record and put the job into its queue, in one step; False when the id has a record already.

        A job whose owner's jobs run one after another enters the queue when the one before it has ended.

        Raises:
            TooManyOpenJobs: the member, or the server, has as many as one may.
            QueueFull: all together have as many as there may be.
        """
        settings, job_id, opened_at = self._settings, request.job_id, time.time()
        config = queue_config(request.kind, settings)
        queue = self._queue(request.kind)
        fields = {
            "request": request.model_dump_json(),
            "delivery": delivery.model_dump_json(),
            "stage": Stage.QUEUED.value,
            "enqueued_at": opened_at,
        }
        names = [
            *self._open_keys(request),
            Job.key_for(job_id),
            queue.rq.key,
            Queue.redis_queues_keys,
            keys.SERIAL_OWNERS,
            keys.trainings(owner_of(request)),
        ]
        first = Update(stage=Stage.QUEUED).model_dump_json()
        said = _flat(fields)
        arguments = [
            *(job_id, opened_at, opened_at + config.open_job_limit_s, config.owner_open_limit, config.open_limit),
            *(settings.record_ttl_s, settings.progress_ttl_s, first, int(config.is_serial), MOST_LISTED),
            *(len(said), *said, *queue.job_fields(request)),
        ]
        outcome = self._admit(keys=names, args=arguments)
        if outcome == b"owner":
            raise TooManyOpenJobs(config.owner_open_limit, config.kind)
        if outcome == b"full":
            raise QueueFull(config.open_limit, config.kind)
        return bool(outcome == b"admitted")

    def retract(self, request: AnyRequest) -> bool:
        """Undo a submission that its member was told had failed.

        True when nothing of it is left. False when a worker has it: it is asked to stop, and its reply is not sent.
        """
        queue = self._queue(request.kind)
        names = [
            *self._open_keys(request),
            Job.key_for(request.job_id),
            queue.rq.key,
            keys.trainings(owner_of(request)),
        ]
        return bool(self._retract(keys=names, args=[request.job_id]) == b"gone")

    def _queue(self, kind: Kind) -> JobQueue:
        return JobQueue(self._connection, self._settings, queue_config(kind, self._settings))

    def _open_keys(self, request: AnyRequest) -> list[str]:
        """The keys of an open job: record, progress, its owner's open jobs, all open jobs, undelivered ones."""
        job_id = request.job_id
        owned = keys.owned(request.kind, owner_of(request))
        return [keys.record(job_id), keys.progress(job_id), owned, keys.active(request.kind), keys.UNDELIVERED]

    def trainings(self, guild_id: int) -> list[Record]:
        """The server's trainings that are still known, the newest first."""
        ids = cast(list[bytes], self._connection.zrevrange(keys.trainings(guild_id), 0, -1))
        found = [self.find(job_id.decode()) for job_id in ids]
        return [record for record in found if record is not None]

    def is_its_turn(self, request: AnyRequest) -> bool:
        """Whether the job can run now: no older job of the same owner must end first."""
        return self.serial_position(request) in (None, 1)

    def serial_position(self, request: AnyRequest) -> int | None:
        """The job's place among its owner's jobs, 1 = first; None when jobs of its kind may run side by side."""
        if not queue_config(request.kind, self._settings).is_serial:
            return None
        rank = self._connection.zrank(keys.owned(request.kind, owner_of(request)), request.job_id)
        return None if rank is None else int(rank) + 1  # type: ignore[arg-type]

    def first_of_serial_owners(self) -> list[JobId]:
        """The oldest open job of each owner whose jobs run one after another."""
        found: list[JobId] = []
        for owned in sorted(cast(set[bytes], self._connection.smembers(keys.SERIAL_OWNERS))):
            first = cast(list[bytes], self._connection.zrange(owned.decode(), 0, 0))
            if first:
                found.append(first[0].decode())
            else:
                self._connection.srem(keys.SERIAL_OWNERS, owned)
        return found

    def open_ids(self, kind: Kind) -> list[JobId]:
        """The jobs of a kind that are not settled."""
        found = cast(list[bytes], self._connection.zrange(keys.active(kind), 0, -1))
        return [job_id.decode() for job_id in found]

    def open_records(self, kinds: Sequence[Kind] = KINDS) -> list[Record]:
        """The jobs of these kinds that are not settled, the oldest first; unreadable ones are left out."""
        ids = [job_id for kind in kinds for job_id in self.open_ids(kind)]
        found = [record for record in self.find_all(ids) if isinstance(record, Record) and not record.stage.is_final]
        return sorted(found, key=lambda record: record.enqueued_at)

    def find(self, job_id: JobId) -> Record | None:
        """The record; None when there is none, or no longer.

        Raises:
            UnreadableRecord: a version that this one does not know wrote it.
        """
        fields: dict[bytes, bytes] = self._connection.hgetall(keys.record(job_id))  # type: ignore[assignment]
        return _record(job_id, fields) if fields else None

    def find_all(self, ids: Sequence[JobId]) -> list[Record | UnreadableRecord | None]:
        """The record of each of `ids`, in one round trip; the error for one that this version cannot read."""
        with self._connection.pipeline(transaction=False) as pipeline:
            for job_id in ids:
                pipeline.hgetall(keys.record(job_id))
            found = cast(list[dict[bytes, bytes]], pipeline.execute() if ids else [])
        return [_record_or_error(job_id, fields) for job_id, fields in zip(ids, found, strict=True)]

    def get(self, job_id: JobId) -> Record:
        """The record.

        Raises:
            UnknownJob: there is none (any more).
            UnreadableRecord: a version that this one does not know wrote it.
        """
        record = self.find(job_id)
        if record is None:
            raise UnknownJob(job_id)
        return record

    def advance(self, job_id: JobId, update: Update) -> bool:
        """Add an update that is not final. False, and nothing changes, when the job is settled or unknown."""
        names = [keys.record(job_id), keys.progress(job_id)]
        arguments = [update.stage.value, update.model_dump_json(), self._settings.progress_ttl_s]
        return bool(self._advance(keys=names, args=arguments))

    def settle(self, job_id: JobId, update: Update) -> bool:
        """Add the final update. False, and nothing changes, when the job was settled before or is unknown."""
        said: bytes | None = self._connection.hget(keys.record(job_id), "request")  # type: ignore[assignment]
        if said is None:
            return False
        fields = {"stage": update.stage.value}
        if update.result:
            fields["result"] = update.result.model_dump_json()
        if update.failure:
            fields["failure"] = update.failure.model_dump_json()
        about = json.loads(said)  # not as a request, so that a job that no version can read can be failed
        kind = about.get("kind", "compose")
        owned = keys.owned(kind, owner_in(kind, about["requester_id"], about.get("guild_id")))
        names = [keys.record(job_id), keys.progress(job_id), owned, keys.active(kind)]
        lives = [self._settings.progress_ttl_s, self._settings.record_ttl_s]
        arguments = [job_id, update.model_dump_json(), *lives, *_flat(fields)]
        return bool(self._settle(keys=names, args=arguments))

    def ask_cancel(self, job_id: JobId) -> bool:
        """Record that the member wants the job to end, and tell its subscribers; False when it is over or unknown."""
        return bool(self._ask_cancel(keys=[keys.record(job_id), keys.progress(job_id)]))

    def is_cancel_asked(self, job_id: JobId) -> bool:
        """Whether the member has asked for the job to end."""
        return self._connection.hget(keys.record(job_id), "cancel_asked") == b"1"

    def mark_delivered(self, job_id: JobId) -> None:
        """Record that the member has the reply; harmless when repeated. Of a request to be forgotten nothing stays."""
        self._mark_delivered(keys=[keys.record(job_id), keys.UNDELIVERED], args=[job_id])
        said = cast("bytes | None", self._connection.hget(keys.record(job_id), "request"))
        if said is not None and json.loads(said).get("action", {}).get("do") == "member_forget":
            self._connection.delete(keys.record(job_id), keys.progress(job_id), Job.key_for(job_id))

    def set_delivery(self, job_id: JobId, delivery: Delivery) -> bool:
        """Change where the reply goes; False when there is no record."""
        return bool(self._set_field(keys=[keys.record(job_id)], args=["delivery", delivery.model_dump_json()]))

    def ping(self) -> None:
        """Check that Redis answers."""
        self._connection.ping()

    def undelivered(self) -> list[Record]:
        """The records whose reply is not delivered, oldest first; ids without a record are removed."""
        ids: list[bytes] = self._connection.zrange(keys.UNDELIVERED, 0, -1)  # type: ignore[assignment]
        return list(self._readable([job_id.decode() for job_id in ids]))

    def _readable(self, ids: list[JobId]) -> Iterator[Record]:
        for job_id in ids:
            try:
                yield self.get(job_id)
            except UnknownJob:
                self._connection.zrem(keys.UNDELIVERED, job_id)
            except UnreadableRecord:  # left for the version that wrote it
                log.warning("job %s: its record was written by another version and is skipped", job_id)


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [part for pair in fields.items() for part in pair]


def _record_or_error(job_id: JobId, fields: dict[bytes, bytes]) -> Record | UnreadableRecord | None:
    try:
        return _record(job_id, fields) if fields else None
    except UnreadableRecord as error:
        return error


def _record(job_id: JobId, fields: dict[bytes, bytes]) -> Record:
    plain = {name.decode(): value.decode() for name, value in fields.items()}
    said = {name: json.loads(value) if name in _JSON_FIELDS else value for name, value in plain.items()}
    try:
        return Record.model_validate(said)
    except ValidationError as error:
        raise UnreadableRecord(job_id) from error
