"""A real discord.py client against the local Discord: what works on the real one works here, and what fails fails."""

from __future__ import annotations

import asyncio
import io
from datetime import datetime

import discord
import pytest
from discord import app_commands

from sandbox.server.rate_limits import LIMITS

MIDI = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk\x00\x00\x00\x04\x00\xff\x2f\x00"
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x02\x00\x00\x00"
    b"\x12\x16\xf1M\x00\x00\x00\x00IEND\xaeB`\x82"
)


async def test_a_command_with_a_file_is_deferred_and_edited_into_a_message_with_files(local, page, start_bot, bot):
    # Given a command that takes a file, defers, and answers with three files of which an embed shows one
    got: list[bytes] = []

    @bot.tree.command(description="Compose")
    @app_commands.describe(seed="A file", length="Seconds")
    async def compose(
        interaction: discord.Interaction, seed: discord.Attachment, length: app_commands.Range[float, 5, 300] = 30.0
    ) -> None:
        await interaction.response.defer()
        got.append(await seed.read())
        embed = discord.Embed(title="A piece", description=f"{length:g} s").set_image(url="attachment://roll.png")
        files = [discord.File(io.BytesIO(data), name) for data, name in ((MIDI, "a.mid"), (PNG, "roll.png"))]
        await interaction.edit_original_response(content="done", embed=embed, attachments=files)

    await start_bot(bot)

    # When a guest uses it
    await page.command(
        "compose",
        [{"name": "seed", "type": 11, "value": 0}, {"name": "length", "type": 10, "value": 12}],
        ("my seed.mid", MIDI),
    )

    # Then the page sees it thinking, then the result, under the same id
    thinking = await page.message(lambda one: one["flags"] & 128)
    done = await page.message(lambda one: one["content"] == "done")
    assert done["id"] == thinking["id"]
    assert not done["flags"] & 128
    assert got == [MIDI]
    assert [one["filename"] for one in done["attachments"]] == ["a.mid"]
    assert done["attachments"][0]["content_type"] == "audio/midi"
    assert done["attachments"][0]["url"].startswith("/attachments/")
    picture = done["embeds"][0]["image"]
    assert picture["url"].startswith("/attachments/")
    assert (picture["width"], picture["height"]) == (3, 2)
    assert done["interaction_metadata"]["name"] == "compose"
    assert done["interaction_metadata"]["user"]["username"] == "guest"
    acknowledged = await page.wait_for(lambda one: one.get("state") == "acknowledged")
    assert acknowledged["nonce"] == "n-compose"
    assert not bot.errors


async def test_buttons_update_their_message_and_follow_ups_are_new_ones(page, start_bot, bot):
    class Buttons(discord.ui.View):
        @discord.ui.button(label="More", custom_id="more")
        async def more(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
            await interaction.response.edit_message(content="more")
            await interaction.followup.send("a follow-up")

    @bot.tree.command(description="Show")
    async def show(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("hello", view=Buttons())

    await start_bot(bot)
    await page.command("show")
    first = await page.message(lambda one: one["content"] == "hello")
    assert first["components"][0]["components"][0]["label"] == "More"
    await page.click(first, "more")
    changed = await page.message(lambda one: one["content"] == "more")
    assert changed["id"] == first["id"]
    followed = await page.message(lambda one: one["content"] == "a follow-up")
    assert followed["id"] != first["id"]
    assert not bot.errors


async def test_an_ephemeral_answer_is_seen_by_one_member_and_gone_on_reload(page, other_page, start_bot, bot):
    @bot.tree.command(description="Whisper")
    async def whisper(interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True)
        await interaction.followup.send("only you")
        await interaction.followup.send("everybody")

    await start_bot(bot)
    async with other_page("somebody") as other:
        await page.command("whisper")
        secret = await page.message(lambda one: one["content"] == "only you")
        assert secret["flags"] & 64
        await other.message(lambda one: one["content"] == "everybody")
        assert all(one.get("message", {}).get("content") != "only you" for one in other.frames)
    async with other_page("guest") as reloaded:
        shown = [one["content"] for one in reloaded.frames[0]["messages"]]
        assert shown == ["everybody"]


async def test_an_autocompletion_brings_the_choices_of_the_bot(page, start_bot, bot):
    @bot.tree.command(description="Pick")
    async def pick(interaction: discord.Interaction, model: str) -> None:
        await interaction.response.send_message(model)

    @pick.autocomplete("model")
    async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{current}ano", value="piano")]

    await start_bot(bot)
    options = [{"name": "model", "type": 3, "value": "pi", "focused": True}]
    status, body = await page.act({"type": 4, "nonce": "x", "name": "pick", "options": options})
    assert status == 200
    assert [(one["name"], one["value"]) for one in body["choices"]] == [("piano", "piano")]


async def test_a_choice_of_digits_stays_the_text_that_the_option_takes(page, start_bot, bot):
    @bot.tree.command(description="Pick")
    async def pick(interaction: discord.Interaction, job: str) -> None:
        await interaction.response.send_message(f"picked {job}")

    @pick.autocomplete("job")
    async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name="The latest", value="1456074443980800018")]

    await start_bot(bot)
    options = [{"name": "job", "type": 3, "value": "", "focused": True}]
    _, body = await page.act({"type": 4, "nonce": "x", "name": "pick", "options": options})
    (choice,) = body["choices"]
    assert choice["value"] == "1456074443980800018"
    await page.command("pick", [{"name": "job", "type": 3, "value": choice["value"]}])
    await page.message(lambda one: one["content"] == "picked 1456074443980800018")


async def test_a_dropped_socket_is_resumed_and_the_missed_command_arrives(local, page, start_bot, bot):
    @bot.tree.command(description="Ping")
    async def ping(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")

    await start_bot(bot)
    # When the connection is cut and a command comes before the bot is back
    local.gateway.drop()
    await page.command("ping")
    # Then it is resumed (no second READY) and the command is answered
    await page.message(lambda one: one["content"] == "pong")
    assert (bot.readies, bot.resumes) == (1, 1)
    assert [one["online"] for one in page.frames if one["t"] == "bot"][-2:] == [False, True]


@pytest.mark.parametrize("how", ["reconnect", "invalid", "invalid but resumable"])
async def test_the_bot_comes_back_when_discord_sends_it_away(local, page, start_bot, bot, how, wait_until):
    @bot.tree.command(description="Ping")
    async def ping(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")

    await start_bot(bot)
    sessions = set(local.gateway.sessions)
    if how == "reconnect":
        local.gateway.ask_to_reconnect()
    else:
        local.gateway.invalidate(resumable="but" in how)
    await page.wait_for(lambda one: one == {"t": "bot", "online": False})
    await wait_until(lambda: local.gateway.online)
    assert (set(local.gateway.sessions) == sessions) == (how != "invalid")
    await page.command("ping")
    await page.message(lambda one: one["content"] == "pong")


async def test_after_15_minutes_the_token_is_refused_and_the_channel_still_takes_the_answer(
    local, page, start_bot, bot
):
    seen: list[discord.HTTPException] = []

    @bot.tree.command(description="Slow")
    async def slow(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        local.clock.advance(15 * 60 + 1)
        try:
            await interaction.edit_original_response(content="late")
        except discord.HTTPException as error:
            seen.append(error)
        await interaction.channel.send("late, in the channel", file=discord.File(io.BytesIO(MIDI), "a.mid"))

    await start_bot(bot)
    await page.command("slow")
    late = await page.message(lambda one: one["content"] == "late, in the channel")
    assert late["attachments"][0]["size"] == len(MIDI)
    assert [(one.status, one.code) for one in seen] == [(401, 50027)]


async def test_a_second_acknowledgement_is_refused(api, page, start_bot, bot):
    seen: list[tuple[int, int]] = []

    @bot.tree.command(description="Twice")
    async def twice(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("once")
        callback = f"/interactions/{interaction.id}/{interaction.token}/callback"
        status, body = await api.ask("POST", callback, {"type": 4, "data": {"content": "twice"}})
        seen.append((status, body["code"]))
        await interaction.followup.send("end")

    await start_bot(bot)
    await page.command("twice")
    await page.message(lambda one: one["content"] == "end")
    assert seen == [(400, 40060)]


async def test_an_interaction_that_is_not_answered_in_time_has_failed(page, start_bot, bot, monkeypatch):
    monkeypatch.setattr("sandbox.server.state.ANSWER_LIMIT_S", 0.2)
    seen: list[discord.HTTPException] = []
    failed = asyncio.Event()

    @bot.tree.command(description="Sleep")
    async def sleep(interaction: discord.Interaction) -> None:
        await failed.wait()
        try:
            await interaction.response.defer()
        except discord.HTTPException as error:
            seen.append(error)
        await interaction.channel.send("awake")

    await start_bot(bot)
    await page.command("sleep")
    frame = await page.wait_for(lambda one: one.get("state") == "failed")
    assert frame == {
        "t": "interaction",
        "nonce": "n-sleep",
        "state": "failed",
        "sentence": "The application did not respond",
    }
    failed.set()
    await page.message(lambda one: one["content"] == "awake")
    assert [(one.status, one.code) for one in seen] == [(404, 10062)]


async def test_a_file_above_the_limit_is_refused(page, start_bot, bot):
    seen: list[discord.HTTPException] = []

    @bot.tree.command(description="Big")
    async def big(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        file = discord.File(io.BytesIO(bytes(interaction.filesize_limit + 1)), "big.bin")
        try:
            await interaction.edit_original_response(attachments=[file])
        except discord.HTTPException as error:
            seen.append(error)
        await interaction.edit_original_response(content="too big")

    await start_bot(bot)
    await page.command("big")
    await page.message(lambda one: one["content"] == "too big")
    assert [(one.status, one.code) for one in seen] == [(413, 40005)]


async def test_direct_messages_reach_their_member_only(local, page, other_page, start_bot, bot):
    @bot.tree.command(description="Write to me")
    async def write(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        await interaction.user.send("hello in private")
        await interaction.delete_original_response()

    await start_bot(bot)
    async with other_page("somebody") as other:
        await page.command("write")
        private = await page.message(lambda one: one["content"] == "hello in private")
        assert "guild_id" not in private
        await other.wait_for(lambda one: one["t"] == "delete")
        assert all(one.get("message", {}).get("content") != "hello in private" for one in other.frames)


async def test_the_library_retries_after_server_errors_and_rate_limits(local, page, start_bot, bot):
    @bot.tree.command(description="Ping")
    async def ping(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        local.faults.rate_limited = 1
        await interaction.edit_original_response(content="after a 429")
        local.faults.server_errors = 1
        await interaction.edit_original_response(content="after a 502")

    await start_bot(bot)
    await page.command("ping")
    await page.message(lambda one: one["content"] == "after a 502")


async def test_edits_beyond_the_rate_limit_wait_until_they_are_allowed(local, page, start_bot, bot, monkeypatch):
    route = "PATCH", "/webhooks/{webhook_id}/{token}/messages/{message_id}"
    monkeypatch.setitem(LIMITS, route, (5, 0.5))

    @bot.tree.command(description="Count")
    async def count(interaction: discord.Interaction) -> None:
        await interaction.response.defer()
        for number in range(6):
            await interaction.edit_original_response(content=str(number))

    await start_bot(bot)
    await page.command("count")
    await page.message(lambda one: one["content"] == "5")
    times = [datetime.fromisoformat(one["edited_timestamp"]) for one in page.messages() if one["edited_timestamp"]]
    assert (times[-1] - times[0]).total_seconds() > 0.25


async def test_a_wrong_token_is_a_login_failure(local, start_bot, bot):
    local.state.bot_token, kept = "another", local.state.bot_token
    await_login = bot.login(kept)
    with pytest.raises(discord.LoginFailure):
        await await_login
    await bot.close()
