"""What the chat page may ask for: who may ask, and what Discord's client would refuse to send."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

Json = dict[str, Any]

COMMANDS: list[Json] = [
    {
        "name": "compose",
        "description": "Compose",
        "options": [
            {"type": 3, "name": "title", "description": "x", "required": True, "min_length": 2, "max_length": 4},
            {"type": 10, "name": "length", "description": "x", "min_value": 5, "max_value": 300},
            {"type": 4, "name": "random_seed", "description": "x", "max_value": 2**32 - 1},
            {"type": 5, "name": "private", "description": "x"},
            {"type": 11, "name": "seed", "description": "x"},
            {"type": 3, "name": "mode", "description": "x", "choices": [{"name": "Vary", "value": "vary"}]},
        ],
    },
    {"name": "admin", "description": "For admins", "default_member_permissions": "32"},
]
TITLE = {"name": "title", "value": "abc"}


@pytest.fixture
async def commands(local, http) -> None:
    path = f"{local.api_url}/applications/{local.state.bot.id}/commands"
    headers = {"Authorization": f"Bot {local.state.bot_token}", "Content-Type": "application/json"}
    body = json.dumps(COMMANDS)
    async with http.put(path, data=body, headers=headers) as response:
        assert response.status == 200, await response.text()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Option “title” is required."),
        ([TITLE, TITLE], "Option “title” was given twice."),
        ([TITLE, {"name": "what", "value": 1}], "This command has no option “what”."),
        ([{"name": "title", "value": "a"}], "Option “title” must have at least 2 characters."),
        ([{"name": "title", "value": "abcde"}], "Option “title” must have at most 4 characters."),
        ([{"name": "title", "value": 5}], "Option “title” takes a text."),
        ([TITLE, {"name": "length", "value": 4}], "Option “length” must be at least 5."),
        ([TITLE, {"name": "length", "value": 301}], "Option “length” must be at most 300."),
        ([TITLE, {"name": "length", "value": "30"}], "Option “length” takes a number."),
        ([TITLE, {"name": "length", "value": True}], "Option “length” takes a number."),
        ([TITLE, {"name": "random_seed", "value": 2**32}], "Option “random_seed” must be at most 4,294,967,295."),
        ([TITLE, {"name": "random_seed", "value": 1.5}], "Option “random_seed” takes a whole number."),
        ([TITLE, {"name": "random_seed", "value": -(2**60)}], "Option “random_seed” is too large a number."),
        ([TITLE, {"name": "private", "value": "yes"}], "Option “private” is either true or false."),
        ([TITLE, {"name": "seed", "value": 0}], "The file did not arrive; attach it again."),
        ([TITLE, {"name": "seed", "value": "a.mid"}], "Option “seed” takes a file."),
        ([TITLE, {"name": "mode", "value": "other"}], "Option “mode” must be one of: Vary."),
    ],
)
async def test_options_are_checked_as_discords_client_does(page, commands, options, sentence):
    assert await page.act({"type": 2, "name": "compose", "options": options}) == (400, {"sentence": sentence})


async def test_unknown_commands_buttons_and_kinds_are_refused(page, commands):
    assert (await page.act({"type": 2, "name": "nothing"}))[1] == {"sentence": "There is no command /nothing."}
    gone = await page.act({"type": 3, "message_id": "1", "custom_id": "x"})
    assert gone[1] == {"sentence": "This message is no longer there."}
    assert (await page.act({"type": 9}))[0] == 400


async def test_a_command_for_admins_is_shown_to_them_and_refused_to_others(page, other_page, commands):
    assert (await page.act({"type": 2, "name": "admin"}))[0] == 204
    async with other_page("owner") as owner, other_page("anna") as anna:
        assert (await owner.act({"type": 2, "name": "admin"}))[0] == 204
        assert [one["name"] for one in owner.frames[0]["commands"]] == ["compose", "admin"]
        assert [one["name"] for one in anna.frames[0]["commands"]] == ["compose"]
        refused = await anna.act({"type": 2, "name": "admin"})
        assert refused == (400, {"sentence": "You do not have permission to use this command."})


async def test_a_file_above_the_limit_is_refused_with_a_sentence(page, commands):
    options = [TITLE, {"name": "seed", "value": 0}]
    answer = await page.act({"type": 2, "name": "compose", "options": options}, ("big.mid", bytes(10 * 2**20 + 1)))
    assert answer == (400, {"sentence": "Your file is too large: the limit is 10 MiB."})


async def test_a_body_without_a_length_is_read_no_further_than_its_limit(local, http):
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 200 * 2**20:
            sent += 2**16
            yield b" " * 2**16

    headers = {"Content-Type": "application/json", "Origin": local.url}
    async with http.post(f"{local.url}/client/interactions", data=endless(), headers=headers) as response:
        assert response.status == 400
        assert "too large" in (await response.json())["sentence"]
    assert sent < 100 * 2**20


async def test_more_files_than_a_message_takes_are_refused(page, commands):
    files = [(f"{number}.mid", b"MThd") for number in range(11)]
    status, answer = await page.act({"type": 2, "name": "compose", "options": [TITLE]}, *files)
    assert (status, answer) == (400, {"sentence": "Invalid Form Body"})


async def test_without_a_bot_a_command_fails_after_3_seconds(page, commands):
    await page.command("compose", [TITLE])
    failed = await page.wait_for(lambda one: one.get("state") == "failed")
    assert failed["sentence"] == "The application did not respond"


async def test_the_same_name_is_the_same_member(local, page, other_page):
    async with other_page("guest") as again, other_page("<b>anna</b>") as anna:
        assert again.frames[0]["me"]["id"] == page.frames[0]["me"]["id"]
        assert anna.frames[0]["me"]["username"] == "bannab"
    assert page.frames[0]["bot_online"] is False


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),  # a local program: let through, and told that its body is none
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example"}, 421),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ],
)
async def test_other_web_pages_and_rebound_names_are_refused(local, http, headers, status):
    async with http.post(f"{local.url}/client/interactions", json={}, headers=headers) as response:
        assert response.status == status
    async with http.get(f"{local.url}/client", headers=headers) as response:
        assert response.status == status


async def test_the_server_listens_on_loopback_only_and_takes_the_next_free_port(local):
    taken = int(local.url.rpartition(":")[2])
    async with type(local)().serving(taken) as port:
        assert taken < port <= taken + 20
