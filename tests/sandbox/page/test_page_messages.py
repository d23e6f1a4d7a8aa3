"""What a reply looks like at the page: live edits, sound, picture, files, buttons, privacy, hostile text."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
import pytest
from playwright.async_api import Page, expect

from sandbox.server.app import LocalDiscord
from tests.sandbox.page.conftest import Composing, OpenPage

HOSTILE = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>[x](javascript:window.pwned=1) \'">'


async def compose(page: Page) -> None:
    await page.fill("#message-box", "/compose length:30")
    await page.keyboard.press("Enter")


@asynccontextmanager
async def page_with_a_piece(composer: Composing, open_page: OpenPage) -> AsyncIterator[Page]:
    """An open page on which `/compose` was sent and nothing holds its reply back."""
    composer.work.set()
    composer.finish.set()
    async with open_page() as page:
        await compose(page)
        yield page


async def test_a_reply_is_edited_in_place_from_thinking_to_the_result(composer, open_page):
    async with open_page() as page:
        await compose(page)
        message = page.locator("ol[role=log] > li")
        await expect(message.locator(".thinking")).to_contain_text("is thinking…")
        await expect(message.locator(".badge")).to_have_text("APP")
        composer.work.set()
        await expect(message.locator(".embed-description strong")).to_have_text("40 %")
        await expect(message.locator(".thinking")).to_have_count(0)
        await message.evaluate("one => { one.isTheSame = true; }")
        composer.finish.set()
        await expect(message.locator(".embed-title")).to_have_text("A piece")
        await expect(message.locator(".embed-field dt")).to_have_text("Length")
        await expect(message).to_have_count(1)
        assert await message.evaluate("one => one.isTheSame")
        assert await message.locator(".embed").evaluate("one => getComputedStyle(one).borderLeftColor") == (
            "rgb(143, 139, 255)"
        )


async def test_the_result_plays_shows_and_downloads(composer, open_page):
    async with page_with_a_piece(composer, open_page) as page:
        # The sound decodes, has its length, and plays on while the message is edited
        audio = page.locator("audio")
        await expect(audio).to_have_count(1)
        duration = await audio.evaluate(
            """one => new Promise((done, fail) => {
              one.preload = 'auto';
              one.addEventListener('canplay', () => done(one.duration), { once: true });
              one.addEventListener('error', () => fail(new Error(one.error.message)));
              one.load();
            })"""
        )
        assert duration == pytest.approx(3.0, abs=0.2)
        await page.get_by_role("button", name="Play piece.mp3").click()
        await page.wait_for_function("() => document.querySelector('audio').currentTime > 0.1")
        composer.answer_press.set()
        await page.get_by_role("button", name="Again").click()
        await expect(page.locator(".embed-title")).to_have_text("Pressed")
        assert await audio.evaluate("one => !one.paused || one.ended")

        # The file is saved under its name; it is a file, not a player
        async with page.expect_download() as download:
            await page.get_by_role("link", name="piece.mid", exact=True).click()
        saved = await download.value
        assert saved.suggested_filename == "piece.mid"
        assert (await saved.path()).read_bytes().startswith(b"MThd")


async def test_a_picture_is_shown_once_and_opens_large(composer, open_page):
    async with page_with_a_piece(composer, open_page) as page:
        picture = page.locator(".message img")
        await expect(picture).to_have_count(1)
        await page.wait_for_function("() => document.querySelector('.message img').naturalWidth === 80")
        await page.get_by_role("button", name="Enlarge: A piece").focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("dialog.lightbox img")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_have_count(0)


async def test_a_pressed_button_waits_then_shows_the_result(composer, open_page):
    async with page_with_a_piece(composer, open_page) as page:
        again = page.locator("[data-custom-id=again]")
        await expect(page.get_by_role("button", name="Undo")).to_be_disabled()
        await again.click()
        await expect(again).to_have_attribute("aria-busy", "true")
        composer.answer_press.set()
        await expect(page.locator(".embed-title")).to_have_text("Pressed")
        await page.get_by_role("button", name="Delete").click()
        await expect(page.locator("ol[role=log] > li")).to_have_count(0)


async def test_a_bot_that_does_not_answer_is_reported_in_a_sentence(composer, open_page):
    async with page_with_a_piece(composer, open_page) as page:
        await page.locator("[data-custom-id=again]").click()
        await expect(page.locator(".failure")).to_contain_text("did not", timeout=10_000)
        await expect(page.locator("[data-custom-id=again]")).not_to_have_attribute("aria-busy", "true")
        composer.answer_press.set()


async def test_a_private_reply_is_seen_by_its_member_alone_and_can_be_dismissed(composer, open_page):
    composer.private = True
    async with open_page("ann") as page, open_page("ben") as other:
        await compose(page)
        await expect(page.locator(".private-line")).to_contain_text("Only you can see this")
        await expect(other.locator(".message")).to_have_count(0)
        await page.get_by_role("button", name="Dismiss message").click()
        await expect(page.locator(".message")).to_have_count(0)


async def test_hostile_text_and_names_are_shown_as_text(composer, bot, local, open_page):
    # Given a message whose every part tries to be HTML
    channel = await bot.fetch_channel(local.state.channel.id)
    embed = discord.Embed(title=HOSTILE, description=HOSTILE, url='https://example.com/?a="><script>')
    embed.add_field(name=HOSTILE, value=HOSTILE).set_footer(text=HOSTILE).set_author(name=HOSTILE)
    await channel.send(HOSTILE, embed=embed)
    async with open_page() as page:
        # Then it stands there as it was written, and nothing of it ran
        await expect(page.locator(".part-content")).to_contain_text("<script>window.pwned=1</script>")
        await expect(page.locator(".embed-title")).to_contain_text("onerror")
        assert await page.evaluate("window.pwned") is None
        assert await page.locator("#log img, #log script").count() == 0
        links = await page.locator("#log a").evaluate_all("all => all.map((one) => one.protocol)")
        assert set(links) <= {"https:"}


async def test_reading_further_up_is_not_disturbed_by_new_messages(composer, bot, local, open_page):
    channel = await bot.fetch_channel(local.state.channel.id)
    async with open_page(height=400) as page:
        # Given a channel that is longer than the window, shown at its end
        for number in range(3):
            await channel.send(f"line {number}\n" * 15)
        await expect(page.locator(".message")).to_have_count(3)
        log = page.locator("#log")
        assert await log.evaluate("one => one.scrollHeight - one.scrollTop - one.clientHeight < 5")

        # When one has scrolled up and another message comes, then the place stays, and a button leads to it
        await log.evaluate("one => { one.scrollTop = 100; }")
        await page.wait_for_timeout(100)
        await channel.send("the news")
        await page.get_by_role("button", name="New messages").wait_for()
        assert await log.evaluate("one => one.scrollTop") == 100
        await page.get_by_role("button", name="New messages").click()
        await expect(page.get_by_text("the news")).to_be_in_viewport()
        await expect(page.get_by_role("button", name="New messages")).to_be_hidden()


async def test_a_phone_needs_no_sideways_scrolling(composer, open_page):
    composer.work.set()
    async with open_page(width=360, height=740) as page:

        async def fits() -> bool:
            return await page.evaluate(
                """document.documentElement.scrollWidth <= innerWidth &&
                   [...document.querySelectorAll('#log *, #composer *')].every((one) =>
                     one.getBoundingClientRect().right <= innerWidth)"""
            )

        assert await fits()
        await page.fill("#message-box", "/")
        assert await fits()
        await page.keyboard.press("Enter")
        await page.wait_for_selector(".form")
        assert await fits()
        await page.keyboard.press("Enter")
        composer.finish.set()
        await page.wait_for_selector("audio", state="attached")
        assert await fits()


async def test_a_lost_connection_is_shown_and_restored(open_page):
    again = LocalDiscord()
    async with again.serving() as port:
        opening = open_page(url=again.url)
        page = await opening.__aenter__()
    await expect(page.locator("#banner")).to_contain_text("The connection is lost")
    async with again.serving(port):
        await expect(page.locator("#banner")).to_be_hidden()
        await opening.__aexit__(None, None, None)
