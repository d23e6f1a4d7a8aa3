"""`/dataset`, and Add to data set in a message's menu."""

from __future__ import annotations

import discord
import pytest

from bot.features.datasets.add_form import NEW
from jobs.contract import (
    Batch,
    BlobRef,
    DataSetPage,
    DataSets,
    DataSetSummary,
    DeleteDataSet,
    Done,
    Files,
    ListedPiece,
    NeedsConfirmation,
)
from jobs.guild_state import NameCache
from tests.bot.harness import PICTURE, SEED, Harness, shown, told

ZIP = b"PK\x03\x04" + bytes(40)
WALTZES = DataSetSummary(
    name="waltzes", licence="The server's own.", pieces=12, notes=3456, minutes=75.0, size=34567,
    instruments=(("piano", 12), ("violin", 2)), keys=(("C major", 7),),
)  # fmt: skip


async def ask(harness: Harness, what: str, who: str = "ada", **options: object):
    return await getattr(harness, who).slash(harness.channel, f"dataset {what}", **options)


async def test_create_makes_a_data_set_and_only_the_admin_sees_the_answer(harness: Harness) -> None:
    result = await ask(harness, "create", name="Our Waltzes", licence="cc-by", note="by the band")
    request = await harness.answered(Done(sentence="The data set `our-waltzes` is there."))
    assert result.ephemeral
    assert (request.action.name, request.action.licence, request.action.note) == ("our-waltzes", "cc-by", "by the band")
    assert (request.guild_id, request.requester_id) == (harness.guild.id, harness.ada.id)
    assert told(result) == "The data set `our-waltzes` is there."
    assert await harness.bot.board.open_records() == []


@pytest.mark.parametrize("name", ["ä", "-waltz", "a/b"])
async def test_a_name_that_cannot_be_one_is_refused_with_what_can(harness: Harness, name) -> None:
    result = await ask(harness, "create", name=name, licence="own-work")
    assert "can't be a name. Names: up to 32 lowercase letters" in told(result)
    assert harness.worker.queued("library") == []


async def test_add_hands_files_and_archives_on_and_tells_what_became_of_each(harness: Harness) -> None:
    result = await ask(harness, "add", name="waltzes", file1=("a.mid", SEED), file3=("more.zip", ZIP))
    job = harness.worker.take("library")
    action = job.request.action
    assert [(file.name, harness.worker.blobs.get(file)) for file in action.files] == [
        ("a.mid", SEED),
        ("more.zip", ZIP),
    ]
    assert (action.name, action.source, action.create_as) == ("waltzes", "attachment", None)
    job.trains(0.5)
    await harness.settle()
    assert "Working" in shown(result.response.message)
    job.answers(
        Batch(
            accepted=11, refused=(("b_ad.mid", "It has no notes."),), refused_count=3, summary=WALTZES,
            duplicates=(("a.mid", "b.mid"),), picture=job.keep(PICTURE, "x.png"),
        )
    )  # fmt: skip
    await harness.settle()
    words = shown(result.response.message)
    for part in (
        "Added 11 pieces. Train a model with `/train start`.",
        "Refused: 3: b\\_ad.mid: It has no notes.\nand 2 more",
        "Already there: 1: a.mid: b.mid",
        "12 pieces · 3,456 notes · 1 h 15 min · 34 KiB",
        "piano 12, violin 2",
    ):
        assert part in words
    (picture,) = result.response.attachments
    assert picture.filename == "data-set.png"
    assert picture.description.startswith("The music of ")
    assert result.response.embeds[0].image.url


async def test_add_takes_another_data_set_in_place_of_files(harness: Harness) -> None:
    await ask(harness, "add", name="waltzes", **{"from": "starred"})
    assert harness.worker.take("library").request.action.from_set == "starred"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "There is nothing to add. Attach `.mid` or `.zip` files"),
        ({"file1": ("a.mp3", b"ID3")}, "“a.mp3”: It is neither a MIDI file nor a `.zip` of MIDI files."),
        ({"file1": ("a.mid", b"")}, "“a.mid”: The file is empty."),
        ({"file1": ("a.mid", b"RIFF")}, "“a.mid”: It isn't a real MIDI file."),
        ({"file1": ("a.zip", SEED)}, "“a.zip”: It isn't a real `.zip` archive."),
        ({"file1": ("a.zip", ZIP + bytes(16 * 2**20))}, "“a.zip”: It is too big: 16.0 MiB, and the limit is 16.0 MiB."),
    ],
)
async def test_what_can_go_into_no_data_set_is_refused_at_once(harness: Harness, options, words) -> None:
    result = await ask(harness, "add", name="waltzes", **options)
    assert words in told(result)
    assert harness.worker.queued("library") == []


async def test_list_and_show_tell_what_is_there(harness: Harness) -> None:
    result = await ask(harness, "list")
    await harness.answered(DataSets(sets=(WALTZES,)))
    assert "waltzes: 12 pieces" in shown(result.response.message)
    result = await ask(harness, "list")
    await harness.answered(DataSets(sets=()))
    assert "No data sets yet." in shown(result.response.message)
    result = await ask(harness, "show", name="waltzes", page=2)
    piece = ListedPiece(number=21, name="blue_danube.mid", digest="abcdef0123", notes=99, seconds=61.0)
    request = await harness.answered(DataSetPage(summary=WALTZES, pieces=(piece,), page=2, pages=3))
    assert request.action.page == 2
    words = shown(result.response.message)
    assert "`21` blue\\_danube.mid · 1:01 · 99 notes · `abcdef01`" in words
    assert "Page 2 of 3" in words


async def test_many_data_sets_are_shown_as_far_as_a_card_goes(harness: Harness) -> None:
    result = await ask(harness, "list")
    many = tuple(WALTZES.model_copy(update={"name": f"set-{n}", "licence": "x" * 900}) for n in range(40))
    await harness.answered(DataSets(sets=many))
    assert "Page 1 of 8; /dataset show opens one by its name" in shown(result.response.message)


async def test_remove_understands_numbers_ranges_and_names(harness: Harness) -> None:
    await ask(harness, "remove", name="waltzes", pieces="3, 7-9, blue danube.mid,")
    assert harness.worker.take("library").request.action.pieces == ("3", "7", "8", "9", "blue danube.mid")
    result = await ask(harness, "remove", name="waltzes", pieces=" , ")
    assert "Which pieces?" in told(result)
    result = await ask(harness, "remove", name="waltzes", pieces="1-5000")
    assert "remove 100 at a time at most" in told(result)


@pytest.mark.parametrize("is_restarted", [False, True])
async def test_delete_is_done_once_its_button_is_pressed(harness: Harness, is_restarted) -> None:
    # Given an admin who wants a data set deleted, which the worker asks about
    asked = await ask(harness, "delete", name="waltzes")
    assert asked.ephemeral
    request = await harness.answered(
        NeedsConfirmation(
            sentence="Delete it? This can't be undone.", action=DeleteDataSet(name="waltzes", confirmed=True)
        )
    )
    assert request.action == DeleteDataSet(name="waltzes")
    assert asked.response.content == "Delete it? This can't be undone."
    if is_restarted:
        await harness.restart()
    pressed = await harness.ada.click(asked.response.message, label="Delete for good")
    request = await harness.answered(Done(sentence="It is gone."))
    assert request.action == DeleteDataSet(name="waltzes", confirmed=True)
    assert told(pressed) == "It is gone."


async def test_export_gives_the_files_that_fit(harness: Harness) -> None:
    result = await ask(harness, "export", name="waltzes")
    job = harness.worker.take("library")
    large = BlobRef(digest="0" * 64, size=2**30, name="waltzes.zip.002")
    job.answers(Files(files=(job.keep(ZIP, "waltzes.zip"), large), sentences=("Twelve pieces.",)))
    await harness.settle()
    assert [file.filename for file in result.response.attachments] == ["waltzes.zip"]
    assert "Twelve pieces." in told(result)
    assert "“waltzes.zip.002” is too large for Discord here (1024.0 MiB" in told(result)


async def test_a_failed_errand_is_its_sentence(harness: Harness) -> None:
    result = await ask(harness, "show", name="waltzes")
    harness.worker.take("library").has_failed("There is no data set called “waltzes”. `/dataset list` shows all.")
    await harness.settle()
    assert told(result) == "There is no data set called “waltzes”. `/dataset list` shows all."


async def test_an_answer_that_outlives_the_token_comes_by_direct_message(harness: Harness) -> None:
    await ask(harness, "list")
    job = harness.worker.take("library")
    await harness.env.advance_time(16 * 60)
    job.answers(DataSets(sets=(WALTZES,)))
    await harness.settle()
    (message,) = harness.ada.user.dm_channel.history()
    assert "your command took longer than Discord keeps a reply open" in message.content
    assert "waltzes: 12 pieces" in shown(message)


async def test_without_a_worker_that_looks_after_data_sets_the_admin_is_told_so(harness: Harness) -> None:
    harness.worker.leave()
    result = await ask(harness, "list")
    assert "I can’t work on data sets and models right now: no worker is running." in told(result)


async def test_discord_shows_it_to_admins_only_and_the_bot_does_not_rely_on_that(harness: Harness) -> None:
    assert "dataset add" in harness.ada.available_commands(harness.channel)
    assert "dataset add" not in harness.bob.available_commands(harness.channel)
    # Given a server whose admins let Discord show it to a member who may not manage the server
    await harness.show_to_bob("dataset")
    # When they use it, then the bot refuses, to them alone
    for what, options in (("list", {}), ("delete", {"name": "waltzes"}), ("add", {"name": "waltzes"})):
        result = await ask(harness, what, who="bob", **options)
        assert result.ephemeral
        assert "You need the Manage Server permission" in told(result)
    assert harness.worker.queued("library") == []


async def test_names_of_data_sets_are_suggested_to_admins(harness: Harness, valkey) -> None:
    NameCache(valkey.client).tell(harness.guild.id, "data_sets", ["waltzes", "our-songs", "starred"])
    choices = await harness.ada.autocomplete(harness.channel, "dataset show", "name", "s")
    assert [choice["value"] for choice in choices] == ["starred", "our-songs", "waltzes"]
    await harness.show_to_bob("dataset")
    assert await harness.bob.autocomplete(harness.channel, "dataset show", "name", "") == []


MENU = "Add to data set"


@pytest.fixture
async def posted(harness: Harness) -> discord.Message:
    """A message with two files that may go into a data set, and one that may not."""
    files = [("a.mid", SEED), ("cover.png", PICTURE), ("more.zip", ZIP)]
    return await harness.bob.send(harness.channel, "listen", attachments=files)


async def test_the_menu_of_a_message_puts_its_files_into_a_data_set(harness: Harness, valkey, posted) -> None:
    NameCache(valkey.client).tell(harness.guild.id, "data_sets", ["waltzes"])
    form = await harness.ada.context_menu(harness.channel, MENU, posted)
    assert form.modal["title"] == MENU
    result = await harness.ada.submit_modal(form, {"set": ["waltzes"]})
    assert result.ephemeral
    action = harness.worker.take("library").request.action
    assert (action.name, action.source, action.create_as) == ("waltzes", "message", None)
    assert [file.name for file in action.files] == ["a.mid", "more.zip"]


async def test_the_menu_makes_a_new_data_set_where_there_is_none(harness: Harness, posted) -> None:
    form = await harness.ada.context_menu(harness.channel, MENU, posted)
    result = await harness.ada.submit_modal(form, {"set": [NEW], "name": "From Chat"})
    assert "A new data set needs a licence" in told(result)
    form = await harness.ada.context_menu(harness.channel, MENU, posted)
    await harness.ada.submit_modal(form, {"set": [NEW], "name": "From Chat", "licence": ["permission"]})
    action = harness.worker.take("library").request.action
    assert (action.name, action.create_as) == ("from-chat", "permission")


async def test_a_message_without_music_has_nothing_to_add(harness: Harness) -> None:
    message = await harness.bob.send(harness.channel, "just words")
    result = await harness.ada.context_menu(harness.channel, MENU, message)
    assert "This message has no MIDI file and no `.zip` attached." in told(result)


async def test_the_menu_is_for_admins(harness: Harness, posted) -> None:
    await harness.show_to_bob(MENU)
    result = await harness.bob.context_menu(harness.channel, MENU, posted)
    assert "You need the Manage Server permission" in told(result)


async def test_one_bad_file_among_several_costs_that_one_alone(harness: Harness) -> None:
    result = await ask(
        harness, "add", name="waltzes", file1=("a.mid", SEED), file2=("b.mid", b""), file3=("c.txt", b"x")
    )
    job = harness.worker.take("library")
    assert [file.name for file in job.request.action.files] == ["a.mid"]
    job.answers(Batch(accepted=1, summary=WALTZES))
    await harness.settle()
    words = shown(result.response.message)
    assert "Added 1 piece." in words
    assert "Refused: 2: b.mid: The file is empty.\nc.txt: It is neither a MIDI file" in words


async def test_an_empty_archive_is_said_to_be_empty(harness: Harness) -> None:
    result = await ask(harness, "add", name="waltzes", file1=("a.zip", b"PK\x05\x06" + bytes(18)))
    assert "“a.zip”: The archive is empty." in told(result)


async def test_an_export_in_parts_is_taken_back_as_the_message_says(harness: Harness) -> None:
    # Given the ten parts of an exported data set, as Discord hands them out
    parts = [(f"waltzes.zip.{n:03}", ZIP if n == 1 else b"more") for n in range(1, 11)]
    options = {f"file{n}": part for n, part in enumerate(reversed(parts), start=1)}
    # When all are attached to one command, in whatever order, then all go to the worker under their names
    await ask(harness, "add", name="waltzes", **options)
    files = harness.worker.take("library").request.action.files
    assert sorted(file.name for file in files) == [name for name, _ in parts]
    # When one is missing, then it is named
    del options["file3"]
    result = await ask(harness, "add", name="waltzes", **options)
    assert "Part 008 of “waltzes.zip” is missing." in told(result)


async def test_a_form_from_before_a_restart_gets_an_answer(harness: Harness, posted) -> None:
    form = await harness.ada.context_menu(harness.channel, MENU, posted)
    await harness.restart()
    result = await harness.ada.submit_modal(form, {"set": [NEW], "name": "late", "licence": ["cc0"]})
    assert "This form is out of date. Open it again." in told(result)
