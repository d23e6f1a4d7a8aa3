"""`/library`: pages of pieces, searches, downloads, and stars."""

from __future__ import annotations

import pytest

from jobs.contract import AddToDataSet, Batch, DataSetSummary, Done, RemoveStar
from jobs.pieces import PieceIndex, Star
from tests.bot.harness import SEED, TITLE, Harness, buttons, shown, told


@pytest.fixture
def pieces(valkey, job_settings) -> PieceIndex:
    return PieceIndex(valkey.client, job_settings)


async def composed(harness: Harness, who: str = "alice", **options: object) -> str:
    await getattr(harness, who).slash(harness.channel, "compose", **options)
    job = harness.worker.take()
    job.is_done()
    await harness.settle()
    return job.id


def star(harness: Harness, pieces: PieceIndex, job_id: str, by: int) -> None:
    """The worker's part in a star."""
    pieces.add_star(harness.guild.id, Star(piece=job_id, member_id=by, at=1.0, digest="0" * 64))


async def look(harness: Harness, scope: str, who: str = "alice", **options: object):
    return await getattr(harness, who).slash(harness.channel, f"library {scope}", **options)


async def test_mine_lists_the_members_pieces_with_all_that_finds_them_again(harness: Harness) -> None:
    # Given a piece of alice, one made from it, and one of bob
    first = await composed(harness, seed=("may.mid", SEED), key="E minor")
    await harness.alice.click(harness.message, label="Vary")
    harness.worker.take().is_done()
    await harness.settle()
    await composed(harness, who="bob")
    # When alice looks
    result = await look(harness, "mine")
    words = shown(result.response.message)
    # Then her two are there, the newest first, with title, date, member, link, and where the second came from
    assert result.ephemeral
    record = await harness.bot.board.record(first)
    link = f"https://discord.com/channels/{harness.guild.id}/{harness.channel.id}/{record.delivery.message_id}"
    for part in (
        f"1. {TITLE}",
        f"2. {TITLE}",
        "A variation on",
        "A continuation of may.mid",
        f"<@{harness.alice.id}> · [Open]({link})",
        f"]({link}) of <t:",
        "2 pieces · page 1 of 1",
        "kept for 14 days",
    ):
        assert part in words
    assert f"<@{harness.bob.id}>" not in words


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_many_pieces_come_in_pages_also_after_a_restart(harness: Harness, is_restarted: bool) -> None:
    for _ in range(6):
        await composed(harness)
    result = await look(harness, "mine")
    message = result.response.message
    assert list(buttons(message)) == ["1", "2", "3", "4", "5", "Next ▶"]
    if is_restarted:
        await harness.restart()
    await harness.alice.click(message, label="Next ▶")
    assert "6 pieces · page 2 of 2" in shown(result.response.message)
    assert list(buttons(result.response.message)) == ["6", "◀ Previous"]


async def test_a_number_downloads_the_files_of_its_piece(harness: Harness) -> None:
    await composed(harness)
    result = await look(harness, "mine")
    result = await harness.alice.click(result.response.message, label="1")
    assert result.ephemeral
    files = [file.filename for file in result.response.message.attachments]
    assert [name.rpartition(".")[2] for name in files] == ["mid", "mp3", "png"]


async def test_server_lists_what_everybody_may_see_and_finds_by_member_and_words(harness: Harness) -> None:
    await composed(harness, seed=("may.mid", SEED))
    await composed(harness, who="bob", seed=("june.mid", SEED))
    await composed(harness, who="bob", private=True)
    words = shown((await look(harness, "server")).response.message)
    assert "may.mid" in words
    assert "2 pieces" in words
    words = shown((await look(harness, "server", search="JUNE")).response.message)
    assert "may.mid" not in words
    assert "1 piece" in words
    words = shown((await look(harness, "server", member=harness.alice)).response.message)
    assert "june.mid" not in words
    assert f"by <@{harness.alice.id}>" in words
    words = shown((await look(harness, "server", search="december *bold*")).response.message)
    assert "Nothing found for “december \\*bold\\*”" in words


async def test_an_empty_library_says_what_fills_it(harness: Harness) -> None:
    assert "You have no pieces yet. Use `/compose`." in shown((await look(harness, "mine")).response.message)
    assert "Press **Star** under a piece" in shown((await look(harness, "starred")).response.message)


async def test_what_belongs_to_a_server_is_refused_in_a_direct_message(harness: Harness) -> None:
    dana = harness.env.create_user("dana")
    for scope in ("server", "starred"):
        assert "to a server, and this is a direct message" in told(await dana.slash(f"library {scope}"))
    assert "You have no pieces yet" in shown((await dana.slash("library mine")).response.message)


async def test_starred_pieces_stay_and_say_who_starred_them(harness: Harness, pieces, valkey) -> None:
    job_id = await composed(harness)
    star(harness, pieces, job_id, by=harness.bob.id)
    assert valkey.client.ttl(f"cadenza:record:{job_id}") == -1  # it does not expire
    words = shown((await look(harness, "starred")).response.message)
    assert f"⭐ <@{harness.bob.id}>" in words


async def test_star_names_its_piece_and_can_be_taken_back(harness: Harness, pieces) -> None:
    job_id = await composed(harness)
    result = await harness.bob.click(harness.message, label="Star")
    asked = harness.worker.take("library")
    assert isinstance(asked.request.action, AddToDataSet)
    assert asked.request.action.piece == job_id
    summary = DataSetSummary(name="starred", licence="x", pieces=1, notes=1, minutes=1, size=1)
    asked.answers(Batch(accepted=1, summary=summary))
    await harness.settle()
    star(harness, pieces, job_id, by=harness.bob.id)
    answer = result.response.message
    assert list(buttons(answer)) == ["Unstar"]
    # And bob takes it back
    result = await harness.bob.click(answer, label="Unstar")
    request = await harness.answered(Done(sentence="The star is gone."))
    assert request.action == RemoveStar(piece=job_id)
    assert told(result) == "The star is gone."


async def test_a_star_is_not_everybodys_to_take_away(harness: Harness, pieces) -> None:
    job_id = await composed(harness, who="ada")
    result = await harness.bob.click(harness.message, label="Star")
    job = harness.worker.take("library")
    summary = DataSetSummary(name="starred", licence="x", pieces=1, notes=1, minutes=1, size=1)
    job.answers(Batch(accepted=1, summary=summary))
    await harness.settle()
    star(harness, pieces, job_id, by=harness.ada.id)
    result = await harness.bob.click(result.response.message, label="Unstar")
    assert "Only who starred this piece, who asked for it, or an admin" in told(result)
    assert harness.worker.queued("library") == []
