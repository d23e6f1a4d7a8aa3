"""Gateway v10: sessions, the events each was sent, resuming, and the connections with their frames and heartbeats."""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import secrets
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.server.messages import Interaction, InteractionState, Message
from sandbox.server.state import DiscordState

log = logging.getLogger(__name__)

Json = dict[str, Any]

# opcodes
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE_UPDATE, RESUME, RECONNECT = 0, 1, 2, 3, 6, 7
INVALID_SESSION, HELLO, HEARTBEAT_ACK = 9, 10, 11
# close codes
UNKNOWN_OPCODE, DECODE_ERROR, NOT_AUTHENTICATED, AUTHENTICATION_FAILED, ALREADY_AUTHENTICATED = range(4001, 4006)
UNKNOWN_SEQUENCE, RATE_LIMITED, SESSION_TIMED_OUT, INVALID_SHARD = range(4007, 4011)
INVALID_API_VERSION, INVALID_INTENTS, DISALLOWED_INTENTS = 4012, 4013, 4014
# intents
GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
PRIVILEGED_INTENTS = (1 << 1) | (1 << 8) | (1 << 15)
ALL_INTENTS = (1 << 26) - 1

RESUMABLE_S = 180.0
KEPT_EVENTS = 1000
MAX_FRAME_BYTES = 4096
MAX_FRAMES, FRAMES_WINDOW_S = 120, 60.0
MISSED_HEARTBEATS = 1.5
ACK_DELAY_S = 0.02  # shorter than any real latency; discord.py reports 41 s for an answer within its own write
_ENDS_SESSION = (1000, 1001)
# Clients that ask for zstd-stream take uncompressed frames as well, and get them.
_KNOWN_QUERY = {"encoding": ("json",), "compress": ("zlib-stream", "zstd-stream")}


class ConnectionClosedError(Exception):
    """The connection is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(eq=False)
class Session:
    """One IDENTIFY. Its events keep their numbers when the connection drops, and are sent again on RESUME."""

    intents: int
    shard: list[int] | None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    send: Callable[[Json], None] | None = None  # None while not connected
    disconnected_at: float | None = None

    def dispatch(self, name: str, data: Json) -> None:
        """Number an event, keep it for a RESUME, and send it if connected."""
        self.seq += 1
        event = {"op": DISPATCH, "t": name, "s": self.seq, "d": data}
        self.sent.append(event)
        if self.send is not None:
            self.send(event)


class Gateway:
    """All sessions of the bot. `url` is what clients connect to, `heartbeat_s` the interval of their heartbeats."""

    def __init__(self, state: DiscordState, heartbeat_s: float = 41.25) -> None:
        self._state = state
        self.heartbeat_s = heartbeat_s
        self.url = ""
        self.sessions: dict[str, Session] = {}
        self._connections: set[_Connection] = set()
        self.on_presence: list[Callable[[bool], None]] = []
        state.observers.append(self)

    @property
    def online(self) -> bool:
        """Whether the bot is connected."""
        return any(session.send is not None for session in self.sessions.values())

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """`GET /gateway`: one connection from its HELLO to its end."""
        connection = _Connection(self)
        self._connections.add(connection)
        try:
            return await connection.run(request)
        finally:
            self._connections.discard(connection)
            self.disconnected(connection)

    def identify(self, connection: _Connection, data: Json) -> Session:
        """IDENTIFY: check it, open a session, send READY and GUILD_CREATE.

        Raises:
            ConnectionClosedError: 4004 for a wrong token, 4010 for a shard, 4013 and 4014 for intents.
        """
        self._check_token(data)
        intents, shard = data.get("intents"), data.get("shard")
        if not isinstance(intents, int) or not 0 <= intents <= ALL_INTENTS:
            raise ConnectionClosedError(INVALID_INTENTS, "Invalid intent(s).")
        if intents & PRIVILEGED_INTENTS:
            raise ConnectionClosedError(DISALLOWED_INTENTS, "Disallowed intent(s).")
        if shard is not None and not _is_shard(shard):
            raise ConnectionClosedError(INVALID_SHARD, "Invalid shard.")
        session = Session(intents, shard, send=connection.send)
        self._forget_expired()
        self.sessions[session.id] = session
        self._greet(session)
        self._notify_presence()
        return session

    def _greet(self, session: Session) -> None:
        state = self._state
        sees_guild = session.shard is None or (state.guild_id >> 22) % session.shard[1] == session.shard[0]
        ready: Json = {
            "v": 10,
            "user": {**state.bot.to_json(), "verified": True, "email": None, "mfa_enabled": True},
            "guilds": [{"id": str(state.guild_id), "unavailable": True}] if sees_guild else [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "private_channels": [],
            "relationships": [],
            "application": {"id": str(state.bot.id), "flags": 0},
        }
        if session.shard is not None:
            ready["shard"] = session.shard
        session.dispatch("READY", ready)
        if sees_guild and session.intents & GUILDS:
            session.dispatch("GUILD_CREATE", state.guild_create_json())

    def resume(self, connection: _Connection, data: Json) -> Session | None:
        """RESUME: send the missed events. None (answered by op 9) if the session cannot be resumed.

        Raises:
            ConnectionClosedError: 4004 for a wrong token, 4007 for a sequence number that was never sent.
        """
        self._check_token(data)
        self._forget_expired()
        session = self.sessions.get(str(data.get("session_id")))
        seq = data.get("seq")
        if session is None or not isinstance(seq, int):
            return None
        if not 0 <= seq <= session.seq:
            raise ConnectionClosedError(UNKNOWN_SEQUENCE, "Invalid seq.")
        missed = [event for event in session.sent if event["s"] > seq]
        if len(missed) != session.seq - seq:
            del self.sessions[session.id]
            return None
        for other in self._connections:
            if other.session is session:
                other.close(4000, "Resumed elsewhere.")
        session.send, session.disconnected_at = connection.send, None
        for event in missed:
            connection.send(event)
        session.dispatch("RESUMED", {"_trace": ["local"]})
        self._notify_presence()
        return session

    def _check_token(self, data: Json) -> None:
        given = str(data.get("token", "")).removeprefix("Bot ")
        if not hmac.compare_digest(given.encode(), self._state.bot_token.encode()):
            raise ConnectionClosedError(AUTHENTICATION_FAILED, "Authentication failed.")

    def disconnected(self, connection: _Connection) -> None:
        """A connection has ended or is being closed; its session can be resumed for `RESUMABLE_S`."""
        session = connection.session
        if session is None or session.send != connection.send:
            return
        session.send, session.disconnected_at = None, self._state.clock.now()
        if connection.ended_session:
            self.sessions.pop(session.id, None)
        self._notify_presence()

    def _forget_expired(self) -> None:
        since = self._state.clock.now() - RESUMABLE_S
        self.sessions = {
            key: one
            for key, one in self.sessions.items()
            if one.disconnected_at is None or one.disconnected_at >= since
        }

    def _notify_presence(self) -> None:
        for notify in self.on_presence:
            notify(self.online)

    # for tests and the end of the server

    def close(self) -> None:
        """Close every connection with 1001."""
        for connection in self._connections:
            connection.close(1001, "Going away.")

    def drop(self) -> None:
        """Cut every connection without a closing handshake, as a failing network does."""
        for connection in self._connections:
            connection.cut()

    def ask_to_reconnect(self) -> None:
        """Send RECONNECT (op 7) on every connection."""
        for connection in self._connections:
            connection.send({"op": RECONNECT, "d": None})

    def invalidate(self, resumable: bool = False) -> None:
        """Send INVALID_SESSION (op 9) on every connection."""
        for connection in self._connections:
            if not resumable and connection.session is not None:
                self.sessions.pop(connection.session.id, None)
            connection.send({"op": INVALID_SESSION, "d": resumable})

    # Observer of the state

    def _dispatch(self, name: str, data: Json, intent: int = 0) -> None:
        for session in self.sessions.values():
            if not intent or session.intents & intent:
                session.dispatch(name, data)

    def _dispatch_message(self, name: str, message: Message, body: Json) -> None:
        """Tell sessions that asked for messages; nobody is told of ephemeral ones."""
        if message.only_for is None:
            guild_id = message.channel.guild_id
            if guild_id is not None:
                body["guild_id"] = str(guild_id)
            self._dispatch(name, body, DIRECT_MESSAGES if guild_id is None else GUILD_MESSAGES)

    def message_saved(self, message: Message, created: bool) -> None:
        """MESSAGE_CREATE or MESSAGE_UPDATE."""
        name = "MESSAGE_CREATE" if created else "MESSAGE_UPDATE"
        self._dispatch_message(name, message, message.to_json(self._state.attachments))

    def message_deleted(self, message: Message) -> None:
        """MESSAGE_DELETE."""
        body = {"id": str(message.id), "channel_id": str(message.channel.id)}
        self._dispatch_message("MESSAGE_DELETE", message, body)

    def commands_changed(self) -> None:
        """Nothing: Discord does not tell a bot about its own commands."""

    def interaction_changed(self, interaction: Interaction) -> None:
        """INTERACTION_CREATE for a new interaction."""
        if interaction.state is InteractionState.CREATED:
            self._dispatch("INTERACTION_CREATE", self._state.interaction_json(interaction))


def _is_shard(shard: object) -> bool:
    return (
        isinstance(shard, list)
        and len(shard) == 2
        and all(isinstance(one, int) for one in shard)
        and 0 <= shard[0] < shard[1]
    )


class _Connection:
    """One WebSocket; `session` is set once it identified or resumed."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._socket = web.WebSocketResponse(max_msg_size=1 << 20, autoping=True)
        self._outgoing: asyncio.Queue[Json | tuple[int, str]] = asyncio.Queue()
        self._heartbeat_at = 0.0
        self._frame_times: deque[float] = deque(maxlen=MAX_FRAMES)
        self._deflate: Any = None
        self._transport: asyncio.BaseTransport | None = None
        self.session: Session | None = None

    @property
    def ended_session(self) -> bool:
        """Whether the client closed with 1000 or 1001, which ends its session."""
        return self._socket.close_code in _ENDS_SESSION

    def send(self, payload: Json) -> None:
        """Queue a frame; frames leave in the order they were queued."""
        self._outgoing.put_nowait(payload)

    def close(self, code: int, reason: str) -> None:
        """Close after the queued frames have left."""
        self._outgoing.put_nowait((code, reason))

    def cut(self) -> None:
        """Cut the connection without a closing handshake."""
        if self._transport is not None:
            self._transport.abort()  # type: ignore[attr-defined]

    async def run(self, request: web.Request) -> web.StreamResponse:
        """Serve the connection from HELLO to its end."""
        for name, value in request.query.items():
            if name != "v" and value not in _KNOWN_QUERY.get(name, ()):
                log.warning("gateway: refused a connection with the query parameter %s=%s", name, value)
                return web.Response(status=400, text=f"The local gateway does not support {name}={value}.")
        await self._socket.prepare(request)
        self._transport = request.transport
        if request.query.get("v", "10") != "10":
            await self._socket.close(code=INVALID_API_VERSION, message=b"Invalid API version.")
            return self._socket
        if request.query.get("compress") == "zlib-stream":
            self._deflate = zlib.compressobj()
        self._heartbeat_at = asyncio.get_running_loop().time()
        self.send({"op": HELLO, "d": {"heartbeat_interval": int(self._gateway.heartbeat_s * 1000)}})
        tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._watch_heartbeats())]
        try:
            await self._read()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._socket

    async def _write(self) -> None:
        while True:
            payload = await self._outgoing.get()
            if isinstance(payload, tuple):
                self._gateway.disconnected(self)  # a client that has gone silent never answers the closing handshake
                await self._socket.close(code=payload[0], message=payload[1].encode())
                return
            frame = json.dumps(payload, separators=(",", ":"))
            try:
                if self._deflate is None:
                    await self._socket.send_str(frame)
                else:
                    packed = self._deflate.compress(frame.encode()) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
                    await self._socket.send_bytes(packed)
            except ConnectionError:
                return

    async def _watch_heartbeats(self) -> None:
        """Close a connection whose heartbeats have stopped."""
        limit_s = self._gateway.heartbeat_s * MISSED_HEARTBEATS
        while True:
            await asyncio.sleep(self._gateway.heartbeat_s / 4)
            if asyncio.get_running_loop().time() - self._heartbeat_at > limit_s:
                self.close(SESSION_TIMED_OUT, "Session timed out.")
                return

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self._handle(message.data)
        except ConnectionClosedError as error:
            log.warning("gateway: closed a connection: %s %s", error.code, error.reason)
            await self._socket.close(code=error.code, message=error.reason.encode())

    def _handle(self, data: str | bytes) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._frame_times) == MAX_FRAMES and now - self._frame_times[0] < FRAMES_WINDOW_S:
            raise ConnectionClosedError(RATE_LIMITED, "Rate limited.")
        self._frame_times.append(now)
        try:
            frame = json.loads(data) if len(data) <= MAX_FRAME_BYTES else None
        except ValueError:
            frame = None
        if not isinstance(frame, dict):
            raise ConnectionClosedError(DECODE_ERROR, "Error while decoding payload.")
        self._obey(frame.get("op"), frame.get("d"))

    def _obey(self, op: object, data: Any) -> None:
        if op == HEARTBEAT:
            loop = asyncio.get_running_loop()
            self._heartbeat_at = loop.time()
            loop.call_later(ACK_DELAY_S, self.send, {"op": HEARTBEAT_ACK})
        elif op in (IDENTIFY, RESUME):
            if self.session is not None:
                raise ConnectionClosedError(ALREADY_AUTHENTICATED, "Already authenticated.")
            if not isinstance(data, dict):
                raise ConnectionClosedError(DECODE_ERROR, "Error while decoding payload.")
            self._authenticate(op == IDENTIFY, data)
        elif self.session is None:
            raise ConnectionClosedError(NOT_AUTHENTICATED, "Not authenticated.")
        elif op != PRESENCE_UPDATE:  # the others (voice, members, soundboard) would wait for events that never come
            raise ConnectionClosedError(UNKNOWN_OPCODE, f"Unknown opcode {op}.")

    def _authenticate(self, is_new: bool, data: Json) -> None:
        if is_new:
            self.session = self._gateway.identify(self, data)
            return
        self.session = self._gateway.resume(self, data)
        if self.session is None:
            self.send({"op": INVALID_SESSION, "d": False})
