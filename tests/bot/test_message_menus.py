"""Continue, Vary and Accompany in the menu of a message."""

from __future__ import annotations

import discord
import pytest

from jobs.contract import Mode
from tests.bot.harness import BAND, MAX_SEED_BYTES, PIANO, SEED, Harness, shown, told

MENUS = {"Continue": Mode.CONTINUE, "Vary": Mode.VARY, "Accompany": Mode.ACCOMPANY}


async def posted(harness: Harness, name: str = "may.mid", data: bytes = SEED) -> discord.Message:
    return await harness.alice.send(harness.channel, "listen", attachments=[(name, data)])


@pytest.mark.parametrize("menu", MENUS)
async def test_any_member_gets_a_piece_from_the_file_of_any_message(harness: Harness, menu: str) -> None:
    # Given another member's message with a MIDI file
    message = await posted(harness)
    # When bob chooses the entry
    await harness.bob.context_menu(harness.channel, menu, message)
    # Then a piece is composed with that file as its seed and default options
    job = harness.worker.take()
    request = job.request
    assert (request.mode, request.seed.name, request.requester_id) == (MENUS[menu], "may.mid", harness.bob.id)
    assert request.include_seed == (request.mode is not Mode.VARY)
    assert (request.model, request.private) == (None, False)
    assert harness.worker.blobs.get(request.seed) == SEED
    # And the result appears in the channel
    job.is_done()
    await harness.settle()
    assert "may.mid" in shown(harness.message)


async def test_a_result_of_the_bot_can_be_varied_too_and_is_then_the_parent(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    first = harness.worker.take()
    first.is_done()
    await harness.settle()
    await harness.bob.context_menu(harness.channel, "Vary", harness.message)
    request = harness.worker.take().request
    assert (request.mode, request.parent_id) == (Mode.VARY, first.id)


async def test_the_file_of_a_member_has_no_parent(harness: Harness) -> None:
    await harness.bob.context_menu(harness.channel, "Vary", await posted(harness))
    assert harness.worker.take().request.parent_id is None


async def test_the_servers_default_model_is_preferred(harness: Harness) -> None:
    await harness.ada.slash(harness.channel, "model use", name="band")
    await harness.bob.context_menu(harness.channel, "Continue", await posted(harness))
    assert harness.worker.take().request.preferred == BAND.name


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("may.mp3", b"ID3", "This message has no MIDI file attached. Choose one that has."),
        ("may.mid", b"no music", "isn't a real MIDI file"),
        ("may.mid", SEED + bytes(MAX_SEED_BYTES), "is too big"),
    ],
)
async def test_a_message_without_a_seed_in_it_is_refused(harness: Harness, name: str, data: bytes, said: str) -> None:
    result = await harness.bob.context_menu(harness.channel, "Continue", await posted(harness, name, data))
    assert said in told(result)
    assert harness.worker.queued() == []


async def test_a_mode_that_no_model_knows_is_refused(harness: Harness) -> None:
    harness.worker.info = harness.worker.info.model_copy(update={"models": (BAND,)})
    harness.worker.arrive()
    result = await harness.bob.context_menu(harness.channel, "Accompany", await posted(harness))
    assert "accompany" in told(result)
    assert PIANO.name not in told(result)


async def test_the_limits_of_compose_hold(harness: Harness) -> None:
    message = await posted(harness)
    for _ in range(harness.settings.member_open_jobs_limit):
        await harness.bob.context_menu(harness.channel, "Continue", message)
    result = await harness.bob.context_menu(harness.channel, "Vary", message)
    assert "You already have 3 pieces in progress" in told(result)


async def test_an_app_has_no_more_menus_than_discord_allows(harness: Harness) -> None:
    menus = harness.bot.tree.get_commands(type=discord.AppCommandType.message)
    assert sorted(menu.name for menu in menus) == ["Accompany", "Add to data set", "Continue", "Describe", "Vary"]
