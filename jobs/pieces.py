"""Which finished pieces a member and a server have, and which of them are starred: what `/library` shows.

The pieces themselves are the records of compose jobs. Here are only their ids, in the order in which they were asked
for, and the stars. A record that is starred does not expire, and its files are renewed as long as the star is there.
"""

from __future__ import annotations

import logging
from typing import cast

import redis
from pydantic import Field

from jobs import keys
from jobs.blobs import BlobStore, FileSweeper
from jobs.contract import ComposeRequest, ComposeResult, Contract, Digest, JobId, Record
from jobs.errors import BlobGone, FileStoreUnavailable, UnreadableRecord
from jobs.records import RecordStore
from jobs.settings import JobSettings

log = logging.getLogger(__name__)

MOST_OF_MEMBER, MOST_OF_SERVER = 500, 2_000  # ids that are kept; the oldest go first
STARS_RENEWED_S = 24 * 3600


class Star(Contract):
    """A starred piece of a server: who starred it when, and the digest of the file that went into the data set."""

    piece: JobId
    member_id: int
    at: float = Field(description="epoch seconds")
    digest: Digest


class PieceIndex:
    """Reads and writes the ids of pieces and the stars."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings
        self._records = RecordStore(connection, settings)
        self._blobs = BlobStore(connection, settings)

    def add(self, request: ComposeRequest, at: float) -> None:
        """Record that a piece was asked for at `at` (epoch seconds). A private one is listed for its member only."""
        owners = [(keys.pieces_of_member(request.requester_id), MOST_OF_MEMBER)]
        if request.guild_id is not None and not request.private:
            owners.append((keys.pieces_of_server(request.guild_id), MOST_OF_SERVER))
        with self._connection.pipeline() as pipeline:
            for key, most in owners:
                pipeline.zadd(key, {request.job_id: at})
                pipeline.zremrangebyrank(key, 0, -1 - most)
                pipeline.expire(key, self._settings.record_ttl_s + self._settings.open_job_limit_s)
            pipeline.execute()

    def of_member(self, member_id: int) -> list[Record]:
        """The finished pieces that the member asked for, the newest first."""
        return self._finished(keys.pieces_of_member(member_id))

    def of_server(self, guild_id: int) -> list[Record]:
        """The finished pieces that were asked for on the server, private ones left out, the newest first."""
        return self._finished(keys.pieces_of_server(guild_id))

    def starred(self, guild_id: int) -> list[tuple[Star, Record]]:
        """The starred pieces of the server, the latest star first."""
        stars = self.stars(guild_id)
        found = {record.job_id: record for record in self._read([star.piece for star in stars])}
        return [(star, found[star.piece]) for star in stars if star.piece in found]

    def star(self, guild_id: int, piece: JobId) -> Star | None:
        """The star of a piece; None for one that is not starred."""
        said = cast("bytes | None", self._connection.hget(keys.stars(guild_id), piece))
        return None if said is None else Star.model_validate_json(said)

    def add_star(self, guild_id: int, star: Star) -> None:
        """Star a piece: its record does not expire any more. A second star changes nothing."""
        if self._connection.hsetnx(keys.stars(guild_id), star.piece, star.model_dump_json()):
            self._connection.sadd(keys.STARRING, guild_id)
            self._connection.persist(keys.record(star.piece))

    def remove_star(self, guild_id: int, piece: JobId) -> None:
        """Take the star away: the record expires as if the piece had just been finished."""
        if self._connection.hdel(keys.stars(guild_id), piece):
            self._connection.expire(keys.record(piece), self._settings.record_ttl_s)

    def servers_with_stars(self) -> list[int]:
        """The servers that have starred anything."""
        return sorted(int(one) for one in cast("set[bytes]", self._connection.smembers(keys.STARRING)))

    def renew_starred(self) -> int:
        """Let the files of starred pieces live on; how many pieces that is."""
        count = 0
        for guild_id in self.servers_with_stars():
            for _, record in self.starred(guild_id):
                count += 1
                self._renew(record)
        return count

    def _renew(self, record: Record) -> None:
        result = record.result
        if not isinstance(result, ComposeResult):
            return
        others = [file for other in result.others for file in (other.midi, other.audio)]
        for file in (result.midi, result.audio, result.picture, *others):
            try:
                if file is not None:
                    self._blobs.renew(file)
            except BlobGone:
                log.info("job %s is starred, and its file %s is gone", record.job_id, file)

    def stars(self, guild_id: int) -> list[Star]:
        """The stars of a server, the latest first."""
        said = cast("list[bytes]", self._connection.hvals(keys.stars(guild_id)))
        return sorted((Star.model_validate_json(one) for one in said), key=lambda star: -star.at)

    def _finished(self, key: str) -> list[Record]:
        ids = [one.decode() for one in cast("list[bytes]", self._connection.zrevrange(key, 0, -1))]
        return self._read(ids)

    def _read(self, ids: list[JobId]) -> list[Record]:
        found = []
        for job_id, record in zip(ids, self._records.find_all(ids), strict=True):
            if isinstance(record, UnreadableRecord):
                log.warning("job %s: its record was written by another version and is left out", job_id)
            elif record is not None and isinstance(record.result, ComposeResult):
                found.append(record)
        return found


class PieceSweeper(FileSweeper):
    """Deletes expired files like `FileSweeper`, but first renews those of starred pieces, once a day."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        super().__init__(connection, settings)
        self._lock = connection
        self._pieces = PieceIndex(connection, settings)

    def sweep(self) -> None:
        """Renew and sweep; a fault is logged, and the next sweep tries again."""
        try:
            if self._lock.set(keys.STARS_RENEWED, "1", nx=True, ex=STARS_RENEWED_S):
                log.info("%d starred pieces renewed", self._pieces.renew_starred())
        except (redis.RedisError, FileStoreUnavailable) as error:
            log.warning("starred pieces could not be renewed: %s", error)
            return  # nothing is deleted that may be starred
        super().sweep()
