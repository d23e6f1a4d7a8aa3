"""The record of each job and its stream of updates: admitted once, advanced while open, settled once.

Used by the board, the reporter and the recovery. Knows nothing of RQ.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any

import redis
from pydantic import ValidationError

from jobs import keys, scripts
from jobs.contract import ComposeRequest, Delivery, JobId, Record, Stage, Update
from jobs.errors import QueueFull, TooManyOpenJobs, UnknownJob, UnreadableRecord
from jobs.settings import JobSettings

log = logging.getLogger(__name__)

_JSON_FIELDS = {"request", "delivery", "result", "failure"}


class RecordStore:
    """Reads and writes records; every change is one atomic step in Redis."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._admit = connection.register_script(scripts.ADMIT)
        self._advance = connection.register_script(scripts.ADVANCE)
        self._settle = connection.register_script(scripts.SETTLE)
        self._set_field = connection.register_script(scripts.SET_FIELD)

    def admit(self, request: ComposeRequest, delivery: Delivery) -> bool:
        """Open a record; False when the id has one already.

        Raises:
            TooManyOpenJobs: the member has as many as a member may.
            QueueFull: all members together have as many as there may be.
        """
        settings, now, job_id = self._settings, time.time(), request.job_id
        fields = {
            "request": request.model_dump_json(),
            "delivery": delivery.model_dump_json(),
            "stage": Stage.QUEUED.value,
            "enqueued_at": now,
        }
        member = keys.member(request.requester_id)
        names = [keys.record(job_id), keys.progress(job_id), member, keys.ACTIVE, keys.UNDELIVERED]
        limits = [settings.member_open_jobs_limit, settings.open_jobs_limit]
        lives = [settings.record_ttl_s, settings.progress_ttl_s]
        first = Update(stage=Stage.QUEUED).model_dump_json()
        arguments = [job_id, now, now + settings.open_job_limit_s, *limits, *lives, first, *_flat(fields)]
        outcome = self._admit(keys=names, args=arguments)
        if outcome == b"member":
            raise TooManyOpenJobs(settings.member_open_jobs_limit)
        if outcome == b"full":
            raise QueueFull(settings.open_jobs_limit)
        return bool(outcome == b"admitted")

    def find(self, job_id: JobId) -> Record | None:
        """The record, or None where there is none (any more).

        Raises:
            UnreadableRecord: a version that this one does not know wrote it.
        """
        fields: dict[bytes, bytes] = self._connection.hgetall(keys.record(job_id))  # type: ignore[assignment]
        return _record(job_id, fields) if fields else None

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
        """Note an update that is not final; False when the job is settled or unknown, then nothing changes."""
        names = [keys.record(job_id), keys.progress(job_id)]
        arguments = [update.stage.value, update.model_dump_json(), self._settings.progress_ttl_s]
        return bool(self._advance(keys=names, args=arguments))

    def settle(self, job_id: JobId, update: Update) -> bool:
        """Note the final update; False when the job was settled before or is unknown, then nothing changes."""
        said: bytes | None = self._connection.hget(keys.record(job_id), "request")  # type: ignore[assignment]
        if said is None:
            return False
        fields = {"stage": update.stage.value}
        if update.result:
            fields["result"] = update.result.model_dump_json()
        if update.failure:
            fields["failure"] = update.failure.model_dump_json()
        member = keys.member(json.loads(said)["requester_id"])  # read so, a job no version understands can be failed
        names = [keys.record(job_id), keys.progress(job_id), member, keys.ACTIVE]
        lives = [self._settings.progress_ttl_s, self._settings.record_ttl_s]
        arguments = [job_id, update.model_dump_json(), *lives, *_flat(fields)]
        return bool(self._settle(keys=names, args=arguments))

    def ask_cancel(self, job_id: JobId) -> bool:
        """Remember that the member wants it to end; False when there is no record."""
        return bool(self._set_field(keys=[keys.record(job_id)], args=["cancel_asked", "1"]))

    def is_cancel_asked(self, job_id: JobId) -> bool:
        """Whether the member wants it to end."""
        return self._connection.hget(keys.record(job_id), "cancel_asked") == b"1"

    def mark_delivered(self, job_id: JobId) -> None:
        """Note that the member has the reply; harmless when repeated."""
        self._set_field(keys=[keys.record(job_id)], args=["delivered", "1"])
        self._connection.zrem(keys.UNDELIVERED, job_id)

    def set_delivery(self, job_id: JobId, delivery: Delivery) -> bool:
        """Note where the reply goes from now on; False when there is no record."""
        return bool(self._set_field(keys=[keys.record(job_id)], args=["delivery", delivery.model_dump_json()]))

    def ping(self) -> None:
        """Ask Redis for a sign of life."""
        self._connection.ping()

    def undelivered(self) -> list[Record]:
        """The records whose reply no member has yet, oldest first; ids without a record are forgotten."""
        ids: list[bytes] = self._connection.zrange(keys.UNDELIVERED, 0, -1)  # type: ignore[assignment]
        return list(self._readable([job_id.decode() for job_id in ids]))

    def _readable(self, ids: list[JobId]) -> Iterator[Record]:
        for job_id in ids:
            try:
                yield self.get(job_id)
            except UnknownJob:
                self._connection.zrem(keys.UNDELIVERED, job_id)
            except UnreadableRecord:  # left for the version that wrote it
                log.warning("job %s: its record was written by another version and is passed over", job_id)


def _flat(fields: Mapping[str, Any]) -> list[Any]:
    return [part for pair in fields.items() for part in pair]


def _record(job_id: JobId, fields: dict[bytes, bytes]) -> Record:
    plain = {name.decode(): value.decode() for name, value in fields.items()}
    said = {name: json.loads(value) if name in _JSON_FIELDS else value for name, value in plain.items()}
    try:
        return Record.model_validate(said)
    except ValidationError as error:
        raise UnreadableRecord(job_id) from error
