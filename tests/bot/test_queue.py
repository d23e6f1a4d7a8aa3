"""`/queue mine` and `/queue server`."""

from __future__ import annotations

from bot.features.queue.cards import seconds_words
from jobs.estimates import WaitEstimator
from tests.bot.harness import SEED, Harness, told


async def look(harness: Harness, what: str, who: str = "alice") -> str:
    result = await getattr(harness, who).slash(harness.channel, f"queue {what}")
    assert result.ephemeral
    return told(result)


async def test_mine_shows_what_waits_with_an_estimate_and_what_runs(harness: Harness, valkey, job_settings) -> None:
    # Given a piece of alice that runs, one that waits behind it, and one of bob
    await harness.alice.slash(harness.channel, "compose", seed=("may.mid", SEED))
    harness.worker.take().is_at(0.4)
    await harness.alice.slash(harness.channel, "compose")
    await harness.bob.slash(harness.channel, "compose")
    await harness.settle()
    WaitEstimator(valkey.client, job_settings).note("compose", 20.0)
    # When she looks
    words = await look(harness, "mine")
    # Then hers are there
    assert "A continuation of may.mid: 40% done" in words
    assert "A new piece: number 1 in the queue, ready in about" in words
    assert f"https://discord.com/channels/{harness.guild.id}/{harness.channel.id}/" in words
    assert f"<@{harness.bob.id}>" not in words


async def test_nothing_in_progress_says_so(harness: Harness) -> None:
    assert "Nothing of yours is waiting or running." in await look(harness, "mine")
    assert "Nothing is waiting or running here." in await look(harness, "server")


async def test_server_shows_what_everybody_may_see_and_counts_the_rest(harness: Harness, valkey, job_settings) -> None:
    WaitEstimator(valkey.client, job_settings).note("compose", 30.0)
    await harness.alice.slash(harness.channel, "compose")
    await harness.bob.slash(harness.channel, "compose", private=True)
    words = await look(harness, "server")
    assert f"<@{harness.alice.id}>" in words
    assert f"<@{harness.bob.id}>" not in words
    assert "1 request more in private." in words
    assert "A new piece would be ready in about" in words


async def test_without_a_worker_the_server_is_told(harness: Harness) -> None:
    harness.worker.leave()
    assert "No worker is running" in await look(harness, "server")


async def test_the_servers_queue_is_not_for_direct_messages(harness: Harness) -> None:
    dana = harness.env.create_user("dana")
    assert "to a server, and this is a direct message" in told(await dana.slash("queue server"))
    assert "Nothing of yours" in told(await dana.slash("queue mine"))


def test_estimates_are_said_without_false_precision() -> None:
    assert [seconds_words(seconds) for seconds in (0.2, 7, 43, 100, 3600 * 2)] == [
        "about 5 seconds", "about 5 seconds", "about 45 seconds", "about 2 minutes", "about 2 h 00 min",
    ]  # fmt: skip
