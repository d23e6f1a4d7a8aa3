"""The names of the Redis keys of Cadenza; RQ's own start with `rq:`."""

from __future__ import annotations

PREFERRED = "cadenza:preferred"  # hash: server -> its default model
SERIAL_OWNERS = "cadenza:in_turn"  # set of keys: the open jobs of owners whose jobs run one after another
NIGHTLIES = "cadenza:nightlies"  # set of servers that ever had a nightly training
UNDELIVERED = "cadenza:undelivered"  # zset: job id -> when it was asked for; until its result is delivered
WORKERS = "cadenza:workers"  # set of worker names, some of them dead
FILES = "cadenza:files"  # zset: SHA-256 of a file -> when it expires
FILE_ENTRIES = "cadenza:files:entries"  # hash: SHA-256 of a file -> its size and the object that holds its bytes
FILE_BYTES = "cadenza:files:bytes"  # string: the size of all files together
FILE_SWEEP = "cadenza:files:sweep"  # string with a short life: a worker sweeps
DURATIONS = "cadenza:durations"  # hash: sums over the durations of finished jobs, for each kind
STARRING = "cadenza:starring"  # set of servers that have starred pieces
STARS_RENEWED = "cadenza:stars_renewed"  # string with a life of a day: the files of starred pieces were renewed
RECOVERY_LOCK = "cadenza:recovery"  # one process looks for lost jobs at a time


def record(job_id: str) -> str:
    """Hash: the record of a job."""
    return f"cadenza:record:{job_id}"


def progress(job_id: str) -> str:
    """Stream: the job's updates."""
    return f"cadenza:progress:{job_id}"


def active(kind: str) -> str:
    """Sorted set: jobs of a kind that are not settled -> when they stop counting."""
    return "cadenza:active" if kind == "compose" else f"cadenza:active:{kind}"


def owned(kind: str, owner: int) -> str:
    """Sorted set: a member's or a server's jobs of a kind that are not settled -> when they stop counting."""
    return f"cadenza:member:{owner}" if kind == "compose" else f"cadenza:owned:{kind}:{owner}"


def trainings(guild_id: int) -> str:
    """Sorted set: a server's trainings, over or not -> when they were asked for."""
    return f"cadenza:trainings:{guild_id}"


def pieces_of_member(member_id: int) -> str:
    """Sorted set: the pieces that a member asked for -> when."""
    return f"cadenza:pieces:member:{member_id}"


def pieces_of_server(guild_id: int) -> str:
    """Sorted set: the pieces that were asked for on a server, private ones left out -> when."""
    return f"cadenza:pieces:server:{guild_id}"


def stars(guild_id: int) -> str:
    """Hash: a starred piece of a server -> its `Star`."""
    return f"cadenza:stars:{guild_id}"


def names(guild_id: int, what: str) -> str:
    """Set: the names of a server's data sets or models, for autocomplete."""
    return f"cadenza:names:{what}:{guild_id}"


def data_set_sizes(guild_id: int) -> str:
    """Hash: the name of each of a server's data sets -> its number of pieces; the empty name is always there."""
    return f"cadenza:data_set_sizes:{guild_id}"


def full(guild_id: int) -> str:
    """Hash: why a server can have no other model ('count'), or no other version of any ('size')."""
    return f"cadenza:full:{guild_id}"


def nightly(guild_id: int) -> str:
    """Hash: the nightly training of a server."""
    return f"cadenza:nightly:{guild_id}"


def blob(digest: str) -> str:
    """String: the bytes of a file, where a version before the file store kept them."""
    return f"cadenza:blob:{digest}"


def worker(name: str) -> str:
    """String with a short life: the description of a live worker."""
    return f"cadenza:worker:{name}"


def recent_worker(name: str) -> str:
    """String: the latest description of a worker; outlives it, so that one that restarts is expected back."""
    return f"cadenza:recent_worker:{name}"


def stranded(job_id: str) -> str:
    """String with a short life: since when a job hangs between the queue and a worker."""
    return f"cadenza:stranded:{job_id}"


def adrift(job_id: str) -> str:
    """String with a short life: since when an open job is neither queued nor running."""
    return f"cadenza:adrift:{job_id}"
