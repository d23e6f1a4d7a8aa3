"""The checks of Redis for the `doctor` commands: address, password, version, disk, eviction, memory, rights, clock.

Every right is tried on keys of its own, which last a minute at most; nothing of Cadenza's own data is read or changed.
"""

from __future__ import annotations

import ipaddress
import secrets
import time
from collections.abc import Iterator
from typing import Any, cast

import redis
from redis.connection import parse_url
from redis.exceptions import NoPermissionError, ReadOnlyError

from jobs.doctor import Finding, ok, problem, warning
from jobs.settings import JobSettings, connect

OLDEST = (6, 2)  # the first with BLMOVE
CLOCK_LIMIT_S = 2.0  # expiry times and heartbeats are compared across machines
FULL = 0.9  # of the memory limit
SMALLEST_BYTES = 32 << 20
MIB = 1 << 20
RIGHTS = "~cadenza:* ~rq:* &rq:* +@all -@dangerous -@admin +info"
"""The rights that the bot and the workers need, in the words of `ACL SETUSER`."""

Info = dict[str, Any]


def check_redis(settings: JobSettings) -> list[Finding]:
    """All that can be found out about Redis; where it does not answer, why."""
    connection = connect(settings)
    try:
        return [*_check(connection, settings)]
    except (redis.ConnectionError, redis.TimeoutError) as error:
        return [_unreachable(settings, error)]
    finally:
        connection.close()


def _check(connection: redis.Redis, settings: JobSettings) -> Iterator[Finding]:
    started = time.monotonic()
    try:
        connection.ping()
    except redis.AuthenticationError:
        yield problem(
            "redis",
            f"Redis at {_address(settings)} refuses the password or the user.",
            "Set REDIS_PASSWORD, or the user and password in REDIS_URL, to those of the server.",
        )
        return
    except redis.BusyLoadingError:
        yield problem("redis", f"Redis at {_address(settings)} is still loading its data.", "Wait and try again.")
        return
    except NoPermissionError:
        pass  # it answers; `_rights` says what is missing
    answer_ms = 1000 * (time.monotonic() - started)
    yield ok("redis", f"Redis at {_address(settings)} answered after {answer_ms:.0f} ms.")
    yield from _secrecy(settings)
    rights = _rights(connection)
    yield rights
    info = _info(connection)
    if info is None:
        sentence = "The Redis user may not run INFO, so version, disk and memory cannot be checked."
        yield warning("redis info", sentence, f"Add the right: ACL SETUSER {_user(connection)} +info.")
    else:
        yield from (_version(info), _role(info), _persistence(connection, info), _eviction(info), _memory(info))
    yield _clock(connection)


def _unreachable(settings: JobSettings, error: Exception) -> Finding:
    why = str(error.__cause__ or error).rstrip(".")
    where = _address(settings)
    text = f"{error} {error.__cause__}".lower()
    if "certificate" in text:
        mend = "Name the server's certificate authority in REDIS_URL: rediss://…?ssl_ca_certs=FILE."
        return problem("redis", f"The TLS certificate of Redis at {where} is not trusted: {why}.", mend)
    is_tls = settings.redis_url.get_secret_value().startswith("rediss://")
    if "wrong version number" in text or (is_tls and isinstance(error, redis.TimeoutError)):  # it waits for a command
        mend = "Write redis:// in REDIS_URL for a server without TLS, rediss:// for one with TLS."
        return problem("redis", f"Redis at {where} does not answer in TLS, as REDIS_URL asks: {why}.", mend)
    if "closed by server" in text or "connection reset" in text:
        mend = "Write rediss:// in REDIS_URL if the server speaks TLS, and check that it accepts this machine."
        return problem("redis", f"Redis at {where} closed the connection: {why}.", mend)
    mend = "Check that the server runs, that REDIS_URL names its host and port, and that no firewall is between."
    return problem("redis", f"Redis at {where} does not answer: {why}.", mend)


def _parts(settings: JobSettings) -> Info:
    return dict(parse_url(settings.redis_url.get_secret_value()))


def _address(settings: JobSettings) -> str:
    """Host and port, without user and password."""
    parts = _parts(settings)
    return str(parts.get("path") or f"{parts.get('host', 'localhost')}:{parts.get('port', 6379)}")


def _secrecy(settings: JobSettings) -> Iterator[Finding]:
    """Whether a stranger could read or change jobs: TLS, its certificate, a password."""
    parts, url = _parts(settings), settings.redis_url.get_secret_value()
    host = str(parts.get("host", "localhost"))
    is_local = "path" in parts or _is_loopback(host)
    if not url.startswith("rediss://"):
        if is_local or _is_private(host):
            yield ok(
                "redis tls", f"Redis at {host} is on this machine or a private network and is reached without TLS."
            )
        else:
            sentence = f"The connection to Redis at {host} is not encrypted."
            yield warning("redis tls", sentence, "Write rediss:// in REDIS_URL and turn on TLS in the server.")
    elif str(parts.get("ssl_cert_reqs", "required")) == "none":
        sentence = "The certificate of Redis is not checked (ssl_cert_reqs=none), so any server could pose as it."
        yield warning("redis tls", sentence, "Name its certificate authority instead: ?ssl_ca_certs=FILE.")
    else:
        yield ok("redis tls", "The connection to Redis is encrypted and its certificate is checked.")
    if parts.get("password") or settings.redis_password:
        yield ok("redis password", "Redis asks for a password.")
        return
    mend = "Set `requirepass` in the server and REDIS_PASSWORD here: whoever reaches Redis can run jobs."
    make = warning if is_local else problem
    yield make("redis password", "Redis takes commands without a password.", mend)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_private(host: str) -> bool:
    """Names without a dot are those of containers and of a local network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def _info(connection: redis.Redis) -> Info | None:
    try:
        return connection.info()
    except redis.ResponseError:
        return None


def _version(info: Info) -> Finding:
    name = "Valkey" if "valkey_version" in info else "Redis"
    text = str(info.get("valkey_version") or info.get("redis_version", "0"))
    numbers = tuple(int(part) for part in str(info.get("redis_version", "0")).split(".")[:2] if part.isdigit())
    if numbers < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        mend = f"Install Redis {oldest} or newer, or any Valkey."
        return problem("redis version", f"{name} {text} lacks commands that jobs need.", mend)
    return ok("redis version", f"It is {name} {text}.")


def _role(info: Info) -> Finding:
    if info.get("role") in ("slave", "replica"):
        sentence = f"This Redis is a read-only replica of {info.get('master_host')}:{info.get('master_port')}."
        return problem("redis role", sentence, "Name the primary in REDIS_URL.")
    return ok("redis role", "It is a primary, which takes writes.")


def _persistence(connection: redis.Redis, info: Info) -> Finding:
    for field in ("aof_last_write_status", "aof_last_bgrewrite_status", "rdb_last_bgsave_status"):
        if info.get(field, "ok") != "ok":
            sentence = f"Redis could not write to its disk ({field} is {info[field]})."
            return problem("redis disk", sentence, "Make room on its disk and read its log; see docs/running.md.")
    if info.get("aof_enabled"):
        return ok("redis disk", "Redis keeps an append-only file, so jobs survive its restart.")
    mend = "Set `appendonly yes`: CONFIG SET appendonly yes, and in redis.conf."
    if _saves(connection):
        return warning(
            "redis disk", "Redis keeps snapshots only: a restart loses the minutes since the last one.", mend
        )
    return problem("redis disk", "Redis keeps nothing on disk: a restart loses all open jobs and records.", mend)


def _saves(connection: redis.Redis) -> bool:
    """Whether it takes snapshots by itself; where it may not be asked, as its default is."""
    try:
        return bool(cast(Info, connection.config_get("save")).get("save", "default"))
    except redis.ResponseError:
        return True


def _eviction(info: Info) -> Finding:
    policy = str(info.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction":
        sentence = f"Redis deletes jobs when its memory is full (maxmemory-policy {policy})."
        mend = "Set `maxmemory-policy noeviction`: CONFIG SET maxmemory-policy noeviction, and in redis.conf."
        return problem("redis eviction", sentence, mend)
    return ok("redis eviction", "Redis refuses new jobs when its memory is full and forgets none.")


def _memory(info: Info) -> Finding:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    size = f"{used / MIB:.0f} MiB"
    if most == 0:
        mend = "Set `maxmemory 256mb` or more, so that it refuses jobs before the system ends it."
        return warning("redis memory", f"Redis uses {size} and has no memory limit.", mend)
    limit = f"{most / MIB:.0f} MiB"
    if used > FULL * most:
        mend = "Raise `maxmemory` (CADENZA_REDIS_MEMORY with docker compose), or lower CADENZA_JOBS_RECORD_TTL_S."
        return problem("redis memory", f"Redis uses {size} of the {limit} it may use and will soon refuse jobs.", mend)
    if most < SMALLEST_BYTES:
        return warning("redis memory", f"Redis may use {limit} only.", "Set `maxmemory 256mb` or more.")
    return ok("redis memory", f"Redis uses {size} of the {limit} it may use.")


def _clock(connection: redis.Redis) -> Finding:
    before = time.time()
    try:
        seconds, micros = connection.time()
    except redis.ResponseError:
        return warning("clock", "The Redis user may not run TIME, so the clocks cannot be compared.", "Add +time.")
    apart_s = (seconds + micros / 1e6) - (before + time.time()) / 2
    return clock_finding(apart_s)


def clock_finding(apart_s: float) -> Finding:
    """What it means that the clock of Redis is `apart_s` seconds ahead of this machine's."""
    if abs(apart_s) > CLOCK_LIMIT_S:
        ahead = "ahead of" if apart_s > 0 else "behind"
        sentence = f"The clock of Redis is {abs(apart_s):.0f} s {ahead} this machine's."
        return problem("clock", sentence, "Turn on time synchronisation (NTP) on both machines.")
    return ok("clock", "This machine's clock agrees with that of Redis.")


def _user(connection: redis.Redis) -> str:
    try:
        name = connection.acl_whoami()
    except redis.ResponseError:
        return "NAME"
    return name.decode() if isinstance(name, bytes) else str(name)


def _rights(connection: redis.Redis) -> Finding:
    """Tries the commands that jobs are made of, on keys with both prefixes."""
    denied: list[str] = []
    for prefix in ("cadenza:doctor:", "rq:doctor:"):
        for command in _tried(f"{prefix}{secrets.token_hex(8)}:"):
            name = str(command[0])
            try:
                connection.execute_command(*command)
            except NoPermissionError as error:
                denied.append(f"keys {prefix.partition(':')[0]}:*" if "key" in str(error).lower() else name)
            except ReadOnlyError:
                return problem("redis rights", "Redis refuses writes: it is a read-only replica.", "Name the primary.")
            except redis.ResponseError as error:
                return _refused_write(error)
    denied += [] if _may_listen(connection) else ["SUBSCRIBE rq:*"]
    if denied:
        user = _user(connection)
        sentence = f"The Redis user {user} may not use: {', '.join(dict.fromkeys(denied))}."
        return problem("redis rights", sentence, f"Give it the rights: ACL SETUSER {user} {RIGHTS}.")
    return ok("redis rights", "The Redis user may run every command that jobs need.")


def _refused_write(error: redis.ResponseError) -> Finding:
    text = str(error).rstrip(".")
    if text.startswith("OOM") or "maxmemory" in text:
        mend = "Raise `maxmemory` (CADENZA_REDIS_MEMORY with docker compose), or delete what else is kept there."
        return problem("redis rights", "Redis has reached its memory limit and refuses every write.", mend)
    if text.startswith("MISCONF"):
        mend = "Make room on its disk and read its log."
        return problem("redis rights", f"Redis refuses writes because its disk is full or broken: {text}.", mend)
    mend = "Use a Redis or Valkey without renamed commands and not in cluster mode."
    return problem("redis rights", f"Redis refuses a command that jobs need: {text}.", mend)


def _tried(key: str) -> list[tuple[str | float, ...]]:
    """Commands on keys that begin with `key`, the deletion last."""
    string, hash_, sorted_, set_, stream, list_ = (f"{key}{name}" for name in ("s", "h", "z", "m", "x", "l"))
    made = [string, hash_, sorted_, set_, stream, list_]
    return [
        ("SET", string, "1", "EX", 60, "NX"), ("GET", string), ("MGET", string), ("EXISTS", string),
        ("INCRBY", string, 1),
        ("HSET", hash_, "field", "1"), ("HGETALL", hash_), ("HMGET", hash_, "field"), ("HDEL", hash_, "other"),
        ("ZADD", sorted_, 1, "member"), ("ZRANGE", sorted_, 0, -1), ("ZREM", sorted_, "other"),
        ("ZREMRANGEBYSCORE", sorted_, 5, 6),
        ("SADD", set_, "member"), ("SMEMBERS", set_), ("SREM", set_, "other"),
        ("XADD", stream, "*", "field", "1"), ("XREAD", "COUNT", 1, "STREAMS", stream, "0"),
        ("XREVRANGE", stream, "+", "-", "COUNT", 1), ("XTRIM", stream, "MAXLEN", 1),
        ("RPUSH", list_, "1"), ("LRANGE", list_, 0, -1), ("LPOS", list_, "1"), ("LREM", list_, 0, "2"),
        ("BLMOVE", list_, list_, "LEFT", "LEFT", 0.01),
        *((("EXPIRE", name, 60)) for name in made),
        ("EVAL", "return redis.call('EXISTS', KEYS[1])", 1, string), ("SCRIPT", "LOAD", "return 1"),
        ("PUBLISH", "rq:pubsub:doctor", ""),
        ("DEL", *made),
    ]  # fmt: skip


def _may_listen(connection: redis.Redis) -> bool:
    """Whether RQ may hear that a job is to be stopped."""
    with connection.pubsub() as channel:
        try:
            channel.subscribe("rq:pubsub:doctor")
            channel.get_message(timeout=1.0)
        except NoPermissionError:
            return False
    return True
