"""Again, Continue, Delete and Stop; also pressed on a bot that has been restarted since."""

from __future__ import annotations

import discord
import pytest

from jobs.contract import Batch, DataSetSummary, Mode, Record, Stage
from tests.bot.theatre import SEED, Theatre, shown, told


async def finished(theatre: Theatre, **options: object) -> str:
    await theatre.alice.slash(theatre.channel, "compose", **options)
    job = theatre.worker.take()
    job.is_done()
    await theatre.settle()
    return job.id


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_again_asks_for_the_same_with_another_random_seed(theatre: Theatre, is_restarted) -> None:
    # Given a finished piece with parameters of its own
    first = await finished(theatre, length=20.0, temperature=0.5, random_seed=7, seed=("song.mid", SEED))
    message = theatre.message
    if is_restarted:
        await theatre.restart()
    # When another member presses Again
    await theatre.bob.click(message, label="Again")
    # Then a piece of theirs is on its way, in a message of its own
    request = theatre.worker.take().request
    assert (request.length_s, request.temperature, request.seed.name) == (20.0, 0.5, "song.mid")
    assert request.random_seed != 7
    assert (request.requester_id, request.parent_id) == (theatre.bob.id, first)
    assert len(theatre.channel.history()) == 2


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_continue_makes_the_piece_the_seed(theatre: Theatre, is_restarted) -> None:
    first = await finished(theatre, random_seed=7)
    message = theatre.message
    if is_restarted:
        await theatre.restart()
    await theatre.alice.click(message, label="Continue")
    request = theatre.worker.take().request
    assert theatre.worker.blobs.get(request.seed) == SEED + first.encode()
    assert request.seed.name == "cadenza-piano-7.mid"
    assert request.parent_id == first


async def test_again_asks_for_everything_that_was_asked_before(theatre: Theatre) -> None:
    wishes = {"style": "Waltz", "key": "E minor", "bars": 8, "instruments": "piano, bass", "top_p": 0.8, "density": 2}
    first = await finished(theatre, mode="accompany", seed=("song.mid", SEED), **wishes)
    before = (await theatre.bot.board.record(first)).request
    await theatre.bob.click(theatre.message, label="Again")
    request = theatre.worker.take().request
    new = {"job_id", "requester_id", "random_seed", "parent_id"}
    assert request.model_dump(exclude=new) == before.model_dump(exclude=new)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_vary_makes_the_piece_the_theme_of_a_variation(theatre: Theatre, is_restarted) -> None:
    # Given a piece of ten seconds that a model of the worker's choice composed
    first = await finished(theatre, random_seed=7, length=10.0, key="E minor", temperature=0.7)
    message = theatre.message
    if is_restarted:
        await theatre.restart()
    # When another member presses Vary
    await theatre.bob.click(message, label="Vary")
    # Then the same model varies it, all of it and nothing before it, with the wishes of before
    request = theatre.worker.take().request
    assert theatre.worker.blobs.get(request.seed) == SEED + first.encode()
    assert (request.mode, request.include_seed, request.length_s, request.model) == (Mode.VARY, False, None, "piano")
    assert (request.key, request.temperature, request.parent_id) == ("E minor", 0.7, first)


async def test_continue_after_a_variation_goes_on_from_it_and_keeps_it_in_the_file(theatre: Theatre) -> None:
    await finished(theatre, seed=("song.mid", SEED), mode="vary", strength=0.2)
    await theatre.alice.click(theatre.message, label="Continue")
    request = theatre.worker.take().request
    assert (request.mode, request.include_seed, request.strength) == (Mode.CONTINUE, True, None)


@pytest.mark.parametrize("label", ["Again", "Continue", "Vary"])
async def test_a_piece_that_is_no_longer_kept_says_what_to_do(theatre: Theatre, label, valkey) -> None:
    await finished(theatre)
    message = theatre.message
    valkey.client.flushall()
    theatre.worker.arrive()
    result = await theatre.alice.click(message, label=label)
    assert "This piece is too old" in told(result)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_delete_is_for_the_requester_only(theatre: Theatre, is_restarted) -> None:
    await finished(theatre)
    message = theatre.message
    if is_restarted:
        await theatre.restart()
    # When somebody else presses Delete, then only they are told that it is not theirs
    result = await theatre.bob.click(message, label="Delete")
    assert result.ephemeral
    assert "Only the member who asked for this piece can delete it." in result.response.content
    assert theatre.channel.history()[0].attachments
    # And the requester can
    await theatre.alice.click(message, label="Delete")
    assert message.id not in [left.id for left in theatre.channel.history()]


async def test_stop_ends_a_running_job_and_the_piece_so_far_is_delivered(theatre: Theatre) -> None:
    await theatre.alice.slash(theatre.channel, "compose")
    job = theatre.worker.take()
    job.is_at(0.5)
    await theatre.settle()
    # When somebody else presses Stop, then nothing stops
    result = await theatre.bob.click(theatre.message, label="Stop")
    assert "Only the member who asked" in result.response.content
    assert not job.is_cancel_asked
    # When the requester presses it
    await theatre.alice.click(theatre.channel.history()[0], label="Stop")
    assert job.is_cancel_asked
    job.is_done(stopped=True)
    await theatre.settle()
    assert "Stopped early: this is the piece so far." in shown(theatre.channel.history()[0])


async def test_stop_takes_a_waiting_job_out_of_the_queue(theatre: Theatre) -> None:
    await theatre.alice.slash(theatre.channel, "compose")
    await theatre.settle()
    await theatre.alice.click(theatre.message, label="Stop")
    await theatre.settle()
    assert theatre.worker.queued() == []
    assert "Stopped before there was anything to hear." in shown(theatre.message)
    assert theatre.message.components == []


async def test_what_a_button_of_a_private_piece_gives_is_private_too(theatre: Theatre) -> None:
    result = await theatre.alice.slash(theatre.channel, "compose", private=True)
    theatre.worker.take().is_done()
    await theatre.settle()
    pressed = await theatre.alice.click(result.response.message, label="Again")
    assert pressed.ephemeral
    assert theatre.worker.take().request.private


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_star_puts_the_piece_into_the_servers_starred_data_set_for_any_member(
    theatre: Theatre, is_restarted
) -> None:
    first = await finished(theatre, random_seed=7)
    message = theatre.message
    if is_restarted:
        await theatre.restart()
    # When another member presses Star
    pressed = await theatre.bob.click(message, label="Star")
    # Then its MIDI goes into the data set, which is made if need be
    summary = DataSetSummary(name="starred", licence="", pieces=3, notes=9, minutes=1.0, size=1)
    request = await theatre.answered(Batch(accepted=1, summary=summary))
    action = request.action
    assert (action.name, action.source, action.create_as) == ("starred", "starred", "composed")
    (file,) = action.files
    assert (file.name, theatre.worker.blobs.get(file)) == ("cadenza-piano-7.mid", SEED + first.encode())
    assert (request.guild_id, request.requester_id) == (theatre.guild.id, theatre.bob.id)
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
async def test_a_star_that_adds_nothing_says_why(theatre: Theatre, batch, words) -> None:
    await finished(theatre)
    pressed = await theatre.bob.click(theatre.message, label="Star")
    summary = DataSetSummary(name="starred", licence="", pieces=3, notes=9, minutes=1.0, size=1)
    await theatre.answered(Batch(accepted=0, summary=summary, **batch))
    assert words in told(pressed)


async def test_a_direct_message_has_no_stars(theatre: Theatre) -> None:
    dana = theatre.env.create_user("dana")
    result = await dana.slash("compose")
    theatre.worker.take().is_done()
    await theatre.settle()
    pressed = await dana.click(result.response.message, label="Star")
    assert "Stars belong to a server, and this is a direct message." in told(pressed)
    assert theatre.worker.queued("library") == []


async def test_buttons_of_pieces_refuse_what_is_no_piece(theatre: Theatre) -> None:
    await finished(theatre)
    message = theatre.message
    # Given a message whose job turns out to be a training
    await theatre.ada.slash(theatre.channel, "train start", data_set="waltzes")
    training = theatre.worker.take("train").id
    record = await theatre.bot.board.record(training)

    async def other(job_id: str) -> Record:
        return record

    theatre.bot.board.record = other
    for label in ("Again", "Continue", "Vary", "Star"):
        pressed = await theatre.alice.click(message, label=label)
        assert "This piece is too old" in told(pressed)


async def test_again_pressed_twice_in_a_moment_makes_one_piece(theatre: Theatre) -> None:
    # Given a finished piece
    await finished(theatre)
    message = theatre.message
    # When its requester presses Again twice, then there is one more piece, and only they are told why
    await theatre.alice.click(message, label="Again")
    twice = await theatre.alice.click(message, label="Again")
    assert twice.ephemeral
    assert "Your next piece is already on its way." in told(twice)
    assert len(theatre.worker.queued()) == 1
    # While it is on its way that stays so, however long it takes; others may have one of their own
    await theatre.env.advance_time(60)
    await theatre.alice.click(message, label="Again")
    await theatre.bob.click(message, label="Again")
    assert len(theatre.worker.queued()) == 2
    # Once it is there, they may ask for another
    theatre.worker.take().is_done()
    await theatre.settle()
    await theatre.env.advance_time(3)
    await theatre.alice.click(message, label="Again")
    assert len(theatre.worker.queued()) == 2


async def test_a_button_whose_press_was_refused_may_be_pressed_again_at_once(theatre: Theatre) -> None:
    await finished(theatre)
    message = theatre.message
    theatre.worker.leave()
    refused = await theatre.alice.click(message, label="Again")
    assert "no worker is running" in told(refused)
    theatre.worker.arrive()
    await theatre.alice.click(message, label="Again")
    assert len(theatre.worker.queued()) == 1


async def forged(theatre: Theatre, action: str, job_id: str, requester: int, who: str = "bob"):
    """A press of a button whose id somebody made up, under a message of the bot's in this channel."""
    channel = theatre.bot.get_channel(theatre.channel.id)
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="forged", custom_id=f"cadenza:{action}:{job_id}:{requester}"))
    sent = await channel.send("x", view=view)
    (message,) = [one for one in theatre.channel.history() if one.id == sent.id]
    return await getattr(theatre, who).click(message, label="forged")


@pytest.mark.parametrize("action", ["again", "continue", "vary", "star", "stop"])
async def test_a_button_does_not_reach_another_servers_piece(theatre: Theatre, action) -> None:
    # Given a piece of another server, that its member cannot be asked about here
    elsewhere = theatre.env.create_guild()
    channel = elsewhere.create_text_channel("secret")
    carol = elsewhere.add_member(theatre.env.create_user("carol"))
    await carol.slash(channel, "compose")
    job = theatre.worker.take()
    if action != "stop":
        job.is_done()
    await theatre.settle()
    # When a member here presses a button with its id
    pressed = await forged(theatre, action, job.id, theatre.bob.id)
    # Then nothing is made from it, and nothing is stopped
    assert "This piece is too old" in told(pressed)
    assert theatre.worker.queued() == theatre.worker.queued("library") == []
    assert not job.is_cancel_asked


@pytest.mark.parametrize("is_private", [True, False])
async def test_a_button_does_not_reach_what_the_member_cannot_see(theatre: Theatre, is_private) -> None:
    # Given a private piece, or one in a channel that only admins see
    closed = {theatre.guild.default_role: discord.PermissionOverwrite(view_channel=False)}
    place = theatre.guild.create_text_channel("closed", overwrites={} if is_private else closed)
    every = theatre.guild.create_role("every", permissions=discord.Permissions(administrator=True))
    boss = theatre.guild.add_member(theatre.env.create_user("boss"), roles=[every])
    await boss.slash(place, "compose", private=is_private)
    job = theatre.worker.take()
    job.is_done()
    await theatre.settle()
    # When another member presses a button with its id
    pressed = await forged(theatre, "continue", job.id, theatre.bob.id)
    # Then nothing comes of it
    assert "This piece is too old" in told(pressed)
    assert theatre.worker.queued() == []


async def test_delete_does_not_believe_the_id_that_the_button_carries(theatre: Theatre) -> None:
    job_id = await finished(theatre)
    pressed = await forged(theatre, "delete", job_id, theatre.bob.id)
    assert "Only the member who asked for this piece can delete it." in told(pressed)


async def test_stop_shows_at_once_what_is_kept(theatre: Theatre) -> None:
    # Given a piece that is being composed
    await theatre.alice.slash(theatre.channel, "compose")
    job = theatre.worker.take()
    job.is_at(0.5)
    await theatre.settle()
    # When its requester presses Stop, then the message says so at once, without the button
    await theatre.alice.click(theatre.message, label="Stop")
    assert "Stopping …" in shown(theatre.message)
    assert "You'll get the piece so far" in shown(theatre.message)
    assert theatre.message.components == []
    # And it stays so until the piece is there, also after a restart
    job.is_at(0.6)
    await theatre.settle()
    assert "Stopping …" in shown(theatre.message)
    await theatre.restart()
    job.is_at(0.9, Stage.RENDERING)
    await theatre.settle()
    assert "Stopping …" in shown(theatre.message)
    job.is_done(stopped=True)
    await theatre.settle()
    assert "Stopped early" in shown(theatre.message)
    assert len(theatre.message.attachments) == 3


async def test_stop_while_it_is_recorded_says_that_the_piece_is_coming(theatre: Theatre) -> None:
    await theatre.alice.slash(theatre.channel, "compose")
    job = theatre.worker.take()
    job.is_at(0.9, Stage.RENDERING)
    await theatre.settle()
    await theatre.alice.click(theatre.message, label="Stop")
    assert "The notes are finished." in shown(theatre.message)


async def test_an_unknown_button_gets_an_answer(theatre: Theatre) -> None:
    channel = theatre.bot.get_channel(theatre.channel.id)
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="old", custom_id="cadenza:nothing:1:2"))
    sent = await channel.send("x", view=view)
    await theatre.restart()
    (message,) = [one for one in theatre.channel.history() if one.id == sent.id]
    result = await theatre.alice.click(message, label="old")
    assert "This button is out of date." in told(result)
