"""Select menus and forms (modals), with a real discord.py client."""

from __future__ import annotations

import io
from typing import Any

import discord
import pytest
from discord import ui

Json = dict[str, Any]


class Menus(ui.View):
    """A menu of texts, several of which may be chosen, and one of channels."""

    def __init__(self) -> None:
        super().__init__(timeout=None)
        self.heard: list[Any] = []

    @ui.select(custom_id="sets", min_values=1, max_values=2, options=[discord.SelectOption(label=one) for one in "abc"])
    async def sets(self, interaction: discord.Interaction, select: ui.Select[Any]) -> None:
        self.heard.append(select.values)
        await interaction.response.edit_message(content=f"chosen: {', '.join(select.values)}")

    @ui.select(cls=ui.ChannelSelect, custom_id="where", channel_types=[discord.ChannelType.text])
    async def where(self, interaction: discord.Interaction, select: ui.ChannelSelect[Any]) -> None:
        self.heard.append([(one.id, one.name) for one in select.values])
        await interaction.response.send_message("there", ephemeral=True)


class Settings(ui.Modal, title="New data set"):
    """Every kind of field."""

    note = ui.TextDisplay("All of it can be *changed* later.")
    name = ui.Label(text="Name", component=ui.TextInput(custom_id="name", min_length=3, max_length=8))
    kind = ui.Label(
        text="Kind",
        description="What is in it",
        component=ui.Select(custom_id="kind", options=[discord.SelectOption(label=one) for one in ("piano", "band")]),
    )
    files = ui.Label(text="Files", component=ui.FileUpload(custom_id="files", required=False, max_values=2))
    where = ui.Label(text="Where", component=ui.ChannelSelect(custom_id="where", required=False))

    def __init__(self) -> None:
        super().__init__(custom_id="settings")
        self.heard: list[Any] = []

    async def on_submit(self, interaction: discord.Interaction) -> None:
        files = [await one.read() for one in self.files.component.values]
        channels = [one.name for one in self.where.component.values]
        self.heard.append((self.name.component.value, self.kind.component.values, files, channels))
        await interaction.response.send_message("made")

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        self.heard.append(error)


class Simple(ui.Modal, title="Rename"):
    """The older form: a text box with a label of its own, in a row."""

    name = ui.TextInput(label="New name", custom_id="name", default="old", required=False)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        if interaction.message is None:
            await interaction.response.defer()
            await interaction.followup.send(f"renamed to {self.name.value!r}")
        else:
            await interaction.response.edit_message(content=f"renamed to {self.name.value!r}")


class Door(ui.View):
    """A button that opens a form."""

    @ui.button(label="Rename", custom_id="rename")
    async def rename(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
        await interaction.response.send_modal(Simple())


@pytest.fixture
async def menus(bot: Any, start_bot: Any) -> Menus:
    """`/show` shows the menus."""
    found = Menus()

    @bot.tree.command(description="Show")
    async def show(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("choose", view=found)

    await start_bot(bot)
    return found


@pytest.fixture
async def settings(bot: Any, start_bot: Any) -> Settings:
    """`/new` opens the long form, `/rename` the short one, a message command too; `/door` shows a button for it."""
    found = Settings()

    @bot.tree.command(description="New")
    async def new(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(found)

    @bot.tree.command(description="Rename")
    async def rename(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Simple())

    @bot.tree.command(description="Door")
    async def door(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("a door", view=Door())

    @bot.tree.context_menu(name="Rename it")
    async def rename_it(interaction: discord.Interaction, message: discord.Message) -> None:
        await interaction.response.send_modal(Simple())

    await start_bot(bot)
    return found


async def test_menus_send_what_was_chosen(local, page, menus):
    await page.command("show")
    shown = await page.message(lambda one: one["content"] == "choose")
    await page.click(shown, "sets", values=["c", "a"])
    changed = await page.message(lambda one: one["content"] == "chosen: c, a")
    assert changed["id"] == shown["id"]
    await page.click(shown, "where", values=[str(local.state.channel.id)])
    await page.message(lambda one: one["content"] == "there")
    assert menus.heard == [["c", "a"], [(local.state.channel.id, "music")]]


@pytest.mark.parametrize(
    ("custom_id", "values", "sentence"),
    [
        ("sets", [], "This menu takes 1 to 2 choices."),
        ("sets", ["a", "b", "c"], "This menu takes 1 to 2 choices."),
        ("sets", ["a", "a"], "This menu takes each choice once."),
        ("sets", ["d"], "This menu has no such choice."),
        ("sets", None, "The request could not be read: its values are not a list."),
        ("where", ["1"], "There is no such channel to choose here."),
    ],
)
async def test_menus_take_only_what_they_offer(page, menus, custom_id, values, sentence):
    await page.command("show")
    shown = await page.message(lambda one: one["content"] == "choose")
    payload = {"type": 3, "message_id": shown["id"], "custom_id": custom_id, "values": values}
    assert await page.act(payload) == (400, {"sentence": sentence})
    assert menus.heard == []


async def test_a_form_with_every_field_reaches_the_bot(local, page, settings):
    # Given a form that a command opened
    await page.command("new")
    form = await page.form("n-new")
    assert form["title"] == "New data set"
    assert [one["type"] for one in form["components"]] == [10, 18, 18, 18, 18]

    # When it is filled in and sent
    values = {"name": "blues", "kind": ["band"], "files": [0, 1], "where": [str(local.state.channel.id)]}
    assert (await page.submit(form, values, ("a.mid", b"one"), ("b.mid", b"two")))[0] == 204

    # Then the bot has all of it, the answer says who began, and the form is closed for good
    made = await page.message(lambda one: one["content"] == "made")
    assert settings.heard == [("blues", ["band"], [b"one", b"two"], ["music"])]
    found = made["interaction_metadata"]
    assert (found["type"], found["triggering_interaction_metadata"]["name"]) == (5, "new")
    assert await page.submit(form, values) == (400, {"sentence": "This form is no longer open; begin again."})


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": ["band"]}, "“Name” is required."),
        ({"name": "ab", "kind": ["band"]}, "“Name” must have at least 3 characters."),
        ({"name": "a" * 9, "kind": ["band"]}, "“Name” must have at most 8 characters."),
        ({"name": ["abc"], "kind": ["band"]}, "“Name” takes a text."),
        ({"name": "abc"}, "“Kind” is required."),
        ({"name": "abc", "kind": ["choir"]}, "“Kind” has no such choice."),
        ({"name": "abc", "kind": ["piano", "band"]}, "“Kind” takes 1 choice."),
        ({"name": "abc", "kind": ["band"], "files": [0]}, "The file did not arrive; attach it again."),
        ({"name": "abc", "kind": ["band"], "more": "x"}, "This form has no field “more”."),
    ],
)
async def test_a_form_is_checked_before_it_is_sent(page, settings, values, sentence):
    await page.command("new")
    assert await page.submit(await page.form("n-new"), values) == (400, {"sentence": sentence})
    assert settings.heard == []


async def test_forms_open_from_commands_buttons_and_messages(page, settings):
    await page.command("rename")
    assert (await page.submit(await page.form("n-rename"), {"name": ""}))[0] == 204
    await page.message(lambda one: one["content"] == "renamed to ''")
    await page.command("door")
    door = await page.message(lambda one: one["content"] == "a door")
    await page.click(door, "rename")
    assert (await page.submit(await page.form("click"), {"name": "new"}))[0] == 204
    changed = await page.message(lambda one: one["content"] == "renamed to 'new'")
    assert changed["id"] == door["id"]
    payload = {"type": 2, "command_type": 3, "name": "Rename it", "nonce": "menu", "target_id": door["id"]}
    assert (await page.act(payload))[0] == 204
    assert (await page.submit(await page.form("menu"), {"name": "third"}))[0] == 204
    await page.message(lambda one: one["content"] == "renamed to 'third'")


async def test_a_form_is_not_answered_with_another_form(page, start_bot, bot):
    seen: list[discord.HTTPException] = []

    class Endless(ui.Modal, title="Again"):
        name = ui.Label(text="Name", component=ui.TextInput(custom_id="name"))

        async def on_submit(self, interaction: discord.Interaction) -> None:
            try:
                await interaction.response.send_modal(Endless())
            except discord.HTTPException as error:
                seen.append(error)
            await interaction.response.send_message("enough")

    @bot.tree.command(description="Again")
    async def again(interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(Endless())

    await start_bot(bot)
    await page.command("again")
    assert (await page.submit(await page.form("n-again"), {"name": "x"}))[0] == 204
    await page.message(lambda one: one["content"] == "enough")
    assert [(one.status, one.code) for one in seen] == [(400, 50035)]


async def test_a_form_of_somebody_else_is_not_shown_and_cannot_be_sent(page, other_page, settings):
    async with other_page("anna") as anna:
        await page.command("rename")
        form = await page.form("n-rename")
        refused = await anna.submit(form, {"name": "x"})
        assert refused == (400, {"sentence": "This form is no longer open; begin again."})
        assert all(one["t"] != "modal" for one in anna.frames)


async def test_a_message_can_be_edited_after_the_token_has_expired(local, page, start_bot, bot):
    @bot.tree.command(description="Train")
    async def train(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("step 0")
        message = await interaction.original_response()
        local.clock.advance(3 * 3600)
        plain = interaction.channel.get_partial_message(message.id)
        for step in (1, 2):
            await plain.edit(
                content=f"step {step}",
                embed=discord.Embed(title="Training").set_image(url="attachment://curve.png"),
                attachments=[discord.File(io.BytesIO(b"\x89PNG\r\n\x1a\n"), "curve.png")],
            )
        files = [discord.File(io.BytesIO(b"ID3"), f"{number}.mp3") for number in range(10)]
        await interaction.channel.send("samples", files=files)

    await start_bot(bot)
    await page.command("train")
    first = await page.message(lambda one: one["content"] == "step 0")
    last = await page.message(lambda one: one["content"] == "step 2")
    assert last["id"] == first["id"]
    assert last["embeds"][0]["image"]["url"].startswith("/attachments/")
    samples = await page.message(lambda one: one["content"] == "samples")
    assert [one["content_type"] for one in samples["attachments"]] == ["audio/mpeg"] * 10
