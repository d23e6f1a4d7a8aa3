"""The gateway frame by frame, as its documentation describes it."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from sandbox.server.app import LocalDiscord
from sandbox.server.gateway import ACK_DELAY_S

Json = dict[str, Any]
GUILDS = 1


class Wire:
    """A client that speaks raw frames."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, op: int, data: Any) -> None:
        await self.socket.send_json({"op": op, "d": data})

    async def next(self) -> Json:
        async with asyncio.timeout(3):
            return json.loads(await self.socket.receive_str())

    async def until(self, event: str) -> Json:
        while (frame := await self.next()).get("t") != event:
            pass
        return frame

    async def close_code(self) -> int | None:
        async with asyncio.timeout(3):
            while (await self.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        return self.socket.close_code


Connect = Callable[..., Any]


@pytest.fixture
async def connect(local: LocalDiscord, http: aiohttp.ClientSession) -> Connect:
    @asynccontextmanager
    async def connected(hello: bool = True, **query: str) -> AsyncIterator[Wire]:
        async with http.ws_connect(local.gateway.url, params=query) as socket:
            wire = Wire(socket)
            if hello:
                assert (await wire.next())["op"] == 10
            yield wire

    return connected


def identity(local: LocalDiscord, **changes: Any) -> Json:
    return {"token": local.state.bot_token, "intents": GUILDS, "properties": {}, **changes}


async def test_hello_ready_and_the_guild_come_in_order(local, connect):
    async with connect(v="10", encoding="json") as wire:
        await wire.send(2, identity(local))
        ready, guild = await wire.next(), await wire.next()
        assert (ready["t"], ready["s"], guild["t"], guild["s"]) == ("READY", 1, "GUILD_CREATE", 2)
        assert ready["d"]["guilds"] == [{"id": guild["d"]["id"], "unavailable": True}]
        assert ready["d"]["resume_gateway_url"] == local.gateway.url
        assert guild["d"]["channels"][0]["name"] == "music"
        await wire.send(1, 2)
        assert (await wire.next())["op"] == 11


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([(2, {"token": "wrong"})], 4004),
        ([(2, {"intents": 1 << 30})], 4013),
        ([(2, {"intents": 1 << 15})], 4014),
        ([(2, {"shard": [3, 2]})], 4010),
        ([(2, {}), (2, {})], 4005),
        ([(2, {}), (77, None)], 4001),
        ([(2, {}), (4, {"channel_id": None})], 4001),  # voice
        ([(2, {}), (8, {"guild_id": "1"})], 4001),  # members
        ([(2, {}), (31, {"guild_ids": ["1"]})], 4001),  # soundboard sounds
        ([(3, {})], 4003),
        ([(6, {"session_id": "x", "seq": 1, "token": "wrong"})], 4004),
    ],
)
async def test_protocol_errors_close_with_discords_codes(local, connect, frames, code):
    async with connect() as wire:
        for op, changes in frames:
            await wire.send(op, identity(local, **changes) if op in (2, 6) else changes)
        assert await wire.close_code() == code


@pytest.mark.parametrize("text", ["{", "[]", '"' + "x" * 5000 + '"'])
async def test_frames_that_are_not_payloads_close_with_4002(connect, text):
    async with connect() as wire:
        await wire.socket.send_str(text)
        assert await wire.close_code() == 4002


async def test_any_other_api_version_closes_with_4012(connect):
    async with connect(hello=False, v="6") as wire:
        assert await wire.close_code() == 4012


@pytest.mark.parametrize("query", [{"encoding": "etf"}, {"compress": "lz4-stream"}, {"shard": "0"}])
async def test_a_connection_with_an_unsupported_query_parameter_is_refused(local, http, query):
    with pytest.raises(aiohttp.WSServerHandshakeError, match="400"):
        await http.ws_connect(local.gateway.url, params=query)


async def test_a_heartbeat_is_answered_but_not_before_its_sender_can_have_looked_at_the_clock(connect):
    loop = asyncio.get_running_loop()
    async with connect() as wire:
        sent = loop.time()
        await wire.send(1, None)
        assert (await wire.next())["op"] == 11
        assert loop.time() - sent > ACK_DELAY_S / 2


async def test_a_client_without_heartbeats_is_closed(local, connect):
    async with connect() as wire:
        await wire.send(2, identity(local))
        assert await wire.close_code() == 4009
    assert not local.gateway.online


async def test_more_than_120_frames_a_minute_close_with_4008(connect, local):
    async with connect() as wire:
        await wire.send(2, identity(local))
        for _ in range(120):
            await wire.send(3, {})
        assert await wire.close_code() == 4008


async def test_a_resume_replays_what_was_missed_in_order(local, connect, wait_until):
    async with connect() as wire:
        await wire.send(2, identity(local, intents=GUILDS | 1 << 9))
        session_id = (await wire.until("READY"))["d"]["session_id"]
        await wire.until("GUILD_CREATE")
        await wire.socket.close(code=4000)
    await wait_until(lambda: not local.gateway.online)
    for text in ("one", "two"):
        local.state.save(local.state.new_message(local.state.channel, local.state.bot, content=text))
    async with connect() as wire:
        await wire.send(6, {"token": local.state.bot_token, "session_id": session_id, "seq": 2})
        frames = [await wire.next() for _ in range(3)]
    assert [(one["t"], one["s"]) for one in frames] == [("MESSAGE_CREATE", 3), ("MESSAGE_CREATE", 4), ("RESUMED", 5)]
    assert [one["d"].get("content") for one in frames[:2]] == ["one", "two"]


async def test_a_session_that_was_ended_or_is_too_old_cannot_be_resumed(local, connect, wait_until):
    for code, wait_s in ((1000, 0), (4000, 181)):
        async with connect() as wire:
            await wire.send(2, identity(local))
            session_id = (await wire.until("READY"))["d"]["session_id"]
            await wire.socket.close(code=code)
        await wait_until(lambda: not local.gateway.online)
        local.clock.advance(wait_s)
        async with connect() as wire:
            await wire.send(6, {"token": local.state.bot_token, "session_id": session_id, "seq": 1})
            assert await wire.next() == {"op": 9, "d": False}


async def test_a_sequence_number_that_was_never_sent_closes_with_4007(local, connect):
    async with connect() as wire:
        await wire.send(2, identity(local))
        session_id = (await wire.until("READY"))["d"]["session_id"]
        async with connect() as other:
            await other.send(6, {"token": local.state.bot_token, "session_id": session_id, "seq": 99})
            assert await other.close_code() == 4007


async def test_two_sessions_receive_the_same_events(local, connect):
    async with connect() as one, connect() as two:
        for wire in (one, two):
            await wire.send(2, identity(local, intents=1 << 9))
            await wire.until("READY")
        local.state.save(local.state.new_message(local.state.channel, local.state.bot, content="both"))
        assert [(await wire.next())["d"]["content"] for wire in (one, two)] == ["both", "both"]


async def test_frames_are_compressed_on_request(local, http):
    async with http.ws_connect(local.gateway.url, params={"compress": "zlib-stream"}) as socket:
        packed = await socket.receive_bytes()
        assert json.loads(zlib.decompressobj().decompress(packed))["op"] == 10
