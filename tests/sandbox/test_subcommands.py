"""Commands in groups, and all that an option can name, with a real discord.py client."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands

Json = dict[str, Any]
MANAGE = discord.Permissions(manage_guild=True)


class Dataset(app_commands.Group, name="dataset", description="Data sets", default_permissions=MANAGE):
    """A group with a subcommand that takes everything, and a group within it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    @app_commands.command(description="Add files")
    @app_commands.choices(part=[app_commands.Choice(name="Held out", value="test")])
    async def add(
        self,
        interaction: discord.Interaction,
        name: str,
        file: discord.Attachment,
        file2: discord.Attachment | None = None,
        part: str = "train",
        where: discord.TextChannel | None = None,
        who: discord.Member | None = None,
        whose: discord.Member | discord.Role | None = None,
    ) -> None:
        data = [await one.read() for one in (file, file2) if one]
        self.heard.append((name, data, part, where, who, whose, interaction.permissions.manage_guild))
        await interaction.response.send_message("added")

    @add.autocomplete("name")
    async def names(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=f"{typed}ues of {interaction.namespace.part}", value="blues")]

    nightly = app_commands.Group(name="nightly", description="Every night")

    @nightly.command(description="From now on")
    async def on(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("good night")


@pytest.fixture
async def dataset(bot: Any, start_bot: Any) -> Dataset:
    group = Dataset()
    bot.tree.add_command(group)
    await start_bot(bot)
    return group


def below(*names: str, options: list[Json]) -> list[Json]:
    """Options inside subcommands."""
    for index, name in enumerate(reversed(names)):
        options = [{"name": name, "type": 1 if index == 0 else 2, "options": options}]
    return options


async def test_a_subcommand_gets_files_choices_channels_and_people(local, page, dataset, bot):
    # When a guest fills in all that can be filled in
    state = local.state
    given = [
        {"name": "name", "type": 3, "value": "blues"},
        {"name": "file", "type": 11, "value": 0},
        {"name": "file2", "type": 11, "value": 1},
        {"name": "part", "type": 3, "value": "test"},
        {"name": "where", "type": 7, "value": str(state.channel.id)},
        {"name": "who", "type": 6, "value": str(state.member("guest").id)},
        {"name": "whose", "type": 9, "value": str(state.guild_id + 1)},
    ]
    await page.command("dataset", below("add", options=given), ("a.mid", b"one"), ("b.mid", b"two"))

    # Then the bot has it all, resolved, and the message says which command it was
    message = await page.message(lambda one: one["content"] == "added")
    assert message["interaction_metadata"]["name"] == "dataset add"
    name, data, part, where, who, whose, may_manage = dataset.heard[0]
    assert (name, data, part) == ("blues", [b"one", b"two"], "test")
    assert (where.id, where.name) == (state.channel.id, "music")
    assert (who.name, [role.name for role in who.roles]) == ("guest", ["@everyone", "Admin"])
    assert (whose.name, may_manage) == ("Admin", True)
    assert not bot.errors


async def test_a_subcommand_in_a_group_within_a_group_reaches_the_bot(page, dataset):
    await page.command("dataset", below("nightly", "on", options=[]))
    message = await page.message(lambda one: one["content"] == "good night")
    assert message["interaction_metadata"]["name"] == "dataset nightly on"


async def test_the_completion_of_an_option_gets_the_other_options_as_well(page, dataset):
    given = [{"name": "part", "value": "test"}, {"name": "name", "value": "bl", "focused": True}]
    payload = {"type": 4, "name": "dataset", "options": below("add", options=given)}
    status, body = await page.act(payload)
    assert (status, body["choices"][0]["name"]) == (200, "blues of test")
    payload["options"] = below("add", options=[{"name": "part", "value": "te", "focused": True}])
    assert await page.act(payload) == (400, {"sentence": "Option “part” is not completed by the bot."})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ([], "Choose one of: add, nightly."),
        (below("nightly", options=[]), "Choose one of: on."),
        (below("remove", options=[]), "This command has no option “remove”."),
        (below("add", options=[]), "Option “name” is required."),
        (
            below("add", options=[{"name": "name", "value": "x"}, {"name": "file", "value": 3}]),
            "The file did not arrive; attach it again.",
        ),
        (
            below("add", options=[{"name": "name", "value": "x"}, {"name": "file", "value": 0}, {"name": "where"}]),
            "There is no such channel to choose here.",
        ),
    ],
)
async def test_what_discords_client_would_not_send_is_refused(page, dataset, options, sentence):
    payload = {"type": 2, "name": "dataset", "options": options}
    assert await page.act(payload, ("a.mid", b"x")) == (400, {"sentence": sentence})


async def test_a_group_for_admins_is_neither_shown_to_others_nor_theirs_to_use(page, other_page, dataset):
    async with other_page("anna") as anna:
        assert anna.frames[0]["commands"] == []
        payload = {"type": 2, "name": "dataset", "options": below("nightly", "on", options=[])}
        refused = await anna.act(payload)
        assert refused == (400, {"sentence": "You do not have permission to use this command."})
        assert (await page.act(payload))[0] == 204


async def test_a_message_command_gets_the_message_it_was_used_on(local, page, other_page, start_bot, bot):
    # Given a message with a file, posted without any interaction, and a command for messages
    taken: list[Any] = []

    @bot.tree.context_menu(name="Add to data set")
    async def add(interaction: discord.Interaction, message: discord.Message) -> None:
        taken.append((message.id, message.content, await message.attachments[0].read(), message.channel.id))
        await interaction.response.send_message("taken", ephemeral=True)

    await start_bot(bot)
    channel = await bot.fetch_channel(local.state.channel.id)
    posted = await channel.send("here", file=discord.File(__file__, "a.mid"))

    # When it is used on it
    payload = {"type": 2, "command_type": 3, "name": "Add to data set", "target_id": str(posted.id)}
    assert (await page.act(payload))[0] == 204

    # Then the bot has the message, and the answer names command and target
    secret = await page.message(lambda one: one["content"] == "taken")
    assert taken[0][:2] == (posted.id, "here")
    assert taken[0][3] == local.state.channel.id
    assert secret["type"] == 23
    found = secret["interaction_metadata"]
    assert (found["name"], found["command_type"], found["target_message_id"]) == ("Add to data set", 3, str(posted.id))

    # And it cannot be used on what is private or gone
    refused = await page.act({**payload, "target_id": secret["id"]})
    assert refused == (400, {"sentence": "Apps cannot be used on this message."})
    assert (await page.act({**payload, "target_id": "1"}))[1] == {"sentence": "This message is no longer there."}
    assert (await page.act({**payload, "command_type": 2}))[0] == 400


async def test_the_guild_and_its_channel_are_the_same_after_a_restart(local):
    again = type(local)().state
    assert (again.guild_id, again.channel.id) == (local.state.guild_id, local.state.channel.id)
    assert again.bot.id != local.state.bot.id
    assert discord.utils.snowflake_time(again.guild_id).year == 2026
