"""`/help`, `/models`, `/ping`, and the suggestions for `model`."""

from __future__ import annotations

from bot.features.compose.options import OPTIONS
from bot.features.help.command import ping_card
from jobs.contract import WorkerInfo
from tests.bot.harness import Harness, shown


async def test_help_names_every_command(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "help")
    assert result.ephemeral
    for words in (
        "/compose",
        "/continue",
        "/help",
        "/models",
        "/ping",
        "5 to 300 seconds",
        "1 to 200 bars",
        "up to 1.0 MiB",
        "**Continue**",
        "**Vary**",
        "**Star**",
        "Collect MIDI files with `/dataset`",
    ):
        assert words in shown(result.response.message)


async def test_help_says_of_every_option_what_discord_says_of_it(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "help")
    words = shown(result.response.message)
    for option in OPTIONS:
        assert f"`{option.name}`: {option.help}" in words


async def test_models_lists_what_live_workers_serve(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "models")
    words = shown(result.response.message)
    assert "piano 1 · default: Expressive piano" in words
    assert "Licence: CC BY" in words
    assert "band 2: Small band" in words
    assert "Seed modes: continue, vary, accompany\nOptions: key, density\nPlays in free time, without bars" in words
    assert "Options: style, key, tempo, meter, instruments\nStyles: Waltz, folk tune\nPlays to a beat" in words


async def test_models_without_a_worker_says_so(harness: Harness) -> None:
    harness.worker.leave()
    result = await harness.alice.slash(harness.channel, "models")
    assert "no worker is running" in result.response.content


async def test_ping_tells_of_discord_redis_workers_and_queue(harness: Harness) -> None:
    await harness.alice.slash(harness.channel, "compose")
    result = await harness.bob.slash(harness.channel, "ping")
    words = shown(result.response.message)
    assert result.ephemeral
    for part in (
        "Discord: ",
        "Redis: ",
        "Workers: 1 on cpu, composing 0 of 1 piece at a time; training: 1",
        "Queue: 1 open",
    ):
        assert part in words


def test_ping_counts_pieces_and_passes_on_what_a_worker_has_to_say() -> None:
    """Two workers of eight slots each, one of which found no GPU."""
    well = WorkerInfo(name="a", hostname="h", pid=1, started_at=1.0, device="gpu:0", slots=8, job_ids=("1", "2"))
    ill = WorkerInfo(name="b", hostname="h", pid=2, started_at=1.0, slots=8, remarks=("No GPU was found.",))
    fields = {field.name: field.value for field in ping_card(0.1, 0.001, [well, ill, ill], 2).fields}
    assert fields["Workers"] == "3 on cpu, gpu:0, composing 2 of 24 pieces at a time"
    assert fields["Note"] == "No GPU was found."


def test_ping_before_the_first_heartbeat_has_no_latency_to_show() -> None:
    assert ping_card(float("nan"), 0.001, [], 0).fields[0].value == "not measured yet"


async def test_the_model_option_suggests_live_models(harness: Harness) -> None:
    choices = await harness.alice.autocomplete(harness.channel, "compose", "model", "pia")
    assert [(choice["name"], choice["value"]) for choice in choices] == [("Expressive piano (piano)", "piano")]
    harness.worker.leave()
    assert await harness.alice.autocomplete(harness.channel, "compose", "model", "") == []
