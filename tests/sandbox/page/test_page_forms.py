"""Subcommands, commands on messages, menus and forms, as a person uses them at the page."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands, ui
from playwright.async_api import expect

MANAGE = discord.Permissions(manage_guild=True)


class Details(ui.Modal, title="Details"):
    """One field of each kind that a person fills in differently."""

    words = ui.TextDisplay("This can be **changed** later.")
    note = ui.Label(
        text="Note", component=ui.TextInput(custom_id="note", style=discord.TextStyle.paragraph, max_length=9)
    )
    kind = ui.Label(
        text="Kind",
        component=ui.Select(custom_id="kind", options=[discord.SelectOption(label=one) for one in ("piano", "band")]),
    )
    part = ui.Label(
        text="Part",
        component=ui.RadioGroup(
            custom_id="part", options=[discord.RadioGroupOption(label=one, value=one) for one in ("train", "test")]
        ),
    )
    files = ui.Label(text="More files", component=ui.FileUpload(custom_id="files", max_values=2, required=False))

    def __init__(self, heard: list[Any]) -> None:
        super().__init__()
        self.heard = heard

    async def on_submit(self, interaction: discord.Interaction) -> None:
        note, kind, part = self.note.component.value, self.kind.component.values, self.part.component.value
        if note == "silence":
            raise ValueError(note)
        files = [one.filename for one in self.files.component.values]
        self.heard.append((note, kind, part, files))
        await interaction.response.edit_message(content="filled in", view=None)

    async def on_error(self, interaction: discord.Interaction, error: Exception) -> None:
        """Says nothing, as a bot does that has broken down."""


class Offers(ui.View):
    """A menu and a button that opens a form."""

    def __init__(self, heard: list[Any]) -> None:
        super().__init__(timeout=None)
        self.heard = heard

    @ui.select(
        custom_id="sets", placeholder="Which sets?", max_values=2,
        options=[discord.SelectOption(label=one, description=f"Set {one}") for one in ("blues", "folk", "rock")],
    )  # fmt: skip
    async def sets(self, interaction: discord.Interaction, select: ui.Select[Any]) -> None:
        self.heard.append(select.values)
        await interaction.response.edit_message(content=f"sets: {' and '.join(select.values)}")

    @ui.button(label="Details", custom_id="details")
    async def details(self, interaction: discord.Interaction, button: ui.Button[Any]) -> None:
        await interaction.response.send_modal(Details(self.heard))


@pytest.fixture
async def heard(bot: Any, start_bot: Any) -> list[Any]:
    """What a bot with `/dataset add`, `/show` and a command on messages has been told."""
    found: list[Any] = []
    dataset = app_commands.Group(name="dataset", description="Data sets", default_permissions=MANAGE)

    @dataset.command(description="Add files to a data set")
    async def add(
        interaction: discord.Interaction,
        name: str,
        file: discord.Attachment,
        file2: discord.Attachment | None = None,
        where: discord.TextChannel | None = None,
    ) -> None:
        found.append((name, [one.filename for one in (file, file2) if one], where and where.name))
        await interaction.response.send_message("added")

    @add.autocomplete("name")
    async def names(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=one, value=one) for one in ("blues", "folk") if typed in one]

    @bot.tree.command(description="Show")
    async def show(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("offers", view=Offers(found))

    @bot.tree.context_menu(name="Add to data set")
    @app_commands.default_permissions(MANAGE)
    async def take(interaction: discord.Interaction, message: discord.Message) -> None:
        found.append(message.content)
        await interaction.response.send_message("taken", ephemeral=True)

    bot.tree.add_command(dataset)
    await start_bot(bot)
    return found


async def show(page: Any) -> None:
    await page.fill("#message-box", "/show")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("offers")).to_be_visible()


async def test_a_subcommand_has_a_form_of_its_own_for_those_who_may_use_it(heard, open_page):
    async with open_page() as page, open_page("anna") as other:
        # Given a subcommand chosen in the picker
        await page.fill("#message-box", "/dataset")
        await expect(page.get_by_role("listbox", name="Commands").get_by_role("option")).to_contain_text("/dataset add")
        await page.keyboard.press("Enter")
        # When its fields are filled in, with a completion, two files and a channel, and it is sent
        await page.keyboard.type("bl")
        await expect(page.get_by_role("listbox", name="Choices for name").get_by_role("option")).to_have_text("blues")
        await page.keyboard.press("Enter")
        for name in ("file", "file2"):
            upload = {"name": f"{name}.mid", "mimeType": "audio/midi", "buffer": b"MThd"}
            await page.get_by_label(name, exact=True).set_input_files(upload)
        await page.get_by_label("where", exact=True).focus()
        await page.keyboard.type("mu")
        await page.keyboard.press("Enter")
        await page.keyboard.press("Enter")
        # Then the bot has them, and the message says which command it was
        await expect(page.get_by_text("added")).to_be_visible()
        await expect(page.locator(".reply-command")).to_have_text("/dataset add")
        # And others have no such command, and no apps on the message
        await other.fill("#message-box", "/")
        await expect(other.get_by_role("listbox", name="Commands").get_by_role("option")).to_have_count(1)
        await expect(other.locator(".more-button")).to_be_hidden()
        # And it is used on that message from its menu
        await page.locator(".message").hover()
        await page.get_by_role("button", name="Apps for this message").click()
        await page.get_by_role("menuitem", name="Add to data set").click()
        await expect(page.locator(".is-private .part-content")).to_have_text("taken")
        await expect(page.locator(".is-private .reply-command")).to_have_text("Add to data set")
    assert heard == [("blues", ["file.mid", "file2.mid"], "music"), "added"]


async def test_a_menu_sends_what_was_chosen_by_mouse_or_keyboard(heard, open_page):
    async with open_page() as page:
        await show(page)
        face = page.locator("[data-custom-id=sets]")
        await expect(face).to_have_text("Which sets?")
        await face.click()
        await page.get_by_role("option", name="rock").click()
        await page.get_by_role("option", name="folk").click()
        await expect(page.get_by_role("option", name="blues")).to_be_disabled()
        await page.get_by_role("button", name="Done").click()
        await expect(page.get_by_text("sets: folk and rock")).to_be_visible()
        await expect(face).to_have_text("folk, rock")
        await face.focus()
        await page.keyboard.press("Enter")
        await page.keyboard.press("Space")
        await page.keyboard.press("ArrowUp")
        await page.keyboard.press("Space")
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("sets: blues and rock")).to_be_visible()
        await expect(face).to_be_focused()
    assert heard == [["folk", "rock"], ["blues", "rock"]]


async def test_a_form_is_filled_in_corrected_and_sent(heard, open_page):
    async with open_page(width=390, height=700) as page:
        # Given a form that a button opened
        await show(page)
        await page.get_by_role("button", name="Details").click()
        dialog = page.get_by_role("dialog", name="Details")
        await expect(dialog.locator(".form-words strong")).to_have_text("changed")
        error = dialog.get_by_role("alert")
        # When it is sent half empty, then it says what is needed and stays as it is
        await dialog.get_by_label("Note").fill("silence")
        await dialog.get_by_role("button", name="Submit").click()
        await expect(error).to_have_text("“Kind” is needed.")
        await dialog.locator("[data-custom-id=kind]").click()
        await dialog.get_by_role("option", name="band").click()
        await dialog.get_by_label("test").check()
        uploads = [{"name": f"{one}.mid", "mimeType": "audio/midi", "buffer": b"MThd"} for one in "ab"]
        await dialog.locator("input[type=file]").set_input_files(uploads)
        await expect(dialog.locator(".file-name")).to_have_text("a.mid · 4 bytes, b.mid · 4 bytes")
        # And when the bot does not answer, that is said as well
        await dialog.get_by_role("button", name="Submit").click()
        await expect(error).to_contain_text("did not respond", timeout=10_000)
        # And when it does, then the dialog closes
        await dialog.get_by_label("Note").fill("words")
        await dialog.get_by_role("button", name="Submit").click()
        await expect(page.get_by_text("filled in")).to_be_visible()
        await expect(page.locator("dialog")).to_have_count(0)
    assert heard == [("words", ["band"], "test", ["a.mid", "b.mid"])]
