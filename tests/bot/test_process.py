"""`python -m bot` as a process against the local Discord: real gateway, real REST, killed and started again."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest

from bot.features import COMMANDS
from jobs.contract import Batch, DataSetSummary, Done, Listening
from tests.bot.bot_process import BotProcess, until
from tests.bot.harness import AUDIO, PICTURE, SEED, STEM


async def test_a_bot_killed_while_a_job_runs_delivers_it_once_after_its_restart(local: BotProcess) -> None:
    # Given a bot that is killed while a job runs
    async with local.bot() as process:
        await local.compose({"name": "random_seed", "type": 4, "value": 5}, seed=SEED)
        await until(lambda: local.worker.queued() != [])
        job = local.worker.take()
        job.is_at(0.5)
        await until(lambda: "50%" in json.dumps(local.messages()))
        process.kill()
        await process.wait()
    # When the job ends and the bot is started again
    job.is_done()
    async with local.bot() as process:
        await until(lambda: any(message["attachments"] for message in local.messages()))
        # And ended the polite way
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await process.wait() == 0
    # Then there is one message, with the piece
    (message,) = local.messages()
    names = [file["filename"] for file in message["attachments"]]
    assert names == [f"{STEM}.mid", f"{STEM}.mp3"]
    assert f"{STEM}.png" in message["embeds"][0]["image"]["url"]  # Discord lists it there, and there only
    # And the commands were told to Discord once, and no secret is in the log, at its most talkative
    log = local.log()
    assert log.count(f"told Discord {len(COMMANDS)} commands") == 1
    assert local.discord.state.bot_token not in log
    tokens = [interaction.token for interaction in local.discord.state.interactions.values()]
    assert tokens
    assert not [token for token in tokens if token in log]


async def test_a_token_that_discord_refuses_is_a_sentence(local: BotProcess) -> None:
    local._environment["DISCORD_TOKEN"] = "not.the.token"
    with pytest.raises(AssertionError, match="DISCORD_TOKEN was refused by Discord"):
        async with local.bot():
            pass


async def test_a_piece_that_outlives_its_token_arrives_as_a_new_message_whose_buttons_work(
    local: BotProcess,
) -> None:
    async with local.bot():
        # Given a job that takes longer than the local Discord keeps its token
        await local.compose()
        await until(lambda: local.worker.queued() != [])
        job = local.worker.take()
        await until(lambda: "Stop" in json.dumps(local.messages()))
        local.discord.clock.advance(16 * 60)
        # When it is done, then the piece comes as a message of its own, and the first one points there
        job.is_done()
        await until(lambda: any("newer message below" in message["content"] for message in local.messages()))
        first, late = local.messages()
        assert not first["attachments"]
        assert len(late["attachments"]) == 2
        assert [user["username"] for user in late["mentions"]] == ["guest"]
        # And its buttons work: Continue asks for more, Delete takes it away
        await local.press(late, "Continue")
        await until(lambda: local.worker.queued() != [])
        assert local.worker.take().request.parent_id == job.id
        await local.press(late, "Delete")
        await until(lambda: late["id"] not in [message["id"] for message in local.messages()])
    assert "incident" not in local.log()


async def test_a_model_is_trained_from_discord_and_put_into_use(local: BotProcess) -> None:
    """What the local Discord refuses (a card too long, a field left empty) would leave an incident in the log."""
    async with local.bot():
        # Given a data set
        await local.manage("dataset", "add", SEED, name="waltzes")
        await until(lambda: local.worker.queued("library") != [])
        job = local.worker.take("library")
        summary = DataSetSummary(name="waltzes", licence="own-work", pieces=1, notes=9, minutes=1.0, size=99)
        job.answers(Batch(accepted=1, summary=summary, picture=job.keep(PICTURE, "x.png")))
        await until(lambda: "Added 1 piece." in json.dumps(local.messages()))
        # When it is trained on, past the token
        await local.manage("train", "start", data_set="waltzes")
        await until(lambda: local.worker.queued("train") != [])
        job = local.worker.take("train")
        curve = job.keep(PICTURE, "c.png")
        job.trains(0.2, epoch=1, val_nats=2.5, curve=curve)
        await until(lambda: "Stop" in json.dumps(local.messages()))
        local.discord.clock.advance(16 * 60)
        heard = Listening(title="Waltz", seed_s=8.0, before=job.keep(AUDIO, "a"), after=job.keep(AUDIO, "b"))
        job.is_trained(curve=curve, listening=(heard,))
        await until(lambda: "the training is over" in json.dumps(local.messages()))
        # Then the same message holds the verdict, with curve and recordings
        verdict = local.messages()[-2]
        assert "waltzes is trained" in verdict["embeds"][0]["title"]
        assert "curve.png" in verdict["embeds"][0]["image"]["url"]
        assert [file["filename"] for file in verdict["attachments"]] == ["1a-before.mp3", "1b-after.mp3"]
        # And its buttons work
        await local.press(verdict, "Promote", who="owner")
        await until(lambda: local.worker.queued("library") != [])
        local.worker.take("library").answers(Done(sentence="It is in use.", model="waltzes"))
        await until(lambda: "Roll back" in json.dumps(local.messages()))
    assert "incident" not in local.log()


async def test_a_training_chosen_from_the_picker_can_be_resumed(local: BotProcess) -> None:
    """Discord wants a text where the option is one, although a job's number is all digits."""
    async with local.bot():
        await local.manage("train", "start", data_set="waltzes")
        await until(lambda: local.worker.queued("train") != [])
        job = local.worker.take("train")
        job.is_trained()
        await until(lambda: "is trained" in json.dumps(local.messages()))
        # When the admin opens the picker, and sends what it offers
        (choice,) = await local.complete("train", "resume", "training")
        assert choice["value"] == job.id
        await local.manage("train", "resume", training=choice["value"])
        # Then the training goes on from there
        await until(lambda: local.worker.queued("train") != [])
        assert local.worker.take("train").request.resumes == job.id


async def test_a_refusal_is_seen_by_the_member_alone(local: BotProcess) -> None:
    local.worker.leave()
    async with local.bot():
        await local.compose()
        await until(lambda: ["no worker is running" in message["content"] for message in local.messages()] == [True])
        (refusal,) = local.messages()
        assert refusal["flags"] & 64
    assert "incident" not in local.log()
