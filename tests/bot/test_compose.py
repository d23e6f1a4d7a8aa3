"""`/compose` from the command to the result, over the real board."""

from __future__ import annotations

import pytest

from jobs.contract import Stage
from tests.bot.harness import AUDIO, PICTURE, SEED, Harness, buttons, shown


async def test_a_piece_goes_from_the_queue_over_a_bar_to_its_card(harness: Harness) -> None:
    # Given a member who asks for a piece
    result = await harness.alice.slash(harness.channel, "compose", length=40.0, random_seed=77)
    assert [entry.json for entry in harness.env.http_requests if entry.path.endswith("/callback")] == [{"type": 5}]
    assert not result.ephemeral
    await harness.settle()
    assert "You are next." in shown(harness.message)
    assert list(buttons(harness.message)) == ["Stop"]

    # When a worker takes it
    job = harness.worker.take()
    assert job.id == str(result._interaction.id)
    assert (job.request.length_s, job.request.random_seed, job.request.model) == (40.0, 77, None)
    job.is_at(0.4, music=(17.4, 40.0, "s"))
    await harness.settle()

    # Then the same message shows the bar and how much of the music there is
    assert "Composing" in shown(harness.message)
    assert "40% · 17 of 40 s" in shown(harness.message)

    # And when it is done, the files
    job.is_done(remarks=("Two notes were repaired.",))
    await harness.settle()
    message = harness.message
    assert [file.filename for file in message.attachments] == [
        f"cadenza-piano-77.{end}" for end in ("mid", "mp3", "png")
    ]
    assert [await file.read() for file in message.attachments][1:] == [AUDIO, PICTURE]
    assert message.embeds[0].image.url
    for words in ("A new piece", "`77`", "0:42", "1,234", "piano 1", "Two notes were repaired.", "composing 2.5 s"):
        assert words in shown(message)
    assert list(buttons(message)) == ["Again", "Continue", "Vary", "Star", "Delete"]
    assert len(harness.channel.history()) == 1
    assert await harness.bot.board.open_records() == []


async def test_a_seed_is_kept_and_named_on_the_card(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", seed=("my_song.mid", SEED))
    job = harness.worker.take()
    assert harness.worker.blobs.get(job.request.seed) == SEED
    job.is_at(0.1, Stage.PRIMING)
    await harness.settle()
    assert "Reading your seed" in shown(harness.message)
    job.is_done()
    await harness.settle()
    assert "A continuation of my\\_song.mid" in shown(harness.message)
    assert "first 12 seconds" in shown(harness.message)


RIFF = b"RIFF" + bytes(4) + b"RMIDdata" + bytes(4)


@pytest.mark.parametrize("wrapper", [RIFF, bytes(128)], ids=["RIFF", "Macintosh"])
async def test_a_seed_in_a_wrapper_is_left_to_the_worker_which_takes_it_off(harness: Harness, wrapper: bytes) -> None:
    await harness.alice.slash(harness.channel, "compose", seed=("old.mid", wrapper + SEED))
    job = harness.worker.take()
    assert harness.worker.blobs.get(job.request.seed) == wrapper + SEED


async def test_without_a_random_seed_the_bot_chooses_and_shows_one(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    first = harness.worker.take()
    await harness.alice.slash(harness.channel, "compose")
    second = harness.worker.take()
    assert first.request.random_seed != second.request.random_seed
    first.is_done()
    second.is_done()
    await harness.settle()
    assert f"`{second.request.random_seed}`" in shown(harness.message)


async def test_it_composes_in_direct_messages_too(harness: Harness) -> None:
    dana = harness.env.create_user("dana")
    result = await dana.slash("compose", seed=("my.mid", SEED))
    harness.worker.take().is_done()
    await harness.settle()
    assert len(result.response.attachments) == 3
    await dana.click(result.response.message, label="Delete")
    assert dana.dm_channel.history() == []
