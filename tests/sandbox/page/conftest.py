"""The chat page in a real browser, on a local Discord in this process, with a small discord.py bot that composes."""

from __future__ import annotations

import asyncio
import io
import math
import os
import shutil
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import discord
import lameenc
import pytest
from discord import app_commands
from PIL import Image
from playwright.async_api import Page, async_playwright

from sandbox.server.app import LocalDiscord

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
AUDIO_S = 3.0
MIDI = b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk\x00\x00\x00\x04\x00\xff\x2f\x00"
OpenPage = Callable[..., Any]


def find_browser() -> str:
    """The path of a Chromium; skips the test where there is none."""
    named = os.environ.get("CADENZA_BROWSER")
    found = named or shutil.which("chromium") or shutil.which("google-chrome") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("no browser: install chromium or name one in CADENZA_BROWSER")
    return found


@cache
def tone() -> bytes:
    """An MP3 of AUDIO_S seconds of 440 Hz."""
    rate = 44100
    samples = array("h", (int(8000 * math.sin(2 * math.pi * 440 * i / rate)) for i in range(int(rate * AUDIO_S))))
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(rate)
    encoder.set_channels(1)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes()) + encoder.flush())


@cache
def roll() -> bytes:
    """A PNG of 80 x 30."""
    target = io.BytesIO()
    Image.new("RGB", (80, 30), "#8f8bff").save(target, "PNG")
    return target.getvalue()


class Composing:
    """What the scripted bot was asked, and the two steps that a test lets it take."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.work = asyncio.Event()  # from 'thinking…' to 'Composing'
        self.finish = asyncio.Event()  # from 'Composing' to the result
        self.answer_press = asyncio.Event()
        self.private = False

    async def reply(self, interaction: discord.Interaction, **options: Any) -> None:
        """Defer, then edit one message from progress to the result."""
        self.asked.append(options)
        await interaction.response.defer(ephemeral=self.private)
        await self.work.wait()
        await interaction.edit_original_response(embed=discord.Embed(title="Composing", description="**40 %**"))
        await self.finish.wait()
        embed = discord.Embed(title="A piece", description="Goes on from *your seed*.", colour=0x8F8BFF)
        embed.add_field(name="Length", value="3 s").set_image(url="attachment://roll.png")
        files = [("piece.mid", MIDI), ("piece.mp3", tone()), ("roll.png", roll())]
        await interaction.edit_original_response(
            embed=embed,
            view=Buttons(self),
            attachments=[discord.File(io.BytesIO(data), name) for name, data in files],
        )


class Buttons(discord.ui.View):
    def __init__(self, composing: Composing) -> None:
        super().__init__(timeout=None)
        self.composing = composing

    @discord.ui.button(label="Again", custom_id="again", style=discord.ButtonStyle.primary)
    async def again(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        await self.composing.answer_press.wait()
        await interaction.response.edit_message(embed=discord.Embed(title="Pressed"))

    @discord.ui.button(label="Delete", custom_id="delete", style=discord.ButtonStyle.danger)
    async def delete(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        await interaction.response.defer()
        await interaction.delete_original_response()

    @discord.ui.button(label="Undo", custom_id="undo", disabled=True)
    async def undo(self, interaction: discord.Interaction, button: discord.ui.Button) -> None:
        """Never called: the button is disabled."""


def add_commands(bot: Any, composing: Composing) -> None:
    """Gives the bot `/compose`, with every kind of option, and `/ping` without any."""

    @bot.tree.command(description="Compose a piece")
    @app_commands.describe(seed="A MIDI file to go on from", length="Seconds of new music", model="Who composes")
    @app_commands.choices(mode=[app_commands.Choice(name=one, value=one) for one in ("continue", "vary")])
    async def compose(
        interaction: discord.Interaction,
        seed: discord.Attachment | None = None,
        length: app_commands.Range[float, 5, 300] = 30.0,
        model: str = "piano",
        mode: str = "continue",
        include_seed: bool = True,
    ) -> None:
        data = await seed.read() if seed else None
        name = seed.filename if seed else None
        await composing.reply(
            interaction, seed=data, name=name, length=length, model=model, mode=mode, include_seed=include_seed
        )

    @compose.autocomplete("model")
    async def suggest(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=one, value=one) for one in ("piano", "quartet") if typed in one]

    @bot.tree.command(description="Say that all is well")
    async def ping(interaction: discord.Interaction) -> None:
        await interaction.response.send_message("pong")


@pytest.fixture
async def local() -> AsyncIterator[LocalDiscord]:
    """A local Discord with the real heartbeat: a browser starting beside it may hold a busy machine up for a while."""
    found = LocalDiscord()
    async with found.serving():
        yield found


@pytest.fixture
def composing() -> Composing:
    return Composing()


@pytest.fixture
async def composer(bot: Any, composing: Composing, start_bot: Callable[[Any], Awaitable[None]]) -> Composing:
    """The scripted bot, ready."""
    add_commands(bot, composing)
    await start_bot(bot)
    return composing


@pytest.fixture
async def open_page(local: Any) -> AsyncIterator[OpenPage]:
    """Opens the page in a browser, as a context manager; whatever its console calls an error fails the test."""
    executable = find_browser()
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=BROWSER_FLAGS)

        @asynccontextmanager
        async def opened(
            name: str = "guest", width: int = 1280, height: int = 800, url: str = ""
        ) -> AsyncIterator[Page]:
            page = await browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(15_000)
            page.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"{url or local.url}/?as={name}")
            await page.wait_for_selector(".welcome h2")
            yield page
            await page.close()

        yield opened
        await browser.close()
    assert [one for one in complaints if "ERR_CONNECTION" not in one] == []
