"""`python -m bot` as a process against the local Discord: real gateway, real REST, killed and started again."""

from __future__ import annotations

import asyncio
import json
import signal

import pytest

from bot.commands import ALL
from jobs.contract import Batch, DataSetSummary, Done, Listening
from tests.bot.house import House, until
from tests.bot.theatre import AUDIO, PICTURE, SEED


async def test_a_bot_killed_while_a_job_runs_delivers_it_once_after_its_restart(house: House) -> None:
    # Given a bot that is killed while a job runs
    async with house.bot() as process:
        await house.compose({"name": "random_seed", "type": 4, "value": 5}, seed=SEED)
        await until(lambda: house.worker.queued() != [])
        job = house.worker.take()
        job.is_at(0.5)
        await until(lambda: "50%" in json.dumps(house.messages()))
        process.kill()
        await process.wait()
    # When the job ends and the bot is started again
    job.is_done()
    async with house.bot() as process:
        await until(lambda: any(message["attachments"] for message in house.messages()))
        # And ended the polite way
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await process.wait() == 0
    # Then there is one message, with the piece
    (message,) = house.messages()
    names = [file["filename"] for file in message["attachments"]]
    assert names == ["cadenza-piano-5.mid", "cadenza-piano-5.mp3"]
    assert "cadenza-piano-5.png" in message["embeds"][0]["image"]["url"]  # Discord lists it there, and there only
    # And the commands were told to Discord once, and no secret is in the log, at its most talkative
    log = house.log()
    assert log.count(f"told Discord {len(ALL)} commands") == 1
    assert house.discord.state.bot_token not in log
    tokens = [interaction.token for interaction in house.discord.state.interactions.values()]
    assert tokens
    assert not [token for token in tokens if token in log]


async def test_a_token_that_discord_refuses_is_a_sentence(house: House) -> None:
    house._environment["DISCORD_TOKEN"] = "not.the.token"
    with pytest.raises(AssertionError, match="DISCORD_TOKEN was refused by Discord"):
        async with house.bot():
            pass


async def test_a_piece_that_outlives_its_token_arrives_as_a_new_message_whose_buttons_work(house: House) -> None:
    async with house.bot():
        # Given a job that takes longer than the local Discord keeps its token
        await house.compose()
        await until(lambda: house.worker.queued() != [])
        job = house.worker.take()
        await until(lambda: "Stop" in json.dumps(house.messages()))
        house.discord.clock.advance(16 * 60)
        # When it is done, then the piece comes as a message of its own, and the first one points there
        job.is_done()
        await until(lambda: any("newer message below" in message["content"] for message in house.messages()))
        first, late = house.messages()
        assert not first["attachments"]
        assert len(late["attachments"]) == 2
        assert [user["username"] for user in late["mentions"]] == ["guest"]
        # And its buttons work: Continue asks for more, Delete takes it away
        await house.press(late, "Continue")
        await until(lambda: house.worker.queued() != [])
        assert house.worker.take().request.parent_id == job.id
        await house.press(late, "Delete")
        await until(lambda: late["id"] not in [message["id"] for message in house.messages()])
    assert "incident" not in house.log()


async def test_a_model_is_trained_from_discord_and_put_into_use(house: House) -> None:
    """What the local Discord refuses (a card too long, a field left empty) would leave an incident in the log."""
    async with house.bot():
        # Given a data set
        await house.manage("dataset", "add", SEED, name="waltzes")
        await until(lambda: house.worker.queued("library") != [])
        job = house.worker.take("library")
        summary = DataSetSummary(name="waltzes", licence="own-work", pieces=1, notes=9, minutes=1.0, size=99)
        job.answers(Batch(accepted=1, summary=summary, picture=job.keep(PICTURE, "x.png")))
        await until(lambda: "Added 1 piece." in json.dumps(house.messages()))
        # When it is trained on, past the token
        await house.manage("train", "start", data_set="waltzes")
        await until(lambda: house.worker.queued("train") != [])
        job = house.worker.take("train")
        curve = job.keep(PICTURE, "c.png")
        job.trains(0.2, epoch=1, val_nats=2.5, curve=curve)
        await until(lambda: "Stop" in json.dumps(house.messages()))
        house.discord.clock.advance(16 * 60)
        heard = Listening(title="Waltz", seed_s=8.0, before=job.keep(AUDIO, "a"), after=job.keep(AUDIO, "b"))
        job.is_trained(curve=curve, listening=(heard,))
        await until(lambda: "the training is over" in json.dumps(house.messages()))
        # Then the same message holds the verdict, with curve and recordings
        verdict = house.messages()[-2]
        assert "waltzes is trained" in verdict["embeds"][0]["title"]
        assert "curve.png" in verdict["embeds"][0]["image"]["url"]
        assert [file["filename"] for file in verdict["attachments"]] == ["1a-before.mp3", "1b-after.mp3"]
        # And its buttons work
        await house.press(verdict, "Promote", who="owner")
        await until(lambda: house.worker.queued("library") != [])
        house.worker.take("library").answers(Done(sentence="It is in use.", model="waltzes"))
        await until(lambda: "Roll back" in json.dumps(house.messages()))
    assert "incident" not in house.log()
