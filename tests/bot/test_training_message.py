"""The message of a training: past the token, over a restart, deleted, in a closed channel, and of a nightly one."""

from __future__ import annotations

import asyncio

import discord

from bot.client import LOOK_EVERY_S
from jobs.contract import Delivery, Stage, TrainRequest
from jobs.records import RecordStore
from tests.bot.harness import PICTURE, Harness, Job, buttons, shown

PAST_THE_TOKEN_S = 16 * 60


async def begun(harness: Harness) -> Job:
    await harness.ada.slash(harness.channel, "train start", data_set="waltzes")
    job = harness.worker.take("train")
    job.trains(0.1)
    await harness.settle()
    return job


async def test_past_the_token_the_same_message_is_edited_on_in_the_channel(harness: Harness) -> None:
    # Given a training that takes longer than Discord keeps the reply open
    job = await begun(harness)
    await harness.env.advance_time(PAST_THE_TOKEN_S)
    # When it goes on, then the same message says so, with its curve
    curve = job.keep(PICTURE, "c.png")
    job.trains(0.5, epoch=5, curve=curve)
    await harness.settle()
    (message,) = harness.channel.history()
    assert "50%" in shown(message)
    (picture,) = message.attachments
    assert picture.description.endswith("prediction error by epoch, lower is better.")
    assert list(buttons(message)) == ["Stop"]
    # and the curve is not sent again where it is the same
    before = len(harness.env.http_requests)
    job.trains(0.7, epoch=6, curve=curve)
    await harness.settle()
    edits = [entry for entry in harness.env.http_requests[before:] if entry.method == "PATCH"]
    assert edits
    assert not any("attachments" in (entry.json or {}) for entry in edits)
    assert len(harness.channel.history()[0].attachments) == 1
    # When it is done, then it holds the verdict, and whoever began it is told, for an edit is noticed by nobody
    job.is_trained()
    await harness.settle()
    message, ring = harness.channel.history()
    assert "waltzes is trained" in shown(message)
    assert list(buttons(message)) == ["Promote", "Train on", "Discard"]
    assert ring.content == f"{harness.ada.mention}, the training is over."
    assert ring.reference.message_id == message.id
    assert [user.id for user in ring.mentions] == [harness.ada.id]
    assert await harness.bot.board.open_records() == []


async def test_a_restart_during_a_training_goes_on_with_the_same_message(harness: Harness) -> None:
    job = await begun(harness)
    await harness.env.advance_time(PAST_THE_TOKEN_S)
    await harness.restart()
    job.trains(0.6, epoch=6)
    await harness.settle()
    (message,) = harness.channel.history()
    assert "60%" in shown(message)
    job.is_trained()
    await harness.settle()
    assert "is trained" in shown(harness.channel.history()[0])


async def test_a_training_whose_message_was_deleted_goes_on_and_its_verdict_comes_anew(harness: Harness) -> None:
    job = await begun(harness)
    harness.env.backend.delete_message(harness.channel.id, harness.message.id)
    for step in (0.2, 0.3):
        job.trains(step)
        await harness.settle()
    assert harness.channel.history() == []
    assert not job.is_cancel_asked
    job.is_trained()
    await harness.settle()
    (message,) = harness.channel.history()
    assert f"{harness.ada.mention}, here is the result of the training." in message.content
    assert list(buttons(message)) == ["Promote", "Train on", "Discard"]


async def test_where_the_channel_is_closed_by_then_the_verdict_comes_by_direct_message(harness: Harness) -> None:
    job = await begun(harness)
    await harness.env.advance_time(PAST_THE_TOKEN_S)
    harness.env.inject_error("PATCH", f"/channels/{harness.channel.id}/messages/*", status=403, code=50001, times=None)
    harness.env.inject_error("POST", f"/channels/{harness.channel.id}/messages", status=403, code=50001, times=None)
    job.is_trained()
    await harness.settle()
    (message,) = harness.ada.user.dm_channel.history()
    assert "here is the result of the training." in message.content
    assert "is trained" in shown(message)


async def test_a_failed_training_says_why_in_its_message(harness: Harness) -> None:
    job = await begun(harness)
    job.has_failed("The data set has too few pieces: 3, at least 10 are needed.")
    await harness.settle()
    assert shown(harness.message) == "The data set has too few pieces: 3, at least 10 are needed."
    assert harness.message.components == []


async def test_a_training_that_broke_off_can_go_on(harness: Harness) -> None:
    job = await begun(harness)
    job.has_failed("This piece was lost.", code="lost")
    await harness.settle()
    assert "This training was lost on the way." in shown(harness.message)
    await harness.ada.click(harness.message, label="Train on")
    assert harness.worker.take("train").request.resumes == job.id


async def test_the_upload_limit_of_a_verdict_is_the_servers_where_that_is_lower(harness: Harness) -> None:
    await begun(harness)
    (record,) = await harness.bot.board.open_records()
    assert harness.bot.tracker._upload_limit(record) == discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES


def admit_nightly(harness: Harness, valkey, job_id: str) -> None:
    """What whoever starts the nightly trainings does, without the bot."""
    request = TrainRequest(
        job_id=job_id, requester_id=harness.ada.id, guild_id=harness.guild.id, channel_id=harness.channel.id,
        data_set="starred", name="starred", base="piano", nightly=True,
    )  # fmt: skip
    delivery = Delivery(application_id=1, channel_id=harness.channel.id, user_id=harness.ada.id)
    store = RecordStore(valkey.client, harness.settings)
    store.admit(request, delivery)


async def test_a_nightly_training_gets_one_message_in_its_channel(harness: Harness, valkey) -> None:
    # Given a training that nobody asked for by a command
    admit_nightly(harness, valkey, f"nightly-{harness.guild.id}-20261125")
    assert harness.channel.history() == []
    # When the bot looks for such, then it posts a message and remembers which
    await harness.env.advance_time(LOOK_EVERY_S + 1)
    await harness.settle()
    (message,) = harness.channel.history()
    assert "starred: Waiting …" in shown(message)
    (record,) = await harness.bot.board.open_records()
    assert record.delivery.message_id == message.id
    # When it goes on, also after a restart, then the same message says so
    job = harness.worker.job(record.job_id)
    job.trains(0.4, epoch=2)
    await harness.settle()
    await harness.restart()
    job.trains(0.8, epoch=4)
    await harness.settle()
    (message,) = harness.channel.history()
    assert "80%" in shown(message)
    assert "nightly" in shown(message)
    # When it is done, then nobody is woken
    job.is_trained()
    await harness.settle()
    (message,) = harness.channel.history()
    assert "starred is trained" in shown(message)
    assert await harness.bot.board.open_records() == []
    # And the next look does not find it again
    await harness.env.advance_time(LOOK_EVERY_S + 1)
    assert len(harness.channel.history()) == 1


async def test_estimates_that_change_by_seconds_are_not_worth_an_edit(harness: Harness) -> None:
    job = await begun(harness)
    job.trains(0.3, epoch=1, remaining_s=600.0)
    await harness.settle()
    before = len(harness.env.http_requests)
    await asyncio.sleep(0.3)  # the reporter drops what comes quicker
    job.trains(0.301, epoch=1, remaining_s=598.0)
    await harness.settle()
    assert [entry for entry in harness.env.http_requests[before:] if entry.method == "PATCH"] == []
    job.trains(0.4, Stage.JUDGING)
    await harness.settle()
    assert "Comparing before and after" in shown(harness.message)
