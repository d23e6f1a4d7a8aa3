"""Gateway v10: who is connected, what each was sent, and taking up a dropped connection where it ended."""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.discord.gateway_socket import DISPATCH, INVALID_SESSION, RECONNECT, CloseSocketError, GatewaySocket
from sandbox.discord.interactions import Interaction, State
from sandbox.discord.messages import Message
from sandbox.discord.world import World

Json = dict[str, Any]

GUILDS, GUILD_MESSAGES, DIRECT_MESSAGES = 1 << 0, 1 << 9, 1 << 12
MESSAGE_CONTENT = 1 << 15
PRIVILEGED = (1 << 1) | (1 << 8) | MESSAGE_CONTENT
ALL_INTENTS = (1 << 26) - 1
RESUMABLE_S = 180.0
KEPT_EVENTS = 1000
UNKNOWN_SEQUENCE, AUTHENTICATION_FAILED, INVALID_SHARD = 4007, 4004, 4010
INVALID_INTENTS, DISALLOWED_INTENTS = 4013, 4014


@dataclass(eq=False)
class Session:
    """One IDENTIFY: its events keep their numbers when the connection drops, and are sent again on RESUME."""

    intents: int
    shard: list[int] | None
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    sent: deque[Json] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    socket: GatewaySocket | None = None
    left_at: float | None = None

    def dispatch(self, name: str, data: Json) -> None:
        """Number an event, keep it for a RESUME and send it if connected."""
        self.seq += 1
        event = {"op": DISPATCH, "t": name, "s": self.seq, "d": data}
        self.sent.append(event)
        if self.socket is not None:
            self.socket.send(event)


class Gateway:
    """All sessions of the bot. `url` is what clients connect to; `heartbeat_s` how often they must be heard."""

    def __init__(self, world: World, heartbeat_s: float = 41.25) -> None:
        self._world = world
        self.heartbeat_s = heartbeat_s
        self.url = ""
        self.sessions: dict[str, Session] = {}
        self.sockets: set[GatewaySocket] = set()
        self.on_presence: list[Any] = []
        world.observers.append(self)

    @property
    def online(self) -> bool:
        """Whether the bot is connected."""
        return any(session.socket is not None for session in self.sessions.values())

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """`GET /gateway`: one connection from its HELLO to its end."""
        socket = GatewaySocket(self)
        self.sockets.add(socket)
        try:
            return await socket.run(request)
        finally:
            self.sockets.discard(socket)
            self.left(socket)

    def identify(self, socket: GatewaySocket, data: Json) -> Session:
        """IDENTIFY: check it, open a session and send READY and GUILD_CREATE.

        Raises:
            CloseSocketError: 4004 for a wrong token, 4010 shard, 4013 and 4014 intents.
        """
        self._check_token(data)
        intents, shard = data.get("intents"), data.get("shard")
        if not isinstance(intents, int) or not 0 <= intents <= ALL_INTENTS:
            raise CloseSocketError(INVALID_INTENTS, "Invalid intent(s).")
        if intents & PRIVILEGED:
            raise CloseSocketError(DISALLOWED_INTENTS, "Disallowed intent(s).")
        if shard is not None and not _is_shard(shard):
            raise CloseSocketError(INVALID_SHARD, "Invalid shard.")
        session = Session(intents, shard)
        self._forget_old()
        self.sessions[session.id] = session
        session.socket = socket
        self._greet(session)
        self._tell_presence()
        return session

    def _greet(self, session: Session) -> None:
        world = self._world
        ready: Json = {
            "v": 10,
            "user": {**world.bot.to_json(), "verified": True, "email": None, "mfa_enabled": True},
            "guilds": [],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "private_channels": [],
            "relationships": [],
            "application": {"id": str(world.bot.id), "flags": 0},
        }
        if session.shard is not None:
            ready["shard"] = session.shard
        has_guild = bool(session.intents & GUILDS) and self._sees_guild(session)
        if self._sees_guild(session):
            ready["guilds"] = [{"id": str(world.guild_id), "unavailable": True}]
        session.dispatch("READY", ready)
        if has_guild:
            session.dispatch("GUILD_CREATE", world.guild_event_json())

    def resume(self, socket: GatewaySocket, data: Json) -> Session | None:
        """RESUME: send what was missed; None where the session cannot be resumed (op 9 follows).

        Raises:
            CloseSocketError: 4004 for a wrong token, 4007 for a sequence that was never given.
        """
        self._check_token(data)
        self._forget_old()
        session = self.sessions.get(str(data.get("session_id")))
        seq = data.get("seq")
        if session is None or not isinstance(seq, int):
            return None
        if not 0 <= seq <= session.seq:
            raise CloseSocketError(UNKNOWN_SEQUENCE, "Invalid seq.")
        missed = [event for event in session.sent if event["s"] > seq]
        if len(missed) != session.seq - seq:
            del self.sessions[session.id]
            return None
        if session.socket is not None:
            session.socket.end(4000, "Resumed elsewhere.")
        session.socket, session.left_at = socket, None
        for event in missed:
            socket.send(event)
        session.dispatch("RESUMED", {"_trace": ["local"]})
        self._tell_presence()
        return session

    def _check_token(self, data: Json) -> None:
        given = str(data.get("token", "")).removeprefix("Bot ")
        if not hmac.compare_digest(given.encode(), self._world.bot_token.encode()):
            raise CloseSocketError(AUTHENTICATION_FAILED, "Authentication failed.")

    def _sees_guild(self, session: Session) -> bool:
        return session.shard is None or (self._world.guild_id >> 22) % session.shard[1] == session.shard[0]

    def left(self, socket: GatewaySocket) -> None:
        """A connection has ended, or is being closed; its session can be resumed for a while."""
        session = socket.session
        if session is None or session.socket is not socket:
            return
        session.socket, session.left_at = None, self._world.clock.now()
        if socket.was_closed_by_client_for_good:
            self.sessions.pop(session.id, None)
        self._tell_presence()

    def _forget_old(self) -> None:
        since = self._world.clock.now() - RESUMABLE_S
        kept = {key: one for key, one in self.sessions.items() if one.left_at is None or one.left_at >= since}
        self.sessions = kept

    def _tell_presence(self) -> None:
        for told in self.on_presence:
            told(self.online)

    # what tests and the server's end ask for

    def drop(self) -> None:
        """Cut every connection without a word, as a failing network does."""
        for socket in list(self.sockets):
            socket.cut()

    def ask_to_reconnect(self) -> None:
        """Send RECONNECT (op 7) to everyone."""
        for socket in list(self.sockets):
            socket.send({"op": RECONNECT, "d": None})

    def invalidate(self, resumable: bool = False) -> None:
        """Send INVALID_SESSION (op 9) to everyone."""
        for socket in list(self.sockets):
            if not resumable and socket.session is not None:
                self.sessions.pop(socket.session.id, None)
            socket.send({"op": INVALID_SESSION, "d": resumable})

    # Observer of the world

    def _dispatch(self, name: str, data: Json, intent: int = 0) -> None:
        for session in self.sessions.values():
            if not intent or session.intents & intent:
                session.dispatch(name, data)

    def message_saved(self, message: Message, created: bool) -> None:
        """MESSAGE_CREATE or MESSAGE_UPDATE, to who asked for messages; ephemeral ones are told to nobody."""
        if message.only_for is None:
            body = message.to_json(self._world.store)
            in_guild = message.channel.guild_id is not None
            if in_guild:
                body["guild_id"] = str(message.channel.guild_id)
            name = "MESSAGE_CREATE" if created else "MESSAGE_UPDATE"
            self._dispatch(name, body, GUILD_MESSAGES if in_guild else DIRECT_MESSAGES)

    def message_deleted(self, message: Message) -> None:
        """MESSAGE_DELETE."""
        if message.only_for is None:
            body = {"id": str(message.id), "channel_id": str(message.channel.id)}
            in_guild = message.channel.guild_id is not None
            if in_guild:
                body["guild_id"] = str(message.channel.guild_id)
            self._dispatch("MESSAGE_DELETE", body, GUILD_MESSAGES if in_guild else DIRECT_MESSAGES)

    def commands_changed(self) -> None:
        """Bots are not told of their own commands."""

    def interaction_changed(self, interaction: Interaction) -> None:
        """INTERACTION_CREATE, for a new one."""
        if interaction.state is State.CREATED:
            self._dispatch("INTERACTION_CREATE", interaction.to_json(self._world))


def _is_shard(shard: object) -> bool:
    return (
        isinstance(shard, list)
        and len(shard) == 2
        and all(isinstance(one, int) for one in shard)
        and 0 <= shard[0] < shard[1]
    )
