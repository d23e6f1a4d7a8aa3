"""What Discord refuses, the local Discord refuses with the same status, code and shape."""

from __future__ import annotations

import json

import aiohttp
import pytest

from sandbox.server.guild import Permission

BUTTON = {"type": 2, "style": 1, "label": "x", "custom_id": "x"}


async def test_an_unknown_route_and_a_wrong_method_are_refused(api):
    assert await api.ask("GET", "/nothing") == (404, {"message": "404: Not Found", "code": 0})
    assert api.headers["Content-Type"] == "application/json"
    assert await api.ask("DELETE", "/users/@me") == (405, {"message": "405: Method Not Allowed", "code": 0})


async def test_a_wrong_token_is_unauthorized(api):
    expected = 401, {"message": "401: Unauthorized", "code": 0}
    assert await api.ask("GET", "/users/@me", Authorization="Bot nonsense") == expected
    assert await api.ask("GET", "/users/@me", Authorization="") == expected


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain"])
async def test_any_content_type_but_plain_json_is_refused(api, messages, kind):
    status, body = await api.ask("POST", messages, {"content": "x"}, **{"Content-Type": kind})
    assert (status, body["code"]) == (400, 50035)
    assert body["errors"]["_errors"][0]["code"] == "CONTENT_TYPE_INVALID"


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"content": "x" * 2001}, ["content"], "BASE_TYPE_MAX_LENGTH"),
        ({"content": ["x"]}, ["content"], "STRING_TYPE_CONVERT"),
        ({"embeds": [{"title": "x" * 257}]}, ["embeds", "0", "title"], "BASE_TYPE_MAX_LENGTH"),
        ({"embeds": [{"fields": [{"name": "x"}]}]}, ["embeds", "0", "fields", "0", "value"], "BASE_TYPE_REQUIRED"),
        ({"embeds": [{"image": {"url": "roll.png"}}]}, ["embeds", "0", "image", "url"], "URL_TYPE_INVALID_URL"),
        ({"embeds": [{"description": "x" * 3100}] * 2}, ["embeds"], "MAX_EMBED_SIZE_EXCEEDED"),
        ({"embeds": [{"colour": 1}]}, ["embeds", "0", "colour"], "UNKNOWN_KEY"),
        ({"contents": "x"}, ["contents"], "UNKNOWN_KEY"),
        (
            {"components": [{"type": 1, "components": [BUTTON] * 6}]},
            ["components", "0", "components"],
            "BASE_TYPE_BAD_LENGTH",
        ),
        (
            {"components": [{"type": 1, "components": [BUTTON, BUTTON]}]},
            ["components", "0", "components", "1", "custom_id"],
            "COMPONENT_CUSTOM_ID_DUPLICATED",
        ),
        (
            {"components": [{"type": 1, "components": [{**BUTTON, "custom_id": "x" * 101}]}]},
            ["components", "0", "components", "0", "custom_id"],
            "BASE_TYPE_MAX_LENGTH",
        ),
        (
            {"components": [{"type": 1, "components": [{**BUTTON, "style": 9}]}]},
            ["components", "0", "components", "0", "style"],
            "BASE_TYPE_CHOICES",
        ),
        ({"components": [{"type": 1, "components": [BUTTON]}] * 6}, ["components"], "BASE_TYPE_BAD_LENGTH"),
        ({"components": [{"type": 99}]}, ["components", "0", "type"], "BASE_TYPE_CHOICES"),
        (
            {"content": "x", "attachments": [{"id": 0, "filename": "x"}]},
            ["attachments", "0", "id"],
            "ATTACHMENT_NOT_FOUND",
        ),
    ],
)
async def test_a_body_that_breaks_the_schema_or_a_limit_is_refused(api, messages, body, path, code):
    status, answer = await api.ask("POST", messages, body)
    assert (status, answer["code"], answer["message"]) == (400, 50035, "Invalid Form Body")
    place = answer["errors"]
    for key in path:
        place = place[key]
    assert code in [one["code"] for one in place["_errors"]]


async def test_integer_ids_and_digit_strings_are_accepted(api, local, messages):
    mentions = {"users": [local.state.owner.id], "parse": []}
    embeds = [{"title": "x", "color": "255"}]
    body = {"content": f"<@{local.state.owner.id}>", "allowed_mentions": mentions, "embeds": embeds}
    status, answer = await api.ask("POST", messages, body)
    assert status == 200
    assert [one["username"] for one in answer["mentions"]] == ["owner"]
    assert answer["embeds"][0]["color"] == 255


async def test_broken_json_and_an_empty_message_are_refused(api, local, http, messages):
    headers = {"Authorization": f"Bot {local.state.bot_token}", "Content-Type": "application/json"}
    async with http.post(local.api_url + messages, data="{", headers=headers) as response:
        assert (response.status, (await response.json())["code"]) == (400, 50109)
    assert (await api.ask("POST", messages, {"content": ""}))[1]["code"] == 50006


async def test_unknown_messages_channels_users_and_guilds_are_not_found(api, local, messages):
    for path, code in (
        (f"{messages}/1", 10008),
        ("/channels/1", 10003),
        ("/users/1", 10013),
        ("/guilds/1", 10004),
    ):
        status, body = await api.ask("GET", path)
        assert (status, body["code"]) == (404, code)


async def test_permissions_of_the_bot_are_respected(api, local, messages):
    local.state.bot_permissions = int(Permission.VIEW_CHANNEL)
    assert (await api.ask("POST", messages, {"content": "x"}))[1]["code"] == 50013
    local.state.bot_permissions = 0
    assert (await api.ask("POST", messages, {"content": "x"}))[1]["code"] == 50001


async def test_messages_of_others_are_not_edited(api, local, messages):
    message = local.state.new_message(local.state.channel, local.state.owner, content="mine")
    local.state.save(message)
    assert (await api.ask("PATCH", f"{messages}/{message.id}", {"content": "x"}))[1]["code"] == 50005
    assert (await api.ask("DELETE", f"{messages}/{message.id}"))[1]["code"] == 50013


async def test_an_enforced_nonce_is_sent_once(api, local, messages):
    body = {"content": "x", "nonce": "1234", "enforce_nonce": True}
    first, second = await api.ask("POST", messages, body), await api.ask("POST", messages, body)
    assert first == second
    assert first[1]["nonce"] == "1234"
    assert len(local.state.messages) == 1


async def test_answers_to_unknown_late_and_answered_interactions_are_refused(api, local, interaction):
    made = interaction()
    path = f"/interactions/{made.id}/{made.token}/callback"
    assert (await api.ask("POST", f"/interactions/1/{made.token}/callback", {"type": 5}))[1]["code"] == 10062
    assert (await api.ask("POST", f"/interactions/{made.id}/x/callback", {"type": 5}))[1]["code"] == 50027
    assert (await api.ask("POST", path, {"type": 8, "data": {"choices": []}}))[1]["code"] == 50035
    status, body = await api.ask("POST", f"{path}?with_response=1", {"type": 5, "data": {"flags": 64}})
    assert status == 200
    assert body["interaction"]["response_message_loading"]
    assert body["interaction"]["response_message_ephemeral"]
    assert body["resource"]["message"]["flags"] == 192
    status, body = await api.ask("POST", path, {"type": 5})
    assert (status, body["code"], body["message"]) == (400, 40060, "Interaction has already been acknowledged.")
    late = interaction()
    local.clock.advance(3.1)
    status, body = await api.ask("POST", f"/interactions/{late.id}/{late.token}/callback", {"type": 5})
    assert (status, body["code"]) == (404, 10062)


async def test_a_refused_answer_does_not_count_as_one(api, local, interaction):
    made = interaction()
    path = f"/interactions/{made.id}/{made.token}/callback"
    assert (await api.ask("POST", path, {"type": 4, "data": {"content": "x" * 2001}}))[0] == 400
    assert (await api.ask("POST", path, {"type": 4, "data": {"content": "x"}}))[0] == 204


async def test_the_webhook_of_an_interaction_works_from_its_answer_until_its_token_expires(api, local, interaction):
    app = local.state.bot.id
    made = interaction()
    original = f"/webhooks/{app}/{made.token}/messages/@original"
    assert (await api.ask("PATCH", original, {"content": "x"}))[1]["code"] == 10015  # not answered yet
    assert (await api.ask("GET", f"/webhooks/{app}/unknown/messages/@original"))[1]["code"] == 50027
    await api.ask("POST", f"/interactions/{made.id}/{made.token}/callback", {"type": 5})
    assert (await api.ask("PATCH", original, {"content": "x"}))[1]["content"] == "x"
    assert (await api.ask("DELETE", original))[0] == 204
    assert (await api.ask("GET", original))[1]["code"] == 10008
    local.clock.advance(15 * 60)
    status, body = await api.ask("PATCH", original, {"content": "x"})
    assert (status, body["code"]) == (401, 50027)


async def test_rate_limits_are_announced_in_headers_and_enforced(api, messages):
    for left in (4, 3, 2, 1, 0):
        assert (await api.ask("POST", messages, {"content": "x"}))[0] == 200
        assert api.headers["X-RateLimit-Remaining"] == str(left)
    status, body = await api.ask("POST", messages, {"content": "x"})
    assert status == 429
    assert 0 < body["retry_after"] <= 5
    assert body["global"] is False
    assert api.headers["Via"]
    assert {"X-RateLimit-Limit", "X-RateLimit-Reset", "X-RateLimit-Reset-After", "X-RateLimit-Bucket"} <= {*api.headers}


async def test_the_url_of_a_file_expires(local, http):
    kept = local.state.attachments.add(local.state.channel.id, "a b.mid", b"MThd1234")
    url = local.state.attachments.url(kept)
    async with http.get(url) as response:
        assert (response.status, await response.read()) == (200, b"MThd1234")
        assert response.headers["Content-Type"] == "audio/midi"
    async with http.get(url, headers={"Range": "bytes=4-"}) as response:
        assert (response.status, await response.read()) == (206, b"1234")
        assert response.headers["Content-Range"] == "bytes 4-7/8"
    for wrong in (url.replace("hm=", "hm=0"), url.replace("ex=", "ex=f"), url.replace("a_b.mid", "other.mid")):
        async with http.get(wrong) as response:
            assert response.status == 404
    local.clock.advance(24 * 3600)
    async with http.get(url) as response:
        assert (response.status, await response.text()) == (404, "This content is no longer available.")


async def test_a_file_that_an_embed_shows_is_an_attachment_again_when_the_embed_goes(api, local, http, messages):
    form = aiohttp.FormData()
    form.add_field("payload_json", json.dumps({"embeds": [{"image": {"url": "attachment://a.png"}}]}))
    form.add_field("files[0]", b"\x89PNG\r\n\x1a\n", filename="a.png")
    headers = {"Authorization": f"Bot {local.state.bot_token}"}
    async with http.post(local.api_url + messages, data=form, headers=headers) as response:
        message = await response.json()
    assert message["attachments"] == []
    assert "/a.png?" in message["embeds"][0]["image"]["url"]
    _, message = await api.ask("PATCH", f"{messages}/{message['id']}", {"embeds": []})
    assert [one["filename"] for one in message["attachments"]] == ["a.png"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "Compose"}, "APPLICATION_COMMAND_INVALID_NAME"),
        ({"name": ""}, "BASE_TYPE_BAD_LENGTH"),
        ({"description": ""}, "BASE_TYPE_REQUIRED"),
        ({"description": "x" * 101}, "BASE_TYPE_MAX_LENGTH"),
        ({"options": [{"type": 3, "name": "a"}]}, "BASE_TYPE_REQUIRED"),
        (
            {
                "options": [
                    {"type": 3, "name": "a", "description": "x"},
                    {"type": 3, "name": "b", "description": "x", "required": True},
                ]
            },
            "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        ),
        (
            {"options": [{"type": 3, "name": "a", "description": "x", "choices": [{"name": "x", "value": "x"}] * 26}]},
            "BASE_TYPE_BAD_LENGTH",
        ),
    ],
)
async def test_commands_that_break_a_limit_are_refused(api, local, change, code):
    command = {"name": "compose", "description": "Compose", **change}
    status, body = await api.ask("PUT", f"/applications/{local.state.bot.id}/commands", [command])
    assert (status, body["code"]) == (400, 50035)
    assert f'"{code}"' in json.dumps(body["errors"])


async def test_a_command_keeps_its_id_when_it_is_registered_again(api, local):
    path = f"/applications/{local.state.bot.id}/commands"
    command = {"name": "compose", "description": "Compose", "default_member_permissions": "32"}
    first = (await api.ask("PUT", path, [command]))[1]
    second = (await api.ask("PUT", path, [command]))[1]
    assert first[0]["id"] == second[0]["id"]
    assert first[0]["version"] != second[0]["version"]
    assert (await api.ask("GET", path))[1] == second
    assert (await api.ask("PUT", "/applications/1/commands", []))[0] == 403
