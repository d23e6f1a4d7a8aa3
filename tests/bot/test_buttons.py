"""Again, Continue, Delete and Stop; also pressed on a bot that has been restarted since."""

from __future__ import annotations

import discord
import pytest

from bot.buttons import PIECE_ACTIONS
from jobs.contract import Batch, DataSetSummary, Mode, Record, Stage
from tests.bot.harness import SEED, STEM, Harness, shown, told


async def finished(harness: Harness, **options: object) -> str:
    await harness.alice.slash(harness.channel, "compose", **options)
    job = harness.worker.take()
    job.is_done()
    await harness.settle()
    return job.id


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_again_asks_for_the_same_with_another_random_seed(harness: Harness, is_restarted) -> None:
    # Given a finished piece with parameters of its own
    first = await finished(harness, length=20.0, temperature=0.5, random_seed=7, seed=("song.mid", SEED))
    message = harness.message
    if is_restarted:
        await harness.restart()
    # When another member presses Again
    await harness.bob.click(message, label="Again")
    # Then a piece of theirs is on its way, in a message of its own
    request = harness.worker.take().request
    assert (request.length_s, request.temperature, request.seed.name) == (20.0, 0.5, "song.mid")
    assert request.random_seed != 7
    assert (request.requester_id, request.parent_id) == (harness.bob.id, first)
    assert len(harness.channel.history()) == 2


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_continue_makes_the_piece_the_seed(harness: Harness, is_restarted) -> None:
    first = await finished(harness, random_seed=7)
    message = harness.message
    if is_restarted:
        await harness.restart()
    await harness.alice.click(message, label="Continue")
    request = harness.worker.take().request
    assert harness.worker.blobs.get(request.seed) == SEED + first.encode()
    assert request.seed.name == f"{STEM}.mid"
    assert request.parent_id == first


async def test_again_asks_for_everything_that_was_asked_before(harness: Harness) -> None:
    wishes = {"style": "Waltz", "key": "E minor", "bars": 8, "instruments": "piano, bass", "top_p": 0.8, "density": 2}
    first = await finished(harness, mode="accompany", seed=("song.mid", SEED), **wishes)
    before = (await harness.bot.board.record(first)).request
    await harness.bob.click(harness.message, label="Again")
    request = harness.worker.take().request
    new = {"job_id", "requester_id", "random_seed", "parent_id", "pressed"}
    assert request.model_dump(exclude=new) == before.model_dump(exclude=new)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_vary_makes_the_piece_the_theme_of_a_variation(harness: Harness, is_restarted) -> None:
    # Given a piece of ten seconds that a model of the worker's choice composed
    first = await finished(harness, random_seed=7, length=10.0, key="E minor", temperature=0.7)
    message = harness.message
    if is_restarted:
        await harness.restart()
    # When another member presses Vary
    await harness.bob.click(message, label="Vary")
    # Then the same model varies it, all of it and nothing before it, with the wishes of before
    request = harness.worker.take().request
    assert harness.worker.blobs.get(request.seed) == SEED + first.encode()
    assert (request.mode, request.include_seed, request.length_s, request.model) == (Mode.VARY, False, None, "piano")
    assert (request.key, request.temperature, request.parent_id) == ("E minor", 0.7, first)


async def test_continue_after_a_variation_goes_on_from_it_and_keeps_it_in_the_file(harness: Harness) -> None:
    await finished(harness, seed=("song.mid", SEED), mode="vary", strength=0.2)
    await harness.alice.click(harness.message, label="Continue")
    request = harness.worker.take().request
    assert (request.mode, request.include_seed, request.strength) == (Mode.CONTINUE, True, None)


@pytest.mark.parametrize("label", ["Again", "Continue", "Vary", "Edit", "Key and tempo", "Copy command"])
async def test_a_piece_that_is_no_longer_kept_says_what_to_do(harness: Harness, label, valkey) -> None:
    await finished(harness)
    message = harness.message
    valkey.client.flushall()
    harness.worker.arrive()
    result = await harness.alice.click(message, label=label)
    assert "This piece is too old" in told(result)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_delete_is_for_the_requester_only(harness: Harness, is_restarted) -> None:
    await finished(harness)
    message = harness.message
    if is_restarted:
        await harness.restart()
    # When somebody else presses Delete, then only they are told that it is not theirs
    result = await harness.bob.click(message, label="Delete")
    assert result.ephemeral
    assert "Only the member who asked for this piece or a moderator can delete it." in result.response.content
    assert harness.channel.history()[0].attachments
    # And the requester can
    await harness.alice.click(message, label="Delete")
    assert message.id not in [left.id for left in harness.channel.history()]


async def test_stop_ends_a_running_job_and_the_piece_so_far_is_delivered(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    job.is_at(0.5)
    await harness.settle()
    # When somebody else presses Stop, then nothing stops
    result = await harness.bob.click(harness.message, label="Stop")
    assert "Only the member who asked" in result.response.content
    assert not job.is_cancel_asked
    # When the requester presses it
    await harness.alice.click(harness.channel.history()[0], label="Stop")
    assert job.is_cancel_asked
    job.is_done(stopped=True)
    await harness.settle()
    assert "Stopped early: this is the piece so far." in shown(harness.channel.history()[0])


async def test_stop_takes_a_waiting_job_out_of_the_queue(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    await harness.settle()
    await harness.alice.click(harness.message, label="Stop")
    await harness.settle()
    assert harness.worker.queued() == []
    assert "Stopped before there was anything to hear." in shown(harness.message)
    assert harness.message.components == []


async def test_what_a_button_of_a_private_piece_gives_is_private_too(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "compose", private=True)
    harness.worker.take().is_done()
    await harness.settle()
    pressed = await harness.alice.click(result.response.message, label="Again")
    assert pressed.ephemeral
    assert harness.worker.take().request.private


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_star_puts_the_piece_into_the_servers_starred_data_set_for_any_member(
    harness: Harness, is_restarted
) -> None:
    first = await finished(harness, random_seed=7)
    message = harness.message
    if is_restarted:
        await harness.restart()
    # When another member presses Star
    pressed = await harness.bob.click(message, label="Star")
    # Then its MIDI goes into the data set, which is made if need be
    summary = DataSetSummary(name="starred", licence="", pieces=3, notes=9, minutes=1.0, size=1)
    request = await harness.answered(Batch(accepted=1, summary=summary))
    action = request.action
    assert (action.name, action.source, action.create_as) == ("starred", "starred", "composed")
    (file,) = action.files
    assert (file.name, harness.worker.blobs.get(file)) == (f"{STEM}.mid", SEED + first.encode())
    assert (request.guild_id, request.requester_id) == (harness.guild.id, harness.bob.id)
    # And only they are told, in a line
    assert pressed.ephemeral
    assert "⭐ Added to this server's data set `starred`, which now has 3 pieces." in told(pressed)
    assert pressed.response.embeds == []


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ({"duplicates": (("a.mid", "b.mid"),)}, "is already in this server's data set `starred`"),
        ({"refused": (("a.mid", "It has no notes."),)}, "couldn't be starred: It has no notes."),
    ],
)
async def test_a_star_that_adds_nothing_says_why(harness: Harness, batch, words) -> None:
    await finished(harness)
    pressed = await harness.bob.click(harness.message, label="Star")
    summary = DataSetSummary(name="starred", licence="", pieces=3, notes=9, minutes=1.0, size=1)
    await harness.answered(Batch(accepted=0, summary=summary, **batch))
    assert words in told(pressed)


async def test_a_direct_message_has_no_stars(harness: Harness) -> None:
    dana = harness.env.create_user("dana")
    result = await dana.slash("compose")
    harness.worker.take().is_done()
    await harness.settle()
    pressed = await dana.click(result.response.message, label="Star")
    assert "Stars belong to a server, and this is a direct message." in told(pressed)
    assert harness.worker.queued("library") == []


async def test_buttons_of_pieces_refuse_what_is_no_piece(harness: Harness) -> None:
    await finished(harness)
    message = harness.message
    # Given a message whose job turns out to be a training
    await harness.ada.slash(harness.channel, "train start", data_set="waltzes")
    training = harness.worker.take("train").id
    record = await harness.bot.board.record(training)

    async def other(job_id: str) -> Record:
        return record

    harness.bot.board.record = other
    for label in ("Again", "Continue", "Vary", "Star"):
        pressed = await harness.alice.click(message, label=label)
        assert "This piece is too old" in told(pressed)


async def test_again_pressed_twice_in_a_moment_makes_one_piece(harness: Harness) -> None:
    # Given a finished piece
    await finished(harness)
    message = harness.message
    # When its requester presses Again twice, then there is one more piece, and only they are told why
    await harness.alice.click(message, label="Again")
    twice = await harness.alice.click(message, label="Again")
    assert twice.ephemeral
    assert "Your next piece is already on its way." in told(twice)
    assert len(harness.worker.queued()) == 1
    # While it is on its way that stays so, however long it takes; others may have one of their own
    await harness.env.advance_time(60)
    await harness.alice.click(message, label="Again")
    await harness.bob.click(message, label="Again")
    assert len(harness.worker.queued()) == 2
    # Once it is there, they may ask for another
    harness.worker.take().is_done()
    await harness.settle()
    await harness.env.advance_time(3)
    await harness.alice.click(message, label="Again")
    assert len(harness.worker.queued()) == 2


async def test_a_button_whose_press_was_refused_may_be_pressed_again_at_once(harness: Harness) -> None:
    await finished(harness)
    message = harness.message
    harness.worker.leave()
    refused = await harness.alice.click(message, label="Again")
    assert "no worker is running" in told(refused)
    harness.worker.arrive()
    await harness.alice.click(message, label="Again")
    assert len(harness.worker.queued()) == 1


async def forged(harness: Harness, action: str, job_id: str, requester: int, who: str = "bob"):
    """A press of a button whose id somebody made up, under a message of the bot's in this channel."""
    channel = harness.bot.get_channel(harness.channel.id)
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="forged", custom_id=f"cadenza:{action}:{job_id}:{requester}"))
    sent = await channel.send("x", view=view)
    (message,) = [one for one in harness.channel.history() if one.id == sent.id]
    return await getattr(harness, who).click(message, label="forged")


@pytest.mark.parametrize("action", ["again", "continue", "vary", "star", "stop"])
async def test_a_button_does_not_reach_another_servers_piece(harness: Harness, action) -> None:
    # Given a piece of another server, that its member cannot be asked about here
    elsewhere = harness.env.create_guild()
    channel = elsewhere.create_text_channel("secret")
    carol = elsewhere.add_member(harness.env.create_user("carol"))
    await carol.slash(channel, "compose")
    job = harness.worker.take()
    if action != "stop":
        job.is_done()
    await harness.settle()
    # When a member here presses a button with its id
    pressed = await forged(harness, action, job.id, harness.bob.id)
    # Then nothing is made from it, and nothing is stopped
    assert "This piece is too old" in told(pressed)
    assert harness.worker.queued() == harness.worker.queued("library") == []
    assert not job.is_cancel_asked


@pytest.mark.parametrize("is_private", [True, False])
async def test_a_button_does_not_reach_what_the_member_cannot_see(harness: Harness, is_private) -> None:
    # Given a private piece, or one in a channel that only admins see
    closed = {harness.guild.default_role: discord.PermissionOverwrite(view_channel=False)}
    place = harness.guild.create_text_channel("closed", overwrites={} if is_private else closed)
    every = harness.guild.create_role("every", permissions=discord.Permissions(administrator=True))
    boss = harness.guild.add_member(harness.env.create_user("boss"), roles=[every])
    await boss.slash(place, "compose", private=is_private)
    job = harness.worker.take()
    job.is_done()
    await harness.settle()
    # When another member presses a button with its id
    pressed = await forged(harness, "continue", job.id, harness.bob.id)
    # Then nothing comes of it
    assert "This piece is too old" in told(pressed)
    assert harness.worker.queued() == []


async def test_delete_does_not_believe_the_id_that_the_button_carries(harness: Harness) -> None:
    job_id = await finished(harness)
    pressed = await forged(harness, "delete", job_id, harness.bob.id)
    assert "Only the member who asked for this piece or a moderator can delete it." in told(pressed)


async def test_a_moderator_can_delete_any_piece(harness: Harness) -> None:
    await finished(harness)
    moderators = harness.guild.create_role("moderators", permissions=discord.Permissions(manage_messages=True))
    maud = harness.guild.add_member(harness.env.create_user("maud"), roles=[moderators])
    await maud.click(harness.message, label="Delete")
    assert harness.channel.history() == []


async def test_a_piece_says_who_pressed_which_button(harness: Harness) -> None:
    await finished(harness)
    await harness.bob.click(harness.message, label="Vary")
    await harness.settle()
    said = f"<@{harness.bob.id}> pressed **Vary**."
    assert said in shown(harness.message)
    harness.worker.take().is_done()
    await harness.settle()
    assert said in shown(harness.message)
    assert harness.message.mentions == []


async def test_stop_shows_at_once_what_is_kept(harness: Harness) -> None:
    # Given a piece that is being composed
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    job.is_at(0.5)
    await harness.settle()
    # When its requester presses Stop, then the message says so at once, without the button
    await harness.alice.click(harness.message, label="Stop")
    assert "Stopping …" in shown(harness.message)
    assert "You'll get the piece so far" in shown(harness.message)
    assert harness.message.components == []
    # And it stays so until the piece is there, also after a restart
    job.is_at(0.6)
    await harness.settle()
    assert "Stopping …" in shown(harness.message)
    await harness.restart()
    job.is_at(0.9, Stage.RENDERING)
    await harness.settle()
    assert "Stopping …" in shown(harness.message)
    job.is_done(stopped=True)
    await harness.settle()
    assert "Stopped early" in shown(harness.message)
    assert len(harness.message.attachments) == 3


async def test_stop_while_it_is_recorded_says_that_the_piece_is_coming(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    job.is_at(0.9, Stage.RENDERING)
    await harness.settle()
    await harness.alice.click(harness.message, label="Stop")
    assert "The notes are finished." in shown(harness.message)


def test_buttons_of_messages_that_were_sent_long_ago_are_still_known() -> None:
    assert {"again", "continue", "vary", "star", "delete", "stop"} <= PIECE_ACTIONS.keys()


async def test_an_unknown_button_gets_an_answer(harness: Harness) -> None:
    channel = harness.bot.get_channel(harness.channel.id)
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="old", custom_id="cadenza:nothing:1:2"))
    sent = await channel.send("x", view=view)
    await harness.restart()
    (message,) = [one for one in harness.channel.history() if one.id == sent.id]
    result = await harness.alice.click(message, label="old")
    assert "This button is out of date." in told(result)
