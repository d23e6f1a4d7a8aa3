"""Deletes what Redis and the file store hold about one member. The worker calls it for `/forget-me`.

Records of jobs are found by scanning, because only pieces are indexed by member. Deleted are the member's records with
their updates and RQ's entries, the files of their pieces, their uploads that nobody else sent too, their stars, the
stars of their pieces, and their entry in nightly trainings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import redis
from rq.job import Job

from jobs import keys
from jobs.blobs import BlobStore
from jobs.contract import Digest, JobId
from jobs.pieces import PieceIndex
from jobs.settings import JobSettings

SCANNED_AT_A_TIME = 500
NOBODY = 0  # in place of a member's id in what belongs to a server


@dataclass
class MemberTraces:
    """What is kept about a member: their jobs, the files of these, and the stars that go with them."""

    jobs: list[JobId] = field(default_factory=list)
    pieces: list[JobId] = field(default_factory=list)
    made: set[Digest] = field(default_factory=set)  # files of their results
    sent: set[Digest] = field(default_factory=set)  # files that they uploaded
    sent_by_others: set[Digest] = field(default_factory=set)
    stars: list[tuple[int, JobId]] = field(default_factory=list)  # server, piece

    @property
    def files(self) -> set[Digest]:
        """The files to be deleted: one that somebody else sent as well is theirs too."""
        return self.made | (self.sent - self.sent_by_others)


class MemberEraser:
    """Finds and deletes the traces of one member."""

    def __init__(self, connection: redis.Redis, settings: JobSettings, member_id: int) -> None:
        self._connection = connection
        self._pieces = PieceIndex(connection, settings)
        self._blobs = BlobStore(connection, settings)
        self._member_id = member_id

    def find(self, but: JobId) -> MemberTraces:
        """The traces of the member; the job `but` is left out, because it is the one that erases."""
        traces = MemberTraces()
        for job_id, request, fields in self._records():
            if job_id == but:
                continue
            if request.get("requester_id") != self._member_id:
                if request.get("kind") == "compose" and request.get("parent_id") is None:
                    traces.sent_by_others |= _digests(request)
                continue
            traces.jobs.append(job_id)
            traces.sent |= _digests(request)
            if fields.get("result"):
                traces.made |= _digests(json.loads(fields["result"]))
            if request.get("kind", "compose") == "compose":
                traces.pieces.append(job_id)
        traces.stars = list(self._stars(set(traces.pieces)))
        return traces

    def erase(self, traces: MemberTraces) -> None:
        """Delete what `find` found. Doing it twice is harmless."""
        self._blobs.delete(traces.files)
        for guild_id, piece in traces.stars:
            self._pieces.remove_star(guild_id, piece)
        for job_id in traces.jobs:
            self._erase_job(job_id)
        self._connection.delete(keys.pieces_of_member(self._member_id))
        self._clean_listings(traces.jobs)
        self._leave_schedules()

    def _records(self) -> Iterator[tuple[JobId, Mapping[str, Any], dict[str, str]]]:
        prefix = keys.record("")
        for key in self._connection.scan_iter(match=f"{prefix}*", count=SCANNED_AT_A_TIME):
            found = cast("dict[bytes, bytes]", self._connection.hgetall(key))
            fields = {name.decode(): value.decode() for name, value in found.items()}
            if "request" in fields:
                yield key.decode().removeprefix(prefix), json.loads(fields["request"]), fields

    def _stars(self, own: set[JobId]) -> Iterator[tuple[int, JobId]]:
        """The stars that the member gave, and those of their pieces."""
        for guild_id in self._pieces.servers_with_stars():
            for star in self._pieces.stars(guild_id):
                if star.member_id == self._member_id or star.piece in own:
                    yield guild_id, star.piece

    def _erase_job(self, job_id: JobId) -> None:
        rq_job = Job.key_for(job_id)
        self._connection.delete(keys.record(job_id), keys.progress(job_id), rq_job, f"rq:results:{job_id}")
        self._connection.zrem(keys.UNDELIVERED, job_id)

    def _clean_listings(self, jobs: Iterable[JobId]) -> None:
        """Take the jobs out of the lists of all servers."""
        gone = list(jobs)
        for prefix in (keys.pieces_of_server, keys.trainings):
            pattern = prefix(0).removesuffix("0") + "*"
            for key in self._connection.scan_iter(match=pattern, count=SCANNED_AT_A_TIME):
                if gone:
                    self._connection.zrem(key, *gone)

    def _leave_schedules(self) -> None:
        """Nightly trainings stay as their servers set them; who set them is forgotten."""
        for server in cast("set[bytes]", self._connection.smembers(keys.NIGHTLIES)):
            key = keys.nightly(int(server))
            if self._connection.hget(key, "user_id") == str(self._member_id).encode():
                self._connection.hset(key, "user_id", NOBODY)


def _digests(said: Any) -> set[Digest]:
    """The digests of all files that a request or a result names, at whatever depth."""
    if isinstance(said, dict):
        own = {said["digest"]} if {"digest", "size", "content_type"} <= said.keys() else set()
        return own.union(*(_digests(value) for value in said.values()))
    if isinstance(said, list):
        return set().union(*(_digests(value) for value in said))
    return set()
