"""Makes and changes messages out of request bodies; every route that writes a message goes through here."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sandbox.discord.attachments import Attachment
from sandbox.discord.errors import empty_message, invalid_form, unknown_message
from sandbox.discord.messages import EPHEMERAL, LOADING, SETTABLE_FLAGS, Message, mentioned, numbered
from sandbox.discord.rest.body import Body, Upload, read_checked
from sandbox.discord.rest.gate import answer
from sandbox.discord.rules import COMPONENTS_V2, check_message
from sandbox.discord.world import World

Json = dict[str, Any]


async def edit(world: World, message: Message, request: web.Request, schema: str) -> web.Response:
    """Take the request to change a message, as the schema of this name wants it.

    Raises:
        DiscordError: as `read_checked` and `change`, and 10008 when it was deleted meanwhile.
    """
    body = await read_checked(request, schema)
    if message.deleted:
        raise unknown_message()
    change(world, message, body)
    world.save(message)
    return answer(message.to_json(world.store))


def fill(world: World, message: Message, body: Body) -> None:
    """Put what a request says into a new message.

    Raises:
        DiscordError: 50035 for what breaks a limit, 50006 for a message with nothing in it.
    """
    payload = body.payload
    check_message(payload)
    described = _described(payload, body.files, known=set())
    if not any([payload.get("content"), payload.get("embeds"), payload.get("components"), body.files]):
        raise empty_message()
    message.content = payload.get("content") or ""
    message.embeds = payload.get("embeds") or []
    message.components = numbered(payload.get("components") or [])
    message.flags |= (payload.get("flags") or 0) & (SETTABLE_FLAGS | EPHEMERAL)
    message.tts = bool(payload.get("tts"))
    message.mentions = mentioned(message.content, payload.get("allowed_mentions"), world.users.get)
    message.files = [_keep(world, message, upload, described.get(n)) for n, upload in sorted(body.files.items())]


def change(world: World, message: Message, body: Body) -> None:
    """Change a message: what the request leaves out stays. A message that says 'thinking…' is filled by it.

    Raises:
        DiscordError: 50035 for what breaks a limit, 50006 when nothing would be left.
    """
    payload = body.payload
    v2 = bool(message.flags & COMPONENTS_V2)
    check_message(payload, v2)
    known = {str(one.id) for one in message.files}
    described = _described(payload, body.files, known)
    files = list(message.files)
    if payload.get("attachments") is not None:
        listed = {str(one["id"]) for one in payload["attachments"]}
        hidden = message.in_embeds() if "embeds" not in payload else []
        files = [one for one in files if str(one.id) in listed or one in hidden]
    after = {key: payload.get(key, getattr(message, key)) or [] for key in ("embeds", "components")}
    content = (payload["content"] or "") if "content" in payload else message.content
    if not any([content, after["embeds"], after["components"], files, body.files]):
        raise empty_message()
    message.files = files + [_keep(world, message, one, described.get(n)) for n, one in sorted(body.files.items())]
    message.content, message.embeds = content, after["embeds"]
    message.components = numbered(after["components"])
    message.mentions = mentioned(content, payload.get("allowed_mentions"), world.users.get)
    _change_flags(world, message, payload)


def _change_flags(world: World, message: Message, payload: Json) -> None:
    if payload.get("flags") is not None:
        kept = message.flags & (EPHEMERAL | COMPONENTS_V2)
        message.flags = kept | (payload["flags"] & SETTABLE_FLAGS)
    if message.is_loading:
        message.flags &= ~LOADING
    else:
        message.edited_at = world.clock.now()


def _described(payload: Json, files: dict[int, Upload], known: set[str]) -> dict[int, Json]:
    """The entries of `attachments` that speak of new files, by their n."""
    found: dict[int, Json] = {}
    for index, entry in enumerate(payload.get("attachments") or ()):
        if entry["id"] in known:
            continue
        if int(entry["id"]) not in files:
            sentence = f'Attachment data for "{entry["id"]}" was not found'
            raise invalid_form([(("attachments", index, "id"), "ATTACHMENT_NOT_FOUND", sentence)])
        found[int(entry["id"])] = entry
    return found


def _keep(world: World, message: Message, upload: Upload, entry: Json | None) -> Attachment:
    entry = entry or {}
    name = entry.get("filename") or upload.filename
    if entry.get("is_spoiler") and not name.startswith("SPOILER_"):
        name = f"SPOILER_{name}"
    return world.store.add(message.channel.id, name, upload.data, entry.get("description"))
