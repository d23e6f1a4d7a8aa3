"""The reply arrives, once: past the token, over a restart, where a file is too large, where the message is gone."""

from __future__ import annotations

import asyncio

import discord
import pytest

from bot.delivery.progress import Progress
from jobs.contract import Stage, Update
from tests.bot.harness import STEM, TITLE, Harness, shown

LATE = "your piece took longer than Discord keeps a reply open"


async def test_a_private_piece_is_seen_by_its_requester_only(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "compose", private=True)
    harness.worker.take().is_done()
    await harness.settle()
    assert result.ephemeral
    assert TITLE in shown(result.response.message)
    assert len(harness.channel.history(viewer=harness.bob)) == 0


async def test_past_the_token_the_piece_comes_as_a_message_that_mentions_the_requester(harness: Harness) -> None:
    # Given a job that takes longer than Discord keeps the reply open
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    job.is_at(0.5)
    await harness.settle()
    await harness.env.advance_time(16 * 60)
    # When it is done
    job.is_done()
    await harness.settle()
    # Then the channel has it as a new message, under the job's id, so that a second sending would not show
    stale, late = harness.channel.history()
    assert f"{harness.alice.mention}, {LATE}" in late.content
    assert len(late.attachments) == 3
    assert [user.id for user in late.mentions] == [harness.alice.id]
    sent = [entry for entry in harness.env.http_requests if entry.method == "POST" and entry.path.endswith("/messages")]
    assert [(entry.json["nonce"], entry.json["enforce_nonce"]) for entry in sent] == [(job.id, True)]
    # And the one that showed the bar points there, without a Stop button
    assert "in a newer message below" in stale.content
    assert stale.components == []
    assert await harness.bot.board.open_records() == []
    # And the buttons of the new one work
    await harness.bob.click(late, label="Again")
    assert harness.worker.take().request.parent_id == job.id


async def test_past_the_token_a_private_piece_comes_by_direct_message(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", private=True)
    job = harness.worker.take()
    await harness.env.advance_time(16 * 60)
    job.is_done()
    await harness.settle()
    (message,) = harness.alice.user.dm_channel.history()
    assert LATE in message.content
    assert len(message.attachments) == 3


async def test_where_the_channel_is_closed_by_then_it_comes_by_direct_message(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    await harness.env.advance_time(16 * 60)
    harness.env.inject_error("POST", f"/channels/{harness.channel.id}/messages", status=403, code=50013)
    job.is_done()
    await harness.settle()
    (message,) = harness.alice.user.dm_channel.history()
    assert LATE in message.content


@pytest.mark.parametrize(("status", "code"), [(401, 50027), (404, 10015)])
async def test_a_token_that_discord_calls_expired_is_believed(harness: Harness, status, code) -> None:
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    harness.env.inject_error("PATCH", "/webhooks/*", status=status, code=code, times=None)
    job.is_done()
    await harness.settle()
    assert LATE in harness.message.content


async def test_a_bot_that_was_restarted_while_the_job_ran_delivers_it_once(harness: Harness) -> None:
    # Given a bot that ends while a job runs
    await harness.alice.slash(harness.channel, "compose", random_seed=5)
    job = harness.worker.take()
    job.is_at(0.3)
    await harness.restart()
    # When the job is done after the fresh bot is there
    job.is_at(0.6)
    await harness.settle()
    assert "60%" in shown(harness.message)
    job.is_done()
    await harness.settle()
    # Then the same message holds the piece, once
    (message,) = harness.channel.history()
    assert "random seed 5" in shown(message)
    assert len(message.attachments) == 3
    # And the next restart does not touch it
    before = len(harness.env.http_requests)
    await harness.restart()
    assert not [entry for entry in harness.env.http_requests[before:] if "/webhooks/" in entry.path]


async def test_a_job_that_ended_while_no_bot_was_there_is_delivered_at_the_next_start(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    await harness.bot.tracker.close()
    job.is_done()
    await harness.settle()
    assert not harness.message.attachments
    await harness.restart()
    assert len(harness.message.attachments) == 3
    assert len(harness.channel.history()) == 1


async def test_a_bot_killed_before_it_noted_the_delivery_edits_the_same_message_again(
    harness: Harness, monkeypatch
) -> None:
    # Given a bot that is killed right after the reply was shown
    async def killed(job_id: str) -> None:
        raise asyncio.CancelledError

    monkeypatch.setattr(harness.bot.board, "mark_delivered", killed)
    await harness.alice.slash(harness.channel, "compose")
    harness.worker.take().is_done()
    await harness.settle()
    # When it is started anew
    await harness.restart()
    # Then there is still one message, with each file once
    (message,) = harness.channel.history()
    assert len(message.attachments) == 3
    assert await harness.bot.board.open_records() == []


async def test_audio_larger_than_discord_takes_is_left_out_with_a_sentence(harness: Harness, monkeypatch) -> None:
    async def submit(request, delivery, submit=harness.bot.board.submit):
        return await submit(request, delivery.model_copy(update={"upload_limit_bytes": 1000}))

    monkeypatch.setattr(harness.bot.board, "submit", submit)
    await harness.alice.slash(harness.channel, "compose", random_seed=1)
    harness.worker.take().is_done(audio=bytes(1001))
    await harness.settle()
    assert [file.filename for file in harness.message.attachments] == [f"{STEM}.mid", f"{STEM}.png"]
    assert "The audio is too large for Discord here" in shown(harness.message)


async def test_the_upload_limit_is_the_one_the_interaction_names(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    (record,) = await harness.bot.board.open_records()
    assert record.delivery.upload_limit_bytes == 26214400


async def test_what_discord_still_finds_too_large_is_sent_without_audio(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    await harness.settle()
    harness.env.inject_error("PATCH", "/webhooks/*", status=413, code=40005)
    job.is_done()
    await harness.settle()
    assert len(harness.message.attachments) == 2


async def test_a_job_whose_message_was_deleted_is_not_composed_to_the_end(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    await harness.settle()
    harness.env.backend.delete_message(harness.channel.id, harness.message.id)
    job.is_at(0.2)
    await harness.settle()
    job.is_at(0.9)
    await harness.settle()
    assert job.is_cancel_asked
    assert await harness.bot.board.open_records() == []
    assert harness.channel.history() == []


async def test_a_discord_that_is_briefly_away_gets_the_reply_when_it_is_back(harness: Harness, monkeypatch) -> None:
    monkeypatch.setattr("bot.delivery.tracker.RETRY_AFTER_S", (0.01, 0.01))
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    await harness.settle()
    harness.env.inject_error("PATCH", "/webhooks/*", status=503)
    job.is_done()
    await harness.settle()
    assert len(harness.message.attachments) == 3


async def test_progress_shows_the_latest_state_no_oftener_than_it_may() -> None:
    shown_updates: list[float] = []

    async def edit(update: Update) -> None:
        shown_updates.append(update.fraction)

    progress = Progress(edit, interval_s=0.2)
    for step in range(10):
        progress.show(Update(stage=Stage.COMPOSING, fraction=step / 10))
        await asyncio.sleep(0)
    await asyncio.sleep(0.3)
    assert shown_updates[0] <= 0.1
    assert shown_updates[1:] == [0.9]
    progress.show(Update(stage=Stage.COMPOSING, fraction=0.9))
    await asyncio.sleep(0.25)
    assert len(shown_updates) == 2
    await progress.stop()
    progress.show(Update(stage=Stage.COMPOSING, fraction=1.0))
    await asyncio.sleep(0)
    assert len(shown_updates) == 2


async def test_nothing_in_a_reply_mentions_anybody_by_itself(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    harness.worker.take().has_failed("hello @everyone")
    await harness.settle()
    edits = [entry.json for entry in harness.env.http_requests if entry.method == "PATCH" and entry.json]
    assert edits
    assert all(edit["allowed_mentions"] == discord.AllowedMentions.none().to_dict() for edit in edits)


REFUSED = [(403, 50013), (403, 50001), (404, 10003), (404, 10008), (400, 50083), (400, 160005), (400, 50035), (403, 0)]


@pytest.mark.parametrize(("status", "code"), REFUSED)
async def test_a_reply_that_cannot_be_edited_does_not_cost_the_piece(harness: Harness, status, code) -> None:
    """The piece comes as a new message in the channel, whatever Discord has against the edit."""
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    harness.env.inject_error("PATCH", "/webhooks/*", status=status, code=code, times=None)
    job.is_done()
    await harness.settle()
    late = harness.channel.history()[-1]
    assert f"{harness.alice.mention}, your piece is ready." in late.content
    assert len(late.attachments) == 3
    assert await harness.bot.board.open_records() == []


@pytest.mark.parametrize(("status", "code"), REFUSED)
async def test_where_the_channel_takes_nothing_it_comes_by_direct_message(harness: Harness, status, code) -> None:
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    harness.env.inject_error("PATCH", "/webhooks/*", status=status, code=code, times=None)
    harness.env.inject_error("POST", f"/channels/{harness.channel.id}/messages", status=status, code=code, times=None)
    job.is_done()
    await harness.settle()
    (message,) = harness.alice.user.dm_channel.history()
    assert "your piece is ready" in message.content
    assert len(message.attachments) == 3
    assert await harness.bot.board.open_records() == []


async def test_out_of_an_archived_thread_it_comes_to_the_parent_channel(harness: Harness) -> None:
    made = await harness.bot.get_channel(harness.channel.id).create_thread(
        name="jam", type=discord.ChannelType.public_thread
    )
    (thread,) = [found for found in harness.channel.threads if found.id == made.id]
    await harness.alice.slash(thread, "compose")
    job = harness.worker.take()
    harness.env.inject_error("PATCH", "/webhooks/*", status=400, code=50083, times=None)
    harness.env.inject_error("POST", f"/channels/{thread.id}/messages", status=400, code=50083, times=None)
    job.is_done()
    await harness.settle()
    late = harness.channel.history()[-1]
    assert f"I couldn't post it in <#{thread.id}>" in late.content
    assert len(late.attachments) == 3


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_what_could_be_delivered_nowhere_comes_with_the_members_next_command(
    harness: Harness, is_restarted
) -> None:
    # Given a piece that Discord takes nowhere
    await harness.alice.slash(harness.channel, "compose", random_seed=5)
    job = harness.worker.take()
    harness.env.inject_error("PATCH", "/webhooks/*", status=403, code=50001, times=None)
    harness.env.inject_error("POST", "/channels/*", status=403, code=50007, times=None)
    harness.env.inject_error("POST", "/users/@me/channels", status=403, code=50007, times=None)
    job.is_done()
    await harness.settle()
    assert [record.job_id for record in await harness.bot.board.open_records()] == [job.id]
    if is_restarted:
        await harness.restart()
    # When another member uses a command, then nothing is told them
    harness.env.backend.faults.clear()
    assert (await harness.bob.slash(harness.channel, "help")).followups == []
    # When the member does, then the piece comes with it, seen by them alone
    result = await harness.alice.slash(harness.channel, "help")
    await harness.settle()
    (kept,) = result.followups
    assert kept.ephemeral
    assert "I couldn't deliver this earlier" in kept.content
    assert len(kept.attachments) == 3
    assert await harness.bot.board.open_records() == []


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_discord_that_asks_to_wait_is_asked_again_not_gone_round(harness: Harness, monkeypatch, status) -> None:
    monkeypatch.setattr("bot.delivery.tracker.RETRY_AFTER_S", (0.01, 0.01))
    await harness.alice.slash(harness.channel, "compose")
    job = harness.worker.take()
    await harness.settle()
    harness.env.inject_error("PATCH", "/webhooks/*", status=status)
    job.is_done()
    await harness.settle()
    assert len(harness.channel.history()) == 1
    assert len(harness.message.attachments) == 3


async def test_a_card_that_cannot_be_made_does_not_cost_the_files(harness: Harness, monkeypatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("bot.features.compose.cards.result_card", broken)
    await harness.alice.slash(harness.channel, "compose")
    harness.worker.take().is_done()
    await harness.settle()
    assert "Your piece is ready. Something went wrong" in harness.message.content
    assert len(harness.message.attachments) == 3
