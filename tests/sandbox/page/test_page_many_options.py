"""A command with more options than one wants to see at once."""

from __future__ import annotations

from typing import Any

import discord
import pytest
from discord import app_commands
from playwright.async_api import Page, expect

from tests.sandbox.page.test_page_commands import DROP, SEED

ALWAYS = ["a", "b", "c", "d", "e", "f", "g"]


@pytest.fixture
async def asked(bot: Any, start_bot: Any) -> list[dict[str, Any]]:
    """What the bot's one command was given."""
    heard: list[dict[str, Any]] = []

    @bot.tree.command(description="Arrange a piece")
    async def arrange(
        interaction: discord.Interaction,
        a: str = "", b: str = "", c: str = "", d: str = "", e: str = "", f: str = "", g: str = "",
        volume: app_commands.Range[int, 1, 9] | None = None,
        key: str = "",
        loud: bool | None = None,
        seed: discord.Attachment | None = None,
    ) -> None:  # fmt: skip
        heard.append({"volume": volume, "key": key, "seed": seed.filename if seed else None})
        await interaction.response.send_message("arranged")

    await start_bot(bot)
    return heard


async def visible(page: Page) -> list[str]:
    return await page.locator(".chip:visible .chip-label").all_inner_texts()


async def open_arrange(page: Page, typed: str = "/arrange") -> None:
    await page.fill("#message-box", typed)
    await page.keyboard.press("Enter")


async def test_the_options_at_the_end_wait_behind_a_button(asked, open_page):
    async with open_page() as page:
        # Given the form, which shows the first options only
        await open_arrange(page)
        fold = page.locator(".fold")
        await expect(fold).to_have_text("4 more options")
        await expect(fold).to_have_attribute("aria-expanded", "false")
        assert await visible(page) == ALWAYS
        # When the button is pressed from the keyboard, then the others are there and the first of them has the focus
        await fold.focus()
        await page.keyboard.press("Enter")
        assert await visible(page) == [*ALWAYS, "volume", "key", "loud", "seed"]
        await expect(page.get_by_label("volume", exact=True)).to_be_focused()
        await page.keyboard.type("7")
        # And when it is pressed again, what was filled in stays to be seen, and is sent
        await fold.click()
        await expect(fold).to_have_text("3 more options")
        assert await visible(page) == [*ALWAYS, "volume"]
        await page.get_by_label("volume", exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("arranged")).to_be_visible()
    assert asked == [{"volume": 7, "key": "", "seed": None}]


async def test_a_folded_option_appears_when_it_is_typed_dropped_on_or_wrong(asked, open_page):
    async with open_page(width=390, height=700) as page:
        await open_arrange(page, "/arrange volume:70 key:C major")
        await expect(page.locator("#form-error")).to_have_text("volume must be between 1 and 9.")
        await expect(page.get_by_label("volume", exact=True)).to_be_focused()
        await expect(page.get_by_label("key", exact=True)).to_have_value("C major")
        await page.keyboard.press("Escape")
        await open_arrange(page)
        await page.evaluate(DROP, ["a.mid", SEED.decode()])
        await expect(page.locator(".file-name")).to_contain_text("a.mid")
        await page.get_by_label("a", exact=True).focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("arranged")).to_be_visible()
    assert asked == [{"volume": None, "key": "", "seed": "a.mid"}]
