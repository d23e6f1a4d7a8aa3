"""Every failure that a member can cause has one sentence that says what to do."""

from __future__ import annotations

import discord
import pytest

from jobs.contract import DENSITY_WORDS, ComposeRequest
from tests.bot.harness import MAX_SEED_BYTES, SEED, Harness, shown, told


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("song.mp3", b"ID3 not midi", "“song.mp3” isn't a MIDI file. Attach a `.mid` file"),
        ("song.mid", b"", "“song.mid” is empty. Attach a `.mid` file with some notes in it."),
        ("song.mid", SEED + bytes(MAX_SEED_BYTES), "is too big: 1.0 MiB, and the limit is 1.0 MiB."),
        ("song.zip", b"PK\x03\x04" + SEED, "“song.zip” isn't a MIDI file. Attach a `.mid` file"),
        ("song.mid", b"RIFFxxxxRMID", "isn't a real MIDI file. Export it again"),
    ],
)
async def test_a_file_that_cannot_be_a_seed_is_refused_at_once(harness: Harness, name, data, words) -> None:
    result = await harness.alice.slash(harness.channel, "compose", seed=(name, data))
    assert words in told(result)
    assert harness.worker.queued() == []


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("song.rmi", b"RIFF\xff\xff\x00\x00RMIDLIST\xa2\x00\x00\x00INFO" + b"x" * 300),
        ("song", b""),
        ("song.bin", b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 200),
    ],
)
async def test_a_seed_is_judged_by_its_bytes_and_not_by_its_name(harness: Harness, name: str, before: bytes) -> None:
    await harness.alice.slash(harness.channel, "compose", seed=(name, before + SEED))
    assert harness.worker.take().request.seed.size == len(before + SEED)


async def test_a_seed_that_discord_does_not_hand_over_is_asked_for_again(harness: Harness, monkeypatch) -> None:
    async def gone(*_: object, **__: object) -> bytes:
        raise _not_found()

    monkeypatch.setattr(discord.Attachment, "read", gone)
    result = await harness.alice.slash(harness.channel, "compose", seed=("song.mid", SEED))
    assert "Attach it again with a new `/compose`" in told(result)


def _not_found() -> discord.NotFound:
    class Response:
        status, reason = 404, "Not Found"

    return discord.NotFound(Response(), "asset not found")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"length": 4.0}, "`length` must be between 5 and 300 seconds."),
        ({"length": 301.0}, "`length` must be between 5 and 300 seconds."),
        ({"bars": 201}, "`bars` must be between 1 and 200."),
        ({"tempo": 19.0}, "`tempo` must be between 20 and 400 bpm."),
        ({"density": 6}, "`density` must be between 1 and 5."),
        ({"seed": ("a.mid", SEED), "mode": "vary", "strength": 1.5}, "`strength` must be between 0 and 1."),
        ({"top_k": 0}, "`top_k` must be between 1 and 1,000."),
        ({"top_p": 0.01}, "`top_p` must be between 0.05 and 1."),
        ({"min_p": 0.6}, "`min_p` must be between 0 and 0.5."),
        ({"temperature": 2.1}, "`temperature` must be between 0.1 and 2."),
        ({"random_seed": 2**32}, "`random_seed` must be between 0 and 4,294,967,295."),
        ({"random_seed": -1}, "`random_seed` must be between 0 and 4,294,967,295."),
    ],
)
async def test_a_value_out_of_range_is_refused_even_if_the_client_lets_it_pass(
    harness: Harness, options, words, monkeypatch
) -> None:
    # Given a client that does not keep to the limits of the options
    monkeypatch.setattr("simcord.interactions.validate_option_value", lambda command, option, value: value)
    # When it sends a value out of range, then the bot refuses
    result = await harness.alice.slash(harness.channel, "compose", **options)
    assert words in told(result)
    assert harness.worker.queued() == []


async def test_discord_is_told_the_limits_of_the_options(harness: Harness) -> None:
    (command,) = [found for found in harness.bot.tree.get_commands() if found.name == "compose"]
    options = {option["name"]: option for option in command.to_dict(harness.bot.tree)["options"]}
    assert list(options) == [
        "seed", "mode", "style", "key", "instruments", "creativity", "length", "bars", "tempo", "meter", "density",
        "strength", "include_seed", "count", "private", "model", "random_seed", "temperature", "top_k", "top_p",
        "min_p",
    ]  # fmt: skip
    assert [choice["value"] for choice in options["mode"]["choices"]] == ["continue", "vary", "accompany"]
    assert [choice["value"] for choice in options["creativity"]["choices"]] == ["calm", "balanced", "wild"]
    assert [choice["name"] for choice in options["density"]["choices"]] == list(DENSITY_WORDS)
    for name in ("model", "style", "key", "meter", "instruments"):
        assert options[name]["autocomplete"]
    assert (options["length"]["min_value"], options["length"]["max_value"]) == (5.0, 300.0)
    assert (options["temperature"]["min_value"], options["temperature"]["max_value"]) == (0.1, 2.0)
    assert (options["random_seed"]["min_value"], options["random_seed"]["max_value"]) == (0, 2**32 - 1)
    assert not any(option.get("required") for option in options.values())


async def test_an_unknown_model_is_answered_with_those_there_are(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "compose", model="Tuba *Quartet*")
    assert "There is no model called" in told(result)
    assert "band, piano" in told(result)


async def test_without_a_worker_the_member_is_told_so(harness: Harness) -> None:
    harness.worker.leave()
    result = await harness.alice.slash(harness.channel, "compose")
    assert "no worker is running. Try again in a minute" in told(result)


async def test_a_member_with_too_many_open_jobs_is_told_to_wait(harness: Harness) -> None:
    for _ in range(3):
        await harness.alice.slash(harness.channel, "compose")
    result = await harness.alice.slash(harness.channel, "compose")
    assert "You already have 3 pieces in progress." in told(result)
    await harness.bob.slash(harness.channel, "compose")
    await harness.settle()
    assert "You are number 2 in line." in shown(harness.message)


async def test_a_full_queue_is_said(harness: Harness, monkeypatch) -> None:
    monkeypatch.setattr(
        harness.bot.board._admission._records, "_settings", harness.settings.model_copy(update={"open_jobs_limit": 1})
    )
    await harness.alice.slash(harness.channel, "compose")
    result = await harness.bob.slash(harness.channel, "compose")
    assert "The queue is full" in told(result)


async def test_what_the_worker_finds_wrong_is_shown_as_it_says_it(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "compose", seed=("song.mid", SEED))
    harness.worker.take().has_failed("Your file has no notes. Attach one that sounds.")
    await harness.settle()
    # only the member sees it, and nothing is left in the channel
    assert told(result) == "Your file has no notes. Attach one that sounds."
    assert result.followups[-1].ephemeral
    assert harness.channel.history(viewer=harness.bob) == []
    assert await harness.bot.board.open_records() == []


async def test_a_failure_of_ours_carries_its_incident(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    harness.worker.take().has_failed("Something broke. Try again.", incident="abc123")
    await harness.settle()
    assert shown(harness.message) == "Something broke. Try again. (incident `abc123`)"


async def test_an_error_nobody_foresaw_gets_an_incident_id_and_is_logged_in_full(
    harness: Harness, monkeypatch, caplog
) -> None:
    async def broken(request: ComposeRequest, delivery: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(harness.bot.board, "submit", broken)
    result = await harness.alice.slash(harness.channel, "compose")
    incident = told(result).split("`")[1]
    assert len(incident) == 8
    assert f"incident {incident}" in caplog.text
    assert "ZeroDivisionError: a bug" in caplog.text
    harness.env.expected_errors = (ZeroDivisionError,)


async def test_where_the_bot_may_not_attach_files_it_says_so(harness: Harness) -> None:
    forbidden = discord.PermissionOverwrite(attach_files=False, embed_links=False)
    closed = harness.guild.create_text_channel("closed", overwrites={harness.guild.default_role: forbidden})
    result = await harness.alice.slash(closed, "compose")
    assert "I need the Attach Files and Embed Links permissions in this channel." in told(result)
    assert harness.worker.queued() == []


async def test_redis_away_is_a_sentence_not_a_traceback(harness: Harness, monkeypatch) -> None:
    import redis

    def silent(guild_id: int | None) -> None:
        raise redis.ConnectionError("refused")

    monkeypatch.setattr(harness.bot.board._registry, "models", silent)
    result = await harness.alice.slash(harness.channel, "compose")
    assert "I can’t reach the queue right now. Try again in a minute." in told(result)


async def test_an_interaction_that_was_acknowledged_before_is_carried_on_with(harness: Harness, caplog) -> None:
    """Discord says 40060 where the answer to an earlier try was lost, or a bot that just ended took the command."""
    # Given a first acknowledgement whose answer got lost
    taken = discord.InteractionResponse.defer

    async def lost(self, **options):
        await taken(self, **options)
        self._response_type = None
        raise discord.HTTPException(_Response(), {"code": 40060, "message": "already acknowledged"})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(discord.InteractionResponse, "defer", lost)
        await harness.alice.slash(harness.channel, "compose")
    # Then the command is done all the same, and nobody reads of an incident
    harness.worker.take().is_done()
    await harness.settle()
    assert len(harness.message.attachments) == 3
    assert "incident" not in caplog.text


class _Response:
    status, reason = 400, "Bad Request"


@pytest.mark.parametrize("option", ["style", "key", "meter", "instruments", "model"])
async def test_an_option_longer_than_the_contract_is_a_sentence_not_an_incident(
    harness: Harness, option, monkeypatch
) -> None:
    monkeypatch.setattr("simcord.interactions.validate_option_value", lambda command, option, value: value)
    result = await harness.alice.slash(harness.channel, "compose", **{option: "x" * 400})
    assert "incident" not in told(result)
    assert told(result).endswith(".")
    assert harness.worker.queued() == []


async def test_a_seed_with_a_very_long_name_is_taken_under_a_shorter_one(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose", seed=("n" * 250 + ".mid", SEED))
    name = harness.worker.take().request.seed.name
    assert len(name) == 200
    assert name.endswith(".mid")
