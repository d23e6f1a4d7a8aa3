"""Where the bot can be used: servers, direct messages, threads, by members who install it; its welcome on a server."""

from __future__ import annotations

import re
from pathlib import Path

import discord
import pytest

from bot.features.help.welcome import greet, welcome_card
from tests.bot.harness import SEED, Harness, shown, told

FOR_ADMINS = {"dataset", "train", "model", "Add to data set"}


async def test_members_can_install_what_concerns_no_server(harness: Harness) -> None:
    said = {command.name: command.to_dict(harness.bot.tree) for command in harness.bot.tree.get_commands()}
    said |= {
        menu.name: menu.to_dict(harness.bot.tree)
        for menu in harness.bot.tree.get_commands(type=discord.AppCommandType.message)
    }
    for name, command in said.items():
        if name in FOR_ADMINS:
            assert (command["integration_types"], command["contexts"]) == ([0], [0]), name
        else:
            assert (sorted(command["integration_types"]), sorted(command["contexts"])) == ([0, 1], [0, 1, 2]), name


async def test_it_composes_in_a_thread(harness: Harness) -> None:
    text_channel = harness.bot.get_channel(harness.channel.id)
    made = await text_channel.create_thread(name="jam", type=discord.ChannelType.public_thread)
    (thread,) = [found for found in harness.channel.threads if found.id == made.id]
    await harness.alice.slash(thread, "compose", seed=("may.mid", SEED))
    job = harness.worker.take()
    record = await harness.bot.board.record(job.id)
    assert (record.delivery.channel_id, record.delivery.parent_channel_id) == (thread.id, harness.channel.id)
    job.is_done()
    await harness.settle()
    assert len(thread.last_message.attachments) == 3


async def test_on_a_server_without_the_bot_what_belongs_to_servers_is_refused(harness: Harness, monkeypatch) -> None:
    """Only the member has installed it: Discord sends the interaction, but the bot is no member of the server."""
    monkeypatch.setattr(type(harness.bot), "get_guild", lambda *_: None)
    await harness.alice.slash(harness.channel, "compose")
    harness.worker.take().is_done()
    await harness.settle()
    assert len(harness.message.attachments) == 3
    for result in (
        await harness.alice.click(harness.message, label="Star"),
        await harness.alice.slash(harness.channel, "library server"),
        await harness.alice.slash(harness.channel, "queue server"),
        await harness.alice.slash(harness.channel, "model list"),
    ):
        assert "I'm not a member of this server" in told(result)
    assert "1 piece" in told(await harness.alice.slash(harness.channel, "library mine"))
    assert harness.worker.queued("library") == []


def with_system_channel(harness: Harness) -> discord.Guild:
    guild = harness.bot.get_guild(harness.guild.id)
    assert guild is not None
    guild._system_channel_id = harness.channel.id
    return guild


async def test_the_welcome_comes_to_the_system_channel(harness: Harness) -> None:
    await harness.bot.on_guild_join(with_system_channel(harness))
    words = shown(harness.message)
    for part in ("/compose", "/dataset", "/help", "/privacy", "*Describe*"):
        assert part in words


@pytest.mark.parametrize("permission", ["send_messages", "embed_links", "view_channel"])
async def test_where_the_bot_may_not_speak_it_stays_silent(harness: Harness, monkeypatch, permission: str) -> None:
    guild = with_system_channel(harness)
    held = discord.Permissions.all()
    held.update(**{permission: False})
    monkeypatch.setattr(discord.TextChannel, "permissions_for", lambda *_: held)
    assert await greet(guild) is False
    assert harness.channel.history() == []


async def test_without_a_system_channel_there_is_no_welcome(harness: Harness) -> None:
    guild = harness.bot.get_guild(harness.guild.id)
    assert guild is not None
    assert await greet(guild) is False


async def test_every_command_in_the_welcome_exists(harness: Harness) -> None:
    names = {command.name for command in harness.bot.tree.get_commands()}
    words = "\n".join([welcome_card().description or "", *(field.value or "" for field in welcome_card().fields)])
    assert set(re.findall(r"`/([a-z-]+)", words)) <= names


def test_the_invite_asks_for_messages_in_threads() -> None:
    link = re.search(r"&permissions=(\d+)", (Path(__file__).parents[2] / "README.md").read_text())
    assert link is not None
    asked = discord.Permissions(int(link[1]))
    assert asked.send_messages_in_threads
    assert asked.attach_files
    assert not asked.administrator
