"""`/train` from the command to its end: what is asked, the live message, who may stop it, what goes on from it."""

from __future__ import annotations

import discord
import pytest

from jobs.contract import ModelInfo, Stage
from jobs.guild_state import NightlySchedule, ScheduleStore
from tests.bot.harness import BAND, PIANO, PICTURE, VERSION, Harness, buttons, shown, told


async def start(harness: Harness, **options: object):
    return await harness.ada.slash(harness.channel, "train start", **({"data_set": "waltzes"} | options))


async def test_start_asks_for_what_the_admin_wishes(harness: Harness) -> None:
    result = await start(harness, name="Vienna", base="band", epochs=9, minutes=30, mix=0.25, rate="gentle")
    request = harness.worker.take("train").request
    assert not result.ephemeral
    assert (request.data_set, request.name, request.base, request.preset) == ("waltzes", "vienna", "band", None)
    assert (request.epochs, request.minutes, request.mix, request.rate) == (9, 30.0, 0.25, "gentle")
    assert (request.guild_id, request.requester_id) == (harness.guild.id, harness.ada.id)
    assert (request.resumes, request.nightly) == (None, False)


async def test_start_chooses_name_and_base_where_none_is_given(harness: Harness) -> None:
    await start(harness)
    request = harness.worker.take("train").request
    assert (request.name, request.base, request.mix, request.rate) == ("waltzes", "piano", 0.5, "normal")
    # the model that composes here is the one to go on from
    await harness.bot.board.prefer(harness.guild.id, "band")
    await start(harness)
    (newest, _) = await harness.bot.board.trainings(harness.guild.id)
    assert newest.request.base == "band"


@pytest.mark.parametrize("preset", ["small", "classic", "gru", "conv", "transformer"])
async def test_start_from_scratch_has_a_preset_and_no_mix(harness: Harness, preset) -> None:
    await start(harness, preset=preset)
    request = harness.worker.take("train").request
    assert (request.base, request.preset, request.mix) == (None, preset, 0.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"base": "piano", "preset": "small"}, "Give either a `base` to start from or a `preset`"),
        ({"preset": "small", "mix": 0.5}, "`mix` is the share of the base's own music. From scratch there is none"),
        ({"base": "tuba"}, "There is no model called “tuba”. Available models: band, piano."),
        ({"name": "ü"}, "can't be a name"),
        ({"mix": 0.99}, "`mix` must be between 0 and 0.95."),
        ({"epochs": 201}, "`epochs` must be between 1 and 200."),
        ({"minutes": 0}, "`minutes` must be between 1 and 1,440."),
    ],
)
async def test_wishes_that_cannot_be_met_are_refused(harness: Harness, options, words, monkeypatch) -> None:
    monkeypatch.setattr("simcord.interactions.validate_option_value", lambda command, option, value: value)
    result = await start(harness, **options)
    assert words in told(result)
    assert harness.worker.queued("train") == []


async def test_without_a_worker_that_trains_the_admin_is_told_so(harness: Harness) -> None:
    harness.worker.info = harness.worker.info.model_copy(update={"does": ("compose", "library")})
    harness.worker.arrive()
    result = await start(harness)
    assert "I can’t train right now: no worker is running." in told(result)


async def test_training_is_for_admins(harness: Harness) -> None:
    await harness.show_to_bob("train")
    for what, options in (
        ("start", {"data_set": "waltzes"}), ("status", {}), ("stop", {}), ("resume", {}), ("list", {}),
        ("nightly", {"on": True}),
    ):  # fmt: skip
        result = await harness.bob.slash(harness.channel, f"train {what}", **options)
        assert result.ephemeral
        assert "You need the Manage Server permission" in told(result)
    assert harness.worker.queued("train") == []
    assert await harness.bob.autocomplete(harness.channel, "train resume", "training", "") == []


async def test_the_live_message_tells_how_it_goes(harness: Harness) -> None:
    # Given a training in the queue
    await start(harness, epochs=20)
    await harness.settle()
    assert "waltzes: Waiting …" in shown(harness.message)
    assert "It starts as soon as a worker is free." in shown(harness.message)
    assert list(buttons(harness.message)) == ["Stop"]
    # When a worker reads the music, then the stage is said
    job = harness.worker.take("train")
    job.trains(0.02, Stage.PREPARING)
    await harness.settle()
    assert "waltzes: Reading the music" in shown(harness.message)
    assert harness.message.attachments == []
    # When it trains, then there are figures and the curve
    curve = job.keep(PICTURE, "c.png")
    figures = {"epoch": 3, "epochs": 20, "best_epoch": 2, "remaining_s": 7800.0}
    figures |= {"train_nats": 2.2, "val_nats": 2.3456, "base_nats": 1.95, "curve": curve}
    job.trains(0.2, **figures)
    await harness.settle()
    words = shown(harness.message)
    for part in (
        "waltzes: Training", "20%", "Epoch: 3 of 20, best so far 2", "Time left: about 2 h 10 min",
        "Training pieces: 2.200", "Held-out pieces: 2.346", "Base model's own music: 1.950",
        "data set waltzes · based on piano, 50 % of its music mixed in · normal rate · 20 epochs max",
    ):  # fmt: skip
        assert part in words
    assert [await file.read() for file in harness.message.attachments] == [PICTURE]
    assert len(harness.channel.history()) == 1


async def test_the_curve_is_sent_again_only_when_it_has_changed(harness: Harness) -> None:
    await start(harness)
    job = harness.worker.take("train")
    first, second = job.keep(PICTURE, "c.png"), job.keep(PICTURE + b"2", "c.png")
    sent = []
    for step, curve in enumerate((first, first, second, second)):
        before = len(harness.env.http_requests)
        job.trains(0.2 + step / 10, epoch=step, curve=curve)
        await harness.settle()
        edits = [entry for entry in harness.env.http_requests[before:] if entry.method == "PATCH"]
        sent.append(any("attachments" in (entry.json or {}) for entry in edits))
        assert len(harness.message.attachments) == 1
        assert harness.message.embeds[0].image.url
    assert sent == [True, False, True, False]


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_stop_is_for_admins_and_whoever_began_it(harness: Harness, is_restarted) -> None:
    await start(harness)
    job = harness.worker.take("train")
    job.trains(0.3)
    await harness.settle()
    if is_restarted:
        await harness.restart()
    message = harness.channel.history()[0]
    result = await harness.bob.click(message, label="Stop")
    assert "You need the Manage Server permission" in told(result)
    assert not job.is_cancel_asked
    await harness.ada.click(message, label="Stop")
    assert job.is_cancel_asked
    job.is_trained(stopped=True)
    await harness.settle()
    assert "Stopped early: this is the best version so far." in shown(harness.channel.history()[0])


async def test_a_training_that_waited_is_called_off_at_once(harness: Harness) -> None:
    await start(harness)
    await harness.settle()
    result = await harness.ada.slash(harness.channel, "train stop")
    await harness.settle()
    assert told(result) == "The training was still waiting and is cancelled."
    assert "Stopped before anything was learned." in shown(harness.channel.history()[0])
    result = await harness.ada.slash(harness.channel, "train stop")
    assert "No training is running." in told(result)


async def test_status_and_stop_mean_the_training_at_work(harness: Harness) -> None:
    result = await harness.ada.slash(harness.channel, "train status")
    assert "No training is running." in shown(result.response.message)
    await start(harness)
    job = harness.worker.take("train")
    job.trains(0.25, epoch=2, val_nats=2.5)
    await start(harness, name="other")
    await harness.settle()
    assert "Number 2 in line; a server runs one training at a time." in shown(harness.message)
    result = await harness.ada.slash(harness.channel, "train status")
    words = shown(result.response.message)
    assert "waltzes: Training …" in words
    assert "25%\nEpoch: 2\nHeld-out pieces: 2.500\nhttps://discord.com/channels/" in words
    assert "other on waltzes: Waiting …\nNumber 2 in line" in words
    result = await harness.ada.slash(harness.channel, "train stop")
    assert "Stopping the training." in told(result)
    assert job.is_cancel_asked


@pytest.mark.parametrize("way", ["button", "command"])
async def test_train_on_goes_on_from_the_first_ones_checkpoint_with_its_settings(harness: Harness, way) -> None:
    # Given a training that is over, and one that went on from it
    await start(harness, name="vienna", base="band", epochs=9, mix=0.25, rate="gentle")
    first = harness.worker.take("train")
    first.is_trained()
    await harness.settle()
    await harness.ada.click(harness.message, label="Train on")
    second = harness.worker.take("train")
    second.is_trained()
    await harness.settle()
    # When an admin has that one go on
    if way == "button":
        await harness.restart()
        await harness.ada.click(harness.message, label="Train on")
        epochs = 9
    else:
        await harness.ada.slash(harness.channel, "train resume", epochs=4)
        epochs = 4
    # Then the third has the settings of the first, and its folder
    request = harness.worker.take("train").request
    new = {"job_id", "resumes", "epochs"}
    assert request.model_dump(exclude=new) == first.request.model_dump(exclude=new)
    assert (request.resumes, request.epochs) == (first.id, epochs)
    await harness.settle()
    assert "continues an earlier training" in shown(harness.message)


async def test_train_on_is_for_admins_and_needs_the_record(harness: Harness, valkey) -> None:
    await start(harness)
    harness.worker.take("train").is_trained()
    await harness.settle()
    message = harness.message
    result = await harness.bob.click(message, label="Train on")
    assert "You need the Manage Server permission" in told(result)
    valkey.client.flushall()
    harness.worker.arrive()
    result = await harness.ada.click(message, label="Train on")
    assert "That training is no longer kept." in told(result)
    result = await harness.ada.slash(harness.channel, "train resume")
    assert "There is no finished training to continue." in told(result)


async def test_list_tells_what_came_of_each(harness: Harness) -> None:
    result = await harness.ada.slash(harness.channel, "train list")
    assert "No trainings yet." in shown(result.response.message)
    await start(harness)
    harness.worker.take("train").is_trained(stopped=True)
    await harness.settle()
    await start(harness, name="other")
    harness.worker.take("train").has_failed("The data set is empty. Add pieces first.")
    await harness.settle()
    result = await harness.ada.slash(harness.channel, "train list")
    words = shown(result.response.message)
    assert f"stopped early, 9.5 % lower error on held-out pieces, version `{VERSION}`" in words
    assert "failed: The data set is empty. Add pieces first." in words
    choices = await harness.ada.autocomplete(harness.channel, "train resume", "training", "other")
    assert ["other on waltzes" in choice["name"] for choice in choices] == [True]
    assert await harness.ada.autocomplete(harness.channel, "train stop", "training", "") == []


async def test_bases_that_are_suggested_are_those_of_the_server(harness: Harness) -> None:
    own = ModelInfo(name="ours", version="1", title="Ours", guild_id=harness.guild.id)
    foreign = ModelInfo(name="theirs", version="1", title="Theirs", guild_id=1)
    models = (PIANO, BAND, own, foreign)
    harness.worker.info = harness.worker.info.model_copy(update={"models": models})
    harness.worker.arrive()
    choices = await harness.ada.autocomplete(harness.channel, "train start", "base", "")
    assert [choice["value"] for choice in choices] == ["piano", "band", "ours"]


async def test_nightly_keeps_what_the_server_wishes(harness: Harness, valkey) -> None:
    store = ScheduleStore(valkey.client)
    result = await harness.ada.slash(harness.channel, "train nightly", on=True)
    assert "Nightly training is on: when `starred` has new pieces" in told(result)
    wish = NightlySchedule(enabled=True, channel_id=harness.channel.id, user_id=harness.ada.id)
    assert store.get(harness.guild.id) == wish
    other = harness.guild.create_text_channel("night")
    options = {"channel": other, "data_set": "waltzes", "base": "band"}
    await harness.ada.slash(harness.channel, "train nightly", on=True, **options)
    store.mark_run(harness.guild.id, 1_700_000_000.0)
    result = await harness.ada.slash(harness.channel, "train status")
    assert "Nightly training: Nightly training is on: when `waltzes`" in shown(result.response.message)
    assert "Last run: <t:1700000000:R>." in shown(result.response.message)
    # what is not given stays as it was, also when it is switched off and on again
    for on in (False, True):
        result = await harness.ada.slash(harness.channel, "train nightly", on=on)
        found = store.get(harness.guild.id)
        assert (found.enabled, found.channel_id, found.data_set, found.base) == (on, other.id, "waltzes", "band")
        assert ("Nightly training is off." in told(result)) is not on


async def test_nightly_needs_a_channel_to_show_itself_and_a_base(harness: Harness, valkey) -> None:
    forbidden = discord.PermissionOverwrite(send_messages=False)
    closed = harness.guild.create_text_channel("closed", overwrites={harness.guild.default_role: forbidden})
    result = await harness.ada.slash(harness.channel, "train nightly", on=True, channel=closed)
    assert f"permissions in <#{closed.id}>." in told(result)
    result = await harness.ada.slash(closed, "train nightly", on=True)
    assert "permission in this channel." in told(result)
    result = await harness.ada.slash(harness.channel, "train nightly", on=True, base="tuba")
    assert "There is no model called “tuba”" in told(result)
    assert ScheduleStore(valkey.client).get(harness.guild.id) is None
