"""What the local Discord does not support is refused with an error and a line in the log, never dropped in silence."""

from __future__ import annotations

import logging
from typing import Any

import pytest

Json = dict[str, Any]
EMBED: Json = {"title": "x"}
ROW: Json = {"type": 1, "components": [{"type": 2, "style": 1, "label": "x", "custom_id": "x"}]}
TEXT: Json = {"type": 4, "custom_id": "x", "style": 1, "label": "x"}
FORM: Json = {"custom_id": "x", "title": "x", "components": [{"type": 1, "components": [TEXT]}]}
POLL: Json = {"question": {"text": "Which?"}, "answers": [{"poll_media": {"text": "This"}}]}


def error_at(body: Json, path: str) -> Json:
    """The error of the field at this dotted path."""
    assert (body["code"], body["message"]) == (50035, "Invalid Form Body")
    place = body["errors"]
    for key in path.split("."):
        place = place[key]
    found: Json = place["_errors"][0]
    return found


@pytest.fixture(autouse=True)
def warnings_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "sandbox")


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"poll": POLL}, "poll", "UNSUPPORTED_FIELD"),
        ({"sticker_ids": ["1"]}, "sticker_ids", "UNSUPPORTED_FIELD"),
        (
            {"shared_client_theme": {"colors": ["ff0000"], "gradient_angle": 1, "base_mix": 1}},
            "shared_client_theme",
            "",
        ),
        ({"flags": 1 << 13}, "flags", "UNSUPPORTED_FLAGS"),  # a voice message
        ({"flags": 1 << 1}, "flags", "UNSUPPORTED_FLAGS"),  # a crosspost
        ({"flags": 1 << 6}, "flags", "UNSUPPORTED_FLAGS"),  # ephemeral, which only answers to interactions are
        ({"flags": 1 << 12 | 1 << 30}, "flags", "UNSUPPORTED_FLAGS"),  # one that is known and one that nobody knows
        (
            {"message_reference": {"type": 1, "message_id": "1"}},
            "message_reference.type",
            "BASE_TYPE_CHOICES",
        ),  # a forward
        ({"attachments": [{"id": 0, "waveform": "AA=="}]}, "attachments.0.waveform", "UNSUPPORTED_FIELD"),
        ({"attachments": [{"id": 0, "duration_secs": 1.5}]}, "attachments.0.duration_secs", "UNSUPPORTED_FIELD"),
        ({"attachments": [{"id": 0, "title": "A title"}]}, "attachments.0.title", "UNSUPPORTED_FIELD"),
        ({"color": 1}, "color", "UNKNOWN_KEY"),
        ({"embeds": [{**EMBED, "tts": True}]}, "embeds.0.tts", "UNKNOWN_KEY"),
        ({"embeds": [{**EMBED, "footer": {"text": "x", "colour": 1}}]}, "embeds.0.footer.colour", "UNKNOWN_KEY"),
        ({"components": [{**ROW, "content_type": "x"}]}, "components.0.content_type", "UNKNOWN_KEY"),
        ({"allowed_mentions": {"parse": [], "here": True}}, "allowed_mentions.here", "UNKNOWN_KEY"),
    ],
)
async def test_a_message_with_something_unsupported_is_refused(api, local, messages, caplog, body, path, code):
    status, answer = await api.ask("POST", messages, {"content": "x", **body})
    assert status == 400
    assert code in error_at(answer, path)["code"]
    assert local.state.messages == {}
    assert "POST /api/v10/channels/{channel_id}/messages: 400 50035" in caplog.text
    assert f'"{path.rpartition(".")[2]}"' in caplog.text


@pytest.mark.parametrize(
    "body",
    [
        {"poll": None, "sticker_ids": [], "flags": 0, "message_reference": None},
        {"flags": 1 << 2 | 1 << 12},
        {
            "embeds": [
                {**EMBED, "flags": 0, "type": "rich", "image": {"url": "https://a.b/c", "proxy_url": "https://d"}}
            ]
        },
        {"attachments": [{"id": 0, "waveform": None, "is_spoiler": True}]},
    ],
)
async def test_empty_fields_and_what_libraries_send_back_are_accepted(api, local, http, messages, body):
    status, answer = await api.send(messages, {"content": "x", **body}, ("a.mid", b"MThd"))
    assert status == 200, answer


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"poll": POLL}, "poll", "UNSUPPORTED_FIELD"),
        ({"tts": True}, "tts", "UNSUPPORTED_FIELD"),
        ({"sticker_ids": ["1"]}, "sticker_ids", "UNSUPPORTED_FIELD"),
        ({"flags": 1 << 13}, "flags", "UNSUPPORTED_FLAGS"),
        ({"nonce": "1"}, "nonce", "UNKNOWN_KEY"),
    ],
)
async def test_an_edit_with_something_unsupported_is_refused_and_changes_nothing(api, messages, body, path, code):
    _, message = await api.ask("POST", messages, {"content": "before"})
    where = f"{messages}/{message['id']}"
    status, answer = await api.ask("PATCH", where, {"content": "after", **body})
    if path == "poll":  # an edit has no field for it
        code = "UNKNOWN_KEY"
    assert (status, error_at(answer, path)["code"]) == (400, code)
    assert (await api.ask("GET", where))[1]["content"] == "before"


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"type": 4, "data": {"content": "x", "poll": POLL}}, "data.poll", "UNSUPPORTED_FIELD"),
        ({"type": 4, "data": {"content": "x", "flags": 1 << 13}}, "data.flags", "UNSUPPORTED_FLAGS"),
        ({"type": 4, "data": {"content": "x", "colour": 1}}, "data.colour", "UNKNOWN_KEY"),
        ({"type": 4, "content": "x"}, "content", "UNKNOWN_KEY"),
        ({"type": 5, "data": {"content": "x"}}, "data.content", "UNSUPPORTED_FIELD"),
        ({"type": 5, "data": {"flags": 1 << 2}}, "data.flags", "UNSUPPORTED_FLAGS"),
        ({"type": 9, "data": {**FORM, "icon": "x"}}, "data.icon", "UNKNOWN_KEY"),
        ({"type": 1}, "type", "BASE_TYPE_CHOICES"),
        ({"type": 12}, "type", "BASE_TYPE_CHOICES"),
        ({"type": "4"}, "type", "BASE_TYPE_CHOICES"),
        ({"type": 9}, "data", "BASE_TYPE_REQUIRED"),
    ],
)
async def test_an_answer_with_something_unsupported_is_refused_and_does_not_count(api, interaction, body, path, code):
    made = interaction()
    where = f"/interactions/{made.id}/{made.token}/callback"
    status, answer = await api.ask("POST", where, body)
    assert (status, error_at(answer, path)["code"]) == (400, code)
    assert (await api.ask("POST", where, {"type": 5}))[0] == 204


async def test_a_deferred_update_with_content_is_refused(api, local, interaction):
    message = local.state.new_message(local.state.channel, local.state.bot, content="x")
    local.state.save(message)
    made = interaction(3, message=message)
    where = f"/interactions/{made.id}/{made.token}/callback"
    status, answer = await api.ask("POST", where, {"type": 6, "data": {"content": "y"}})
    assert (status, error_at(answer, "data.content")["code"]) == (400, "UNSUPPORTED_FIELD")
    assert (await api.ask("POST", where, {"type": 6, "data": {}}))[0] == 204


@pytest.mark.parametrize(
    ("query", "body", "path"),
    [
        ("", {"username": "Somebody"}, "username"),
        ("", {"avatar_url": "https://a.b/c"}, "avatar_url"),
        ("", {"thread_name": "A thread"}, "thread_name"),
        ("", {"poll": POLL}, "poll"),
        ("", {"flags": 1 << 13}, "flags"),
        ("?thread_id=1", {}, "thread_id"),
        ("?wait=perhaps", {}, "wait"),
    ],
)
async def test_a_follow_up_with_something_unsupported_is_refused(api, local, interaction, query, body, path):
    made = interaction()
    await api.ask("POST", f"/interactions/{made.id}/{made.token}/callback", {"type": 5})
    where = f"/webhooks/{local.state.bot.id}/{made.token}"
    status, answer = await api.ask("POST", where + query, {"content": "x", **body})
    assert status == 400
    assert error_at(answer, path)
    assert (await api.ask("POST", f"{where}?wait=true&with_components=0", {"content": "x"}))[1]["content"] == "x"


@pytest.mark.parametrize(
    ("change", "path", "code"),
    [
        ({"handler": 1}, "0.handler", "UNSUPPORTED_FIELD"),
        ({"id": "1"}, "0.id", "UNSUPPORTED_FIELD"),
        ({"cooldown": 5}, "0.cooldown", "UNKNOWN_KEY"),
        ({"options": [{"type": 3, "name": "a", "description": "x", "hint": "x"}]}, "0.options.0.hint", "UNKNOWN_KEY"),
    ],
)
async def test_a_command_with_something_unsupported_is_refused(api, local, change, path, code):
    command = {"name": "compose", "description": "Compose", **change}
    status, answer = await api.ask("PUT", f"/applications/{local.state.bot.id}/commands", [command])
    assert (status, error_at(answer, path)["code"]) == (400, code)
    assert local.state.all_commands() == []


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("{messages}?around=1", "around"),
        ("{messages}?limit=5&verbose=1", "verbose"),
        ("{messages}?limit=many", "limit"),
        ("{messages}?before=²", "before"),
        ("/users/@me?with_email=1", "with_email"),
        ("/guilds/{guild}?with_counts=1&with_members=1", "with_members"),
        ("/gateway/bot?v=10", "v"),
    ],
)
async def test_an_unknown_or_malformed_query_parameter_is_refused(api, local, messages, caplog, path, name):
    status, answer = await api.ask("GET", path.format(messages=messages, guild=local.state.guild_id))
    assert (status, bool(error_at(answer, name))) == (400, True)
    assert f'"{name}"' in caplog.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "{messages}/1/threads"),
        ("PUT", "{messages}/1/reactions/x/@me"),
        ("POST", "{messages}/1/crosspost"),
        ("GET", "/channels/1/polls/1/answers/1"),
        ("GET", "/guilds/1/emojis"),
        ("GET", "/voice/regions"),
    ],
)
async def test_an_unknown_route_is_not_found_and_logged(api, messages, caplog, method, path):
    wanted = path.format(messages=messages)
    assert await api.ask(method, wanted) == (404, {"message": "404: Not Found", "code": 0})
    assert f"{method} (unknown route) /api/v10{wanted}: 404 0" in caplog.text


async def test_direct_messages_to_several_people_are_refused(api, local):
    member = str(local.state.member("anna").id)
    status, answer = await api.ask("POST", "/users/@me/channels", {"recipient_id": member, "nicks": {member: "A"}})
    assert (status, error_at(answer, "nicks")["code"]) == (400, "UNSUPPORTED_FIELD")


@pytest.mark.parametrize("path", ["/users/²", "/users/" + "9" * 5000, "/channels/²"])
async def test_an_id_that_is_no_number_is_not_found(api, path):
    assert (await api.ask("GET", path))[0] == 404


async def test_json_that_is_nested_too_deep_is_refused(api, messages):
    status, answer = await api.post_text(messages, "[" * 100_000)
    assert (status, answer["code"]) == (400, 50109)
