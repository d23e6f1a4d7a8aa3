"""`/train` from the command to its end: what is asked, the live message, who may stop it, what goes on from it."""

from __future__ import annotations

import discord
import pytest

from jobs.contract import ModelInfo, Stage
from jobs.schedules import NightlySchedule, ScheduleStore
from tests.bot.theatre import BAND, PIANO, PICTURE, VERSION, Theatre, buttons, shown, told


async def start(theatre: Theatre, **options: object):
    return await theatre.ada.slash(theatre.channel, "train start", **({"data_set": "waltzes"} | options))


async def test_start_asks_for_what_the_admin_wishes(theatre: Theatre) -> None:
    result = await start(theatre, name="Vienna", base="band", epochs=9, minutes=30, mix=0.25, rate="gentle")
    request = theatre.worker.take("train").request
    assert not result.ephemeral
    assert (request.data_set, request.name, request.base, request.preset) == ("waltzes", "vienna", "band", None)
    assert (request.epochs, request.minutes, request.mix, request.rate) == (9, 30.0, 0.25, "gentle")
    assert (request.guild_id, request.requester_id) == (theatre.guild.id, theatre.ada.id)
    assert (request.resumes, request.nightly) == (None, False)


async def test_start_chooses_name_and_base_where_none_is_given(theatre: Theatre) -> None:
    await start(theatre)
    request = theatre.worker.take("train").request
    assert (request.name, request.base, request.mix, request.rate) == ("waltzes", "piano", 0.5, "normal")
    # the model that composes here is the one to go on from
    await theatre.bot.board.prefer(theatre.guild.id, "band")
    await start(theatre)
    (newest, _) = await theatre.bot.board.trainings(theatre.guild.id)
    assert newest.request.base == "band"


async def test_start_from_scratch_has_a_preset_and_no_mix(theatre: Theatre) -> None:
    await start(theatre, preset="small")
    request = theatre.worker.take("train").request
    assert (request.base, request.preset, request.mix) == (None, "small", 0.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"base": "piano", "preset": "small"}, "Give either a `base` to start from or a `preset`"),
        ({"preset": "small", "mix": 0.5}, "`mix` is the share of the base's own music. From scratch there is none"),
        ({"base": "tuba"}, "There is no model called “tuba”. These can compose now: band, piano."),
        ({"name": "ü"}, "can't be a name"),
        ({"mix": 0.99}, "`mix` must be between 0 and 0.95."),
        ({"epochs": 201}, "`epochs` must be between 1 and 200."),
        ({"minutes": 0}, "`minutes` must be between 1 and 1,440."),
    ],
)
async def test_wishes_that_cannot_be_met_are_refused(theatre: Theatre, options, words, monkeypatch) -> None:
    monkeypatch.setattr("simcord.interactions.validate_option_value", lambda command, option, value: value)
    result = await start(theatre, **options)
    assert words in told(result)
    assert theatre.worker.queued("train") == []


async def test_without_a_worker_that_trains_the_admin_is_told_so(theatre: Theatre) -> None:
    theatre.worker.info = theatre.worker.info.model_copy(update={"does": ("compose", "library")})
    theatre.worker.arrive()
    result = await start(theatre)
    assert "Nobody is there to train just now" in told(result)


async def test_training_is_for_admins(theatre: Theatre) -> None:
    await theatre.show_to_bob("train")
    for what, options in (
        ("start", {"data_set": "waltzes"}), ("status", {}), ("stop", {}), ("resume", {}), ("list", {}),
        ("nightly", {"on": True}),
    ):  # fmt: skip
        result = await theatre.bob.slash(theatre.channel, f"train {what}", **options)
        assert result.ephemeral
        assert "You need the Manage Server permission" in told(result)
    assert theatre.worker.queued("train") == []
    assert await theatre.bob.autocomplete(theatre.channel, "train resume", "training", "") == []


async def test_the_live_message_tells_how_it_goes(theatre: Theatre) -> None:
    # Given a training in the queue
    await start(theatre, epochs=20)
    await theatre.settle()
    assert "waltzes: Waiting …" in shown(theatre.message)
    assert "It starts as soon as a worker is free." in shown(theatre.message)
    assert list(buttons(theatre.message)) == ["Stop"]
    # When a worker reads the music, then the stage is said
    job = theatre.worker.take("train")
    job.trains(0.02, Stage.PREPARING)
    await theatre.settle()
    assert "waltzes: Reading the music" in shown(theatre.message)
    assert theatre.message.attachments == []
    # When it trains, then there are figures and the curve
    curve = job.keep(PICTURE, "c.png")
    figures = {"epoch": 3, "epochs": 20, "best_epoch": 2, "remaining_s": 7800.0}
    figures |= {"train_nats": 2.2, "val_nats": 2.3456, "base_nats": 1.95, "curve": curve}
    job.trains(0.2, **figures)
    await theatre.settle()
    words = shown(theatre.message)
    for part in (
        "waltzes: Training", "20%", "Epoch: 3 of 20, best so far 2", "Time left: about 2 h 10 min",
        "Training pieces: 2.200", "Held-out pieces: 2.346", "Base model's own music: 1.950",
        "data set waltzes · based on piano, 50 % of its music mixed in · normal rate · 20 epochs max",
    ):  # fmt: skip
        assert part in words
    assert [await file.read() for file in theatre.message.attachments] == [PICTURE]
    assert len(theatre.channel.history()) == 1


async def test_the_curve_is_sent_again_only_when_it_has_changed(theatre: Theatre) -> None:
    await start(theatre)
    job = theatre.worker.take("train")
    first, second = job.keep(PICTURE, "c.png"), job.keep(PICTURE + b"2", "c.png")
    sent = []
    for step, curve in enumerate((first, first, second, second)):
        before = len(theatre.env.http_requests)
        job.trains(0.2 + step / 10, epoch=step, curve=curve)
        await theatre.settle()
        edits = [entry for entry in theatre.env.http_requests[before:] if entry.method == "PATCH"]
        sent.append(any("attachments" in (entry.json or {}) for entry in edits))
        assert len(theatre.message.attachments) == 1
        assert theatre.message.embeds[0].image.url
    assert sent == [True, False, True, False]


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_stop_is_for_admins_and_whoever_began_it(theatre: Theatre, is_restarted) -> None:
    await start(theatre)
    job = theatre.worker.take("train")
    job.trains(0.3)
    await theatre.settle()
    if is_restarted:
        await theatre.restart()
    message = theatre.channel.history()[0]
    result = await theatre.bob.click(message, label="Stop")
    assert "You need the Manage Server permission" in told(result)
    assert not job.is_cancel_asked
    await theatre.ada.click(message, label="Stop")
    assert job.is_cancel_asked
    job.is_trained(stopped=True)
    await theatre.settle()
    assert "Stopped early: this is the best version so far." in shown(theatre.channel.history()[0])


async def test_a_training_that_waited_is_called_off_at_once(theatre: Theatre) -> None:
    await start(theatre)
    await theatre.settle()
    result = await theatre.ada.slash(theatre.channel, "train stop")
    await theatre.settle()
    assert told(result) == "The training was still waiting and is cancelled."
    assert "Stopped before anything was learned." in shown(theatre.channel.history()[0])
    result = await theatre.ada.slash(theatre.channel, "train stop")
    assert "No training is running." in told(result)


async def test_status_and_stop_mean_the_training_at_work(theatre: Theatre) -> None:
    result = await theatre.ada.slash(theatre.channel, "train status")
    assert "No training is running." in shown(result.response.message)
    await start(theatre)
    job = theatre.worker.take("train")
    job.trains(0.25, epoch=2, val_nats=2.5)
    await start(theatre, name="other")
    await theatre.settle()
    assert "Number 2 in line; a server runs one training at a time." in shown(theatre.message)
    result = await theatre.ada.slash(theatre.channel, "train status")
    words = shown(result.response.message)
    assert "waltzes: Training …" in words
    assert "25%\nEpoch: 2\nHeld-out pieces: 2.500\nhttps://discord.com/channels/" in words
    assert "other on waltzes: Waiting …\nNumber 2 in line" in words
    result = await theatre.ada.slash(theatre.channel, "train stop")
    assert "Stopping the training." in told(result)
    assert job.is_cancel_asked


@pytest.mark.parametrize("way", ["button", "command"])
async def test_train_on_goes_on_from_the_first_ones_checkpoint_with_its_settings(theatre: Theatre, way) -> None:
    # Given a training that is over, and one that went on from it
    await start(theatre, name="vienna", base="band", epochs=9, mix=0.25, rate="gentle")
    first = theatre.worker.take("train")
    first.is_trained()
    await theatre.settle()
    await theatre.ada.click(theatre.message, label="Train on")
    second = theatre.worker.take("train")
    second.is_trained()
    await theatre.settle()
    # When an admin has that one go on
    if way == "button":
        await theatre.restart()
        await theatre.ada.click(theatre.message, label="Train on")
        epochs = 9
    else:
        await theatre.ada.slash(theatre.channel, "train resume", epochs=4)
        epochs = 4
    # Then the third has the settings of the first, and its folder
    request = theatre.worker.take("train").request
    new = {"job_id", "resumes", "epochs"}
    assert request.model_dump(exclude=new) == first.request.model_dump(exclude=new)
    assert (request.resumes, request.epochs) == (first.id, epochs)
    await theatre.settle()
    assert "continues an earlier training" in shown(theatre.message)


async def test_train_on_is_for_admins_and_needs_the_record(theatre: Theatre, valkey) -> None:
    await start(theatre)
    theatre.worker.take("train").is_trained()
    await theatre.settle()
    message = theatre.message
    result = await theatre.bob.click(message, label="Train on")
    assert "You need the Manage Server permission" in told(result)
    valkey.client.flushall()
    theatre.worker.arrive()
    result = await theatre.ada.click(message, label="Train on")
    assert "That training is no longer kept." in told(result)
    result = await theatre.ada.slash(theatre.channel, "train resume")
    assert "There is no finished training to continue." in told(result)


async def test_list_tells_what_came_of_each(theatre: Theatre) -> None:
    result = await theatre.ada.slash(theatre.channel, "train list")
    assert "No trainings yet." in shown(result.response.message)
    await start(theatre)
    theatre.worker.take("train").is_trained(stopped=True)
    await theatre.settle()
    await start(theatre, name="other")
    theatre.worker.take("train").has_failed("The data set is empty. Add pieces first.")
    await theatre.settle()
    result = await theatre.ada.slash(theatre.channel, "train list")
    words = shown(result.response.message)
    assert f"stopped early, 9.5 % lower error on held-out pieces, version `{VERSION}`" in words
    assert "failed: The data set is empty. Add pieces first." in words
    choices = await theatre.ada.autocomplete(theatre.channel, "train resume", "training", "other")
    assert ["other on waltzes" in choice["name"] for choice in choices] == [True]
    assert await theatre.ada.autocomplete(theatre.channel, "train stop", "training", "") == []


async def test_bases_that_are_suggested_are_those_of_the_server(theatre: Theatre) -> None:
    own = ModelInfo(name="ours", version="1", title="Ours", guild_id=theatre.guild.id)
    foreign = ModelInfo(name="theirs", version="1", title="Theirs", guild_id=1)
    models = (PIANO, BAND, own, foreign)
    theatre.worker.info = theatre.worker.info.model_copy(update={"models": models})
    theatre.worker.arrive()
    choices = await theatre.ada.autocomplete(theatre.channel, "train start", "base", "")
    assert [choice["value"] for choice in choices] == ["piano", "band", "ours"]


async def test_nightly_keeps_what_the_server_wishes(theatre: Theatre, valkey) -> None:
    store = ScheduleStore(valkey.client)
    result = await theatre.ada.slash(theatre.channel, "train nightly", on=True)
    assert "Nightly training is on: when `starred` has new pieces" in told(result)
    wish = NightlySchedule(enabled=True, channel_id=theatre.channel.id, user_id=theatre.ada.id)
    assert store.get(theatre.guild.id) == wish
    other = theatre.guild.create_text_channel("night")
    options = {"channel": other, "data_set": "waltzes", "base": "band"}
    await theatre.ada.slash(theatre.channel, "train nightly", on=True, **options)
    store.mark_run(theatre.guild.id, 1_700_000_000.0)
    result = await theatre.ada.slash(theatre.channel, "train status")
    assert "Nightly training: Nightly training is on: when `waltzes`" in shown(result.response.message)
    assert "Last run: <t:1700000000:R>." in shown(result.response.message)
    # what is not given stays as it was, also when it is switched off and on again
    for on in (False, True):
        result = await theatre.ada.slash(theatre.channel, "train nightly", on=on)
        found = store.get(theatre.guild.id)
        assert (found.enabled, found.channel_id, found.data_set, found.base) == (on, other.id, "waltzes", "band")
        assert ("Nightly training is off." in told(result)) is not on


async def test_nightly_needs_a_channel_to_show_itself_and_a_base(theatre: Theatre, valkey) -> None:
    forbidden = discord.PermissionOverwrite(send_messages=False)
    closed = theatre.guild.create_text_channel("closed", overwrites={theatre.guild.default_role: forbidden})
    result = await theatre.ada.slash(theatre.channel, "train nightly", on=True, channel=closed)
    assert f"permissions in <#{closed.id}>." in told(result)
    result = await theatre.ada.slash(closed, "train nightly", on=True)
    assert "permission in this channel." in told(result)
    result = await theatre.ada.slash(theatre.channel, "train nightly", on=True, base="tuba")
    assert "There is no model called “tuba”" in told(result)
    assert ScheduleStore(valkey.client).get(theatre.guild.id) is None
