"""Uses `/compose` once, as the chat page would: sends the command and saves the files of the reply."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import aiohttp

from sandbox.supervised_process import ComposeRefusedError, SaveError

Json = dict[str, Any]

NAME = "guest"
COMMANDS_LIMIT_S = 20.0
REPLY_LIMIT_S = 300.0
_LOADING, _ATTACHMENT, _NUMBER = 1 << 7, 11, 10


@dataclass(frozen=True)
class SavedFile:
    """A file of the reply, saved at `path`; `size` in bytes."""

    path: Path
    size: int
    content_type: str


@dataclass(frozen=True)
class ComposeReply:
    """The reply to one `/compose`, and the seconds from the command to the reply."""

    message: Json
    compose_s: float
    files: tuple[SavedFile, ...]


async def compose(url: str, folder: Path, seed: Path | None, length_s: float | None = None) -> ComposeReply:
    """Use `/compose` once on the local Discord at `url` and save the files of the reply in `folder`.

    `seed` is a MIDI file to attach; `length_s` is the option `length`, left out if None.

    Raises:
        ComposeRefusedError: the reply holds no piece; the sentence is the one it shows instead.
        SaveError: the folder cannot be written.
    """
    async with (
        aiohttp.ClientSession(headers={"Origin": url}) as session,
        session.ws_connect(f"{url}/client?as={NAME}", max_msg_size=0) as socket,
    ):
        frames = _Frames(socket)
        await frames.wait_for_commands()
        nonce = uuid.uuid4().hex
        began = time.monotonic()
        await _send(session, url, nonce, seed, length_s)
        message = await frames.reply(nonce)
        compose_s = time.monotonic() - began
        files = [await _save(session, url, one, folder) for one in _files_of(message)]
        return ComposeReply(message, compose_s, tuple(files))


async def _send(
    session: aiohttp.ClientSession, url: str, nonce: str, seed: Path | None, length_s: float | None
) -> None:
    options: list[Json] = []
    form = aiohttp.FormData(default_to_multipart=True)
    if length_s is not None:
        options.append({"name": "length", "type": _NUMBER, "value": length_s})
    if seed is not None:
        options.append({"name": "seed", "type": _ATTACHMENT, "value": 0})
        form.add_field("files[0]", await asyncio.to_thread(seed.read_bytes), filename=seed.name)
    command = {"as": NAME, "nonce": nonce, "type": 2, "name": "compose", "options": options}
    form.add_field("payload_json", json.dumps(command))
    async with session.post(f"{url}/client/interactions", data=form) as response:
        if response.status != 204:
            raise ComposeRefusedError(str((await response.json()).get("sentence")))


class _Frames:
    """The frames that the server sends, read until the expected one arrives."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    async def wait_for_commands(self) -> None:
        """Wait until the bot is online and has registered `/compose`."""
        online, known = False, False
        try:
            async with asyncio.timeout(COMMANDS_LIMIT_S):
                while not (online and known):
                    frame = await self._next()
                    online = bool(frame.get("bot_online", frame.get("online", online)))
                    if "commands" in frame:
                        known = any(one["name"] == "compose" for one in frame["commands"])
        except TimeoutError as error:
            raise ComposeRefusedError("The bot did not come online with its commands.") from error

    async def reply(self, nonce: str) -> Json:
        """The finished reply to the command sent with this nonce."""
        try:
            async with asyncio.timeout(REPLY_LIMIT_S):
                while True:
                    frame = await self._next()
                    if frame["t"] == "interaction" and frame["nonce"] == nonce and frame["state"] == "failed":
                        raise ComposeRefusedError(frame["sentence"])
                    if frame["t"] == "message" and _is_ours(frame["message"]) and _is_final(frame["message"]):
                        break
        except TimeoutError as error:
            raise ComposeRefusedError(f"No reply came within {REPLY_LIMIT_S:.0f} s.") from error
        message: Json = frame["message"]
        if not _files_of(message):
            raise ComposeRefusedError(message["content"] or json.dumps(message["embeds"]))
        return message

    async def _next(self) -> Json:
        received = await self._socket.receive()
        if received.type is not aiohttp.WSMsgType.TEXT:
            raise ComposeRefusedError("The local Discord closed the connection.")
        frame: Json = json.loads(received.data)
        return frame


def _is_ours(message: Json) -> bool:
    started_by = message.get("interaction_metadata", {}).get("user", {}).get("username")
    return started_by == NAME or any(user["username"] == NAME for user in message["mentions"])


def _is_final(message: Json) -> bool:
    """Files are a piece; text without an embed or buttons is a refusal; anything else is progress."""
    if message["flags"] & _LOADING:
        return False
    return bool(_files_of(message)) or not (message["embeds"] or message["components"])


def _files_of(message: Json) -> list[Json]:
    """The attachments, and the images of the embeds."""
    found = list(message["attachments"])
    for embed in message["embeds"]:
        picture = embed.get("image", {}).get("url", "")
        if picture.startswith("/attachments/"):
            name = PurePosixPath(picture.partition("?")[0]).name
            found.append({"url": picture, "filename": name, "content_type": None})
    return found


async def _save(session: aiohttp.ClientSession, url: str, one: Json, folder: Path) -> SavedFile:
    async with session.get(url + one["url"]) as response:
        response.raise_for_status()
        data, kind = await response.read(), response.content_type
    path = folder / PurePosixPath(one["filename"]).name
    await asyncio.to_thread(_write, path, data)
    return SavedFile(path, len(data), kind)


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise SaveError(f"{path} cannot be written: {error.strerror}. Name another folder with --out.") from error
