"""The one-shot client of `--once`, against a discord.py bot in this process."""

from __future__ import annotations

import asyncio
import io

import discord
import pytest

from sandbox.one_shot_client import compose as compose_once
from sandbox.supervised_process import ComposeRefusedError, SaveError


@pytest.fixture
async def composing(start_bot, bot):
    """A bot whose /compose answers like the real one: progress, then files; a long piece is refused."""

    @bot.tree.command(description="Compose")
    async def compose(
        interaction: discord.Interaction, length: float = 30.0, seed: discord.Attachment | None = None
    ) -> None:
        await interaction.response.defer()
        if length > 100:
            await interaction.edit_original_response(content="Too long: ask for less.")
            return
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label="Stop", custom_id="stop"))
        await interaction.edit_original_response(embed=discord.Embed(title="Composing"), view=view)
        data = await seed.read() if seed else b"MThd"
        files = [discord.File(io.BytesIO(data), "a.mid"), discord.File(io.BytesIO(b"\x89PNG\r\n\x1a\n"), "a.png")]
        card = discord.Embed(title="A piece").set_image(url="attachment://a.png")
        await interaction.edit_original_response(embed=card, attachments=files, view=None)

    await start_bot(bot)


async def test_the_files_of_the_reply_are_saved(local, composing, tmp_path):
    seed = tmp_path / "my seed.mid"
    await asyncio.to_thread(seed.write_bytes, b"MThd and more")
    reply = await compose_once(local.url, tmp_path / "out", seed, 20.0)
    assert [(one.path.name, one.size, one.content_type) for one in reply.files] == [
        ("a.mid", 13, "audio/midi"),
        ("a.png", 8, "image/png"),
    ]
    assert reply.files[0].path.read_bytes() == b"MThd and more"
    assert reply.message["embeds"][0]["title"] == "A piece"


async def test_a_refusal_is_the_sentence_that_was_shown(local, composing, tmp_path):
    with pytest.raises(ComposeRefusedError, match=r"^Too long: ask for less\.$"):
        await compose_once(local.url, tmp_path, None, 200.0)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_cannot_be_written_is_named(local, composing, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SaveError, match=r"out/a\.mid cannot be written: .*Name another folder with --out\."):
        await compose_once(local.url, tmp_path / "out", None, 20.0)
