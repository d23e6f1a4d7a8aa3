"""`/privacy` and `/forget-me`; what is then left in Redis and in the file store."""

from __future__ import annotations

from pathlib import Path

from bot.features.privacy.retention import privacy_card
from bot.wording import period_words
from jobs import JobSettings
from jobs.contract import Done, ForgetMember
from tests.bot.harness import SEED, Harness, buttons, shown, told


async def test_privacy_tells_the_periods_that_are_in_force(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "privacy")
    assert result.ephemeral
    words = shown(result.response.message)
    assert "Deleted 14 days after the piece is finished" in words
    assert "/forget-me" in words


def test_another_setting_is_another_sentence() -> None:
    settings = JobSettings(redis_url="redis://localhost:1/0", record_ttl_s=3 * 86400, blob_ttl_s=7200)
    words = "\n".join(field.value for field in privacy_card(settings).fields)
    assert "Deleted 3 days after the piece is finished" in words
    assert "2 hours after they were last used" in words


def test_periods_are_said_as_people_say_them() -> None:
    said = [period_words(seconds) for seconds in (86400, 14 * 86400, 3600, 90, 60, 200_000, 10_000)]
    assert said == ["1 day", "14 days", "1 hour", "90 seconds", "1 minute", "about 2 days", "about 3 hours"]


def test_the_policy_names_every_thing_that_is_kept() -> None:
    policy = (Path(__file__).parents[2] / "PRIVACY.md").read_text()
    for part in ("/forget-me", "CADENZA_JOBS_RECORD_TTL_S", "CADENZA_JOBS_BLOB_TTL_S", "data set", "Discord id"):
        assert part in policy


async def confirmed(harness: Harness, who: str = "alice"):
    actor = getattr(harness, who)
    question = await actor.slash(harness.channel, "forget-me")
    assert question.ephemeral
    assert "This can't be undone." in told(question)
    return await actor.click(question.response.message, label="Delete everything")


async def test_forget_me_asks_first_and_says_what_was_deleted(harness: Harness, valkey) -> None:
    result = await confirmed(harness)
    request = await harness.answered(Done(sentence="Deleted: 2 pieces."))
    assert (request.action, request.requester_id) == (ForgetMember(), harness.alice.id)
    assert told(result) == "Deleted: 2 pieces."
    # And not even that request is kept
    assert str(harness.alice.id).encode() not in everything(valkey)


def everything(valkey) -> bytes:
    """All that Redis holds, keys and values."""
    found = []
    for key in valkey.client.scan_iter():
        kind = valkey.client.type(key)
        found.append(key)
        match kind:
            case b"hash":
                found += [part for pair in valkey.client.hgetall(key).items() for part in pair]
            case b"string":
                found.append(valkey.client.get(key))
            case b"set":
                found += list(valkey.client.smembers(key))
            case b"zset":
                found += valkey.client.zrange(key, 0, -1)
            case b"list":
                found += valkey.client.lrange(key, 0, -1)
            case b"stream":
                found += [value for _, entry in valkey.client.xrange(key) for value in entry.values()]
    return b"\n".join(found)


async def test_without_a_press_nothing_is_deleted(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "forget-me")
    assert harness.worker.queued("library") == []


async def test_it_works_in_a_direct_message(harness: Harness) -> None:
    dana = harness.env.create_user("dana")
    question = await dana.slash("forget-me")
    result = await dana.click(question.response.message, label="Delete everything")
    assert (await harness.answered(Done(sentence="Deleted: 1 piece."))).guild_id is None
    assert told(result) == "Deleted: 1 piece."


async def test_while_something_is_in_progress_it_is_refused(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", seed=("may.mid", SEED))
    result = await confirmed(harness)
    assert "You still have 1 request in progress" in told(result)
    assert harness.worker.queued("library") == []
    # Another member is not held up by that
    await confirmed(harness, "bob")
    assert len(harness.worker.queued("library")) == 1


async def test_the_question_is_for_whoever_asked_it(harness: Harness) -> None:
    question = await harness.alice.slash(harness.channel, "forget-me")
    assert buttons(question.response.message)["Delete everything"] == f"cadenza-admin:forget_me:{harness.alice.id}"
