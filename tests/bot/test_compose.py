"""`/compose` from the command to the result, over the real board."""

from __future__ import annotations

import pytest

from bot.features.embeds import DONE, DOUBTFUL
from jobs.contract import Originality, Stage
from tests.bot.harness import AUDIO, PICTURE, SEED, STEM, TITLE, Harness, buttons, shown


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
    assert [file.filename for file in message.attachments] == [f"{STEM}.{end}" for end in ("mid", "mp3", "png")]
    assert [await file.read() for file in message.attachments][1:] == [AUDIO, PICTURE]
    assert message.embeds[0].image.url
    # On a card that says what the piece is, what was repaired, and nothing else that needs no attention
    (card,) = message.embeds
    assert card.title == TITLE
    assert card.description == "Two notes were repaired."
    assert card.footer.text == "0:42 · piano · random seed 77"
    assert (card.fields, card.colour) == ([], DONE)
    labels = ["Again", "Continue", "Vary", "Edit", "Star", "Key and tempo", "Copy command", "Delete"]
    assert list(buttons(message)) == labels
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
    assert "Continues “my\\_song.mid”, which is the first 12 seconds." in shown(harness.message)


async def test_the_picture_has_an_alt_text(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", seed=("my_song.mid", SEED))
    harness.worker.take().is_done()
    await harness.settle()
    described = {file.filename: file.description for file in harness.message.attachments}
    words = f"Piano roll of {TITLE}: 1,234 notes in 0:42. The first 12 seconds are the seed."
    assert described == {f"{STEM}.mid": None, f"{STEM}.mp3": None, f"{STEM}.png": words}


async def test_a_result_of_an_older_worker_has_a_plain_title(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    harness.worker.take().is_done(title=None)
    await harness.settle()
    assert harness.message.embeds[0].title == "A new piece"


async def test_a_title_is_shown_as_it_is(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    harness.worker.take().is_done(title="*Odd*-style piece in F# minor")
    await harness.settle()
    assert harness.message.embeds[0].title == "\\*Odd\\*-style piece in F# minor"


@pytest.mark.parametrize(
    ("share", "human", "longest", "is_warned"),
    [
        (0.31, 0.04, 40, True),
        (0.06, None, 24, True),
        (0.04, None, 40, False),
        (0.3, 0.2, 40, False),
        (0.5, 0.04, 16, False),
        (None, None, 0, False),
    ],
)
async def test_only_much_copying_is_told_on_the_card(harness: Harness, share, human, longest, is_warned) -> None:
    await harness.alice.slash(harness.channel, "compose")
    harness.worker.take().is_done(
        originality=Originality(share_8=share, share_16=share, longest_run=longest, human_share_16=human)
    )
    await harness.settle()
    assert ("also occur in the training music" in shown(harness.message)) == is_warned
    assert harness.message.embeds[0].colour == (DOUBTFUL if is_warned else DONE)


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
    assert f"random seed {second.request.random_seed}" in shown(harness.message)


async def test_it_composes_in_direct_messages_too(harness: Harness) -> None:
    dana = harness.env.create_user("dana")
    result = await dana.slash("compose", seed=("my.mid", SEED))
    harness.worker.take().is_done()
    await harness.settle()
    assert len(result.response.attachments) == 3
    await dana.click(result.response.message, label="Delete")
    assert dana.dm_channel.history() == []
