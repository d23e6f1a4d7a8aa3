"""One connection to the gateway: frames in and out, heartbeats, and the close codes of protocol errors."""

from __future__ import annotations

import asyncio
import json
import logging
import zlib
from collections import deque
from typing import TYPE_CHECKING, Any

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from sandbox.discord.gateway import Gateway, Session

log = logging.getLogger(__name__)

Json = dict[str, Any]

DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE_STATE, RESUME, RECONNECT = 0, 1, 2, 3, 4, 6, 7
REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK, SOUNDBOARD = 8, 9, 10, 11, 31
MAX_FRAME_BYTES = 4096
MAX_FRAMES, FRAMES_WINDOW_S = 120, 60.0
MISSED_BEATS = 1.5
ACK_DELAY_S = 0.02  # no real gateway is nearer; discord.py takes an answer within its own write for 41 s of latency
_FOR_GOOD = (1000, 1001)


class CloseSocketError(Exception):
    """The connection is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class GatewaySocket:
    """A connection; `session` is set once it identified or resumed."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._socket = web.WebSocketResponse(max_msg_size=1 << 20, autoping=True)
        self._out: asyncio.Queue[Json | tuple[int, str]] = asyncio.Queue()
        self._heard_at = 0.0
        self._frames: deque[float] = deque(maxlen=MAX_FRAMES)
        self._deflate: Any = None
        self._transport: asyncio.BaseTransport | None = None
        self.session: Session | None = None

    @property
    def was_closed_by_client_for_good(self) -> bool:
        """Whether the client closed with 1000 or 1001, which ends its session."""
        return self._socket.close_code in _FOR_GOOD

    def send(self, payload: Json) -> None:
        """Queue a frame; frames leave in the order in which they were queued."""
        self._out.put_nowait(payload)

    def end(self, code: int, reason: str) -> None:
        """Close after what is queued has left."""
        self._out.put_nowait((code, reason))

    def cut(self) -> None:
        """Cut the connection without a closing handshake."""
        if self._transport is not None:
            self._transport.abort()  # type: ignore[attr-defined]

    async def run(self, request: web.Request) -> web.WebSocketResponse:
        """Serve the connection from HELLO to its end."""
        await self._socket.prepare(request)
        self._transport = request.transport
        if request.query.get("v", "10") != "10":
            await self._socket.close(code=4012, message=b"Invalid API version.")
            return self._socket
        if request.query.get("compress") == "zlib-stream":
            self._deflate = zlib.compressobj()
        self._heard_at = asyncio.get_running_loop().time()
        self.send({"op": HELLO, "d": {"heartbeat_interval": int(self._gateway.heartbeat_s * 1000)}})
        tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._watch())]
        try:
            await self._read()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._socket

    async def _write(self) -> None:
        while True:
            payload = await self._out.get()
            if isinstance(payload, tuple):
                self._gateway.left(self)  # a client that has gone silent will not answer the closing handshake
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

    async def _watch(self) -> None:
        """Close a connection that has stopped sending heartbeats."""
        limit_s = self._gateway.heartbeat_s * MISSED_BEATS
        while True:
            await asyncio.sleep(self._gateway.heartbeat_s / 4)
            if asyncio.get_running_loop().time() - self._heard_at > limit_s:
                self.end(4009, "Session timed out.")
                return

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                if message.type is WSMsgType.TEXT:
                    self._take(message.data)
                elif message.type is WSMsgType.BINARY:
                    self._take(message.data.decode())
        except CloseSocketError as refused:
            log.info("gateway: closed a connection: %s %s", refused.code, refused.reason)
            await self._socket.close(code=refused.code, message=refused.reason.encode())
        except UnicodeDecodeError:
            await self._socket.close(code=4002, message=b"Error while decoding payload.")

    def _take(self, text: str) -> None:
        now = asyncio.get_running_loop().time()
        if len(self._frames) == MAX_FRAMES and now - self._frames[0] < FRAMES_WINDOW_S:
            raise CloseSocketError(4008, "Rate limited.")
        self._frames.append(now)
        try:
            frame = json.loads(text) if len(text) <= MAX_FRAME_BYTES else None
        except json.JSONDecodeError:
            frame = None
        if not isinstance(frame, dict):
            raise CloseSocketError(4002, "Error while decoding payload.")
        self._obey(frame.get("op"), frame.get("d"))

    def _obey(self, op: object, data: Any) -> None:
        if op == HEARTBEAT:
            loop = asyncio.get_running_loop()
            self._heard_at = loop.time()
            loop.call_later(ACK_DELAY_S, self.send, {"op": HEARTBEAT_ACK})
        elif op in (IDENTIFY, RESUME):
            if self.session is not None:
                raise CloseSocketError(4005, "Already authenticated.")
            if not isinstance(data, dict):
                raise CloseSocketError(4002, "Error while decoding payload.")
            self._enter(op == IDENTIFY, data)
        elif self.session is None:
            raise CloseSocketError(4003, "Not authenticated.")
        elif op not in (PRESENCE, VOICE_STATE, REQUEST_MEMBERS, SOUNDBOARD):
            raise CloseSocketError(4001, "Unknown opcode.")

    def _enter(self, is_new: bool, data: Json) -> None:
        if is_new:
            self.session = self._gateway.identify(self, data)
            return
        self.session = self._gateway.resume(self, data)
        if self.session is None:
            self.send({"op": INVALID_SESSION, "d": False})
