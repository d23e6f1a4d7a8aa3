"""`/model`, and which model composes where none is named."""

from __future__ import annotations

import pytest

from jobs.contract import (
    DeleteModel,
    Done,
    ExportModel,
    Files,
    ImportModel,
    ListModels,
    ModelInfo,
    Models,
    ModelVersion,
    ModelVersions,
    NeedsConfirmation,
    PromoteModel,
    RenameModel,
    RollBackModel,
    ShowModel,
)
from jobs.guild_state import NameCache
from tests.bot.harness import BAND, PIANO, VERSION, Harness, buttons, shown, told

ZIP = b"PK\x03\x04" + bytes(40)
OLD = ModelVersion(version="a" * 12, size=9 * 2**20, created_at=1_700_000_000.0, is_current=True, title="Vienna",
                   description="Plays *waltzes*.", data="waltzes, 12 pieces", licence="CC BY-NC", non_commercial=True,
                   figures={"val_nats": 2.18})  # fmt: skip
NEW = ModelVersion(version=VERSION, size=9 * 2**20)
VIENNA = ModelVersions(name="vienna", versions=(OLD, NEW))


async def ask(harness: Harness, what: str, who: str = "ada", **options: object):
    return await getattr(harness, who).slash(harness.channel, f"model {what}", **options)


async def test_list_and_info_are_for_everybody(harness: Harness) -> None:
    shared = ModelVersions(name="piano", is_shared=True, versions=(NEW,))
    result = await ask(harness, "list", who="bob")
    assert (await harness.answered(Models(models=(VIENNA, shared)))).action == ListModels()
    words = shown(result.response.message)
    assert result.ephemeral
    assert f"`{'a' * 12}` · <t:1700000000:R> · 9.0 MiB · **in use**\n`{VERSION}` · 9.0 MiB" in words
    assert "piano · comes with the bot" in words
    result = await ask(harness, "info", who="bob", name="vienna")
    assert (await harness.answered(Models(models=(VIENNA,), is_detailed=True))).action == ShowModel(name="vienna")
    words = shown(result.response.message)
    for part in ("**Vienna**\nPlays \\*waltzes\\*.", "waltzes, 12 pieces", "Not for commercial use", "2.18"):
        assert part in words


@pytest.mark.parametrize(
    ("what", "options", "action"),
    [
        ("promote", {"name": "vienna"}, PromoteModel(name="vienna")),
        ("promote", {"name": "vienna", "version": VERSION}, PromoteModel(name="vienna", version=VERSION)),
        ("rollback", {"name": "vienna"}, RollBackModel(name="vienna")),
        ("rename", {"name": "vienna", "new_name": "Wien"}, RenameModel(name="vienna", new_name="wien")),
        ("export", {"name": "vienna"}, ExportModel(name="vienna")),
    ],
)
async def test_what_admins_ask_is_what_the_worker_is_asked(harness: Harness, what, options, action) -> None:
    result = await ask(harness, what, **options)
    assert result.ephemeral
    assert (await harness.answered(Done(sentence="Done.", model="vienna"))).action == action
    assert told(result) == "Done."
    assert list(buttons(result.response.message)) == ["Roll back"]


async def test_the_rest_is_for_admins(harness: Harness) -> None:
    for what, options in (
        ("use", {}), ("promote", {"name": "a"}), ("rollback", {"name": "a"}), ("delete", {"name": "a"}),
        ("rename", {"name": "a", "new_name": "b"}), ("export", {"name": "a"}),
        ("import", {"name": "a", "file1": ("a.zip", ZIP)}),
    ):  # fmt: skip
        result = await ask(harness, what, who="bob", **options)
        assert result.ephemeral
        assert "You need the Manage Server permission" in told(result)
    assert harness.worker.queued("library") == []


@pytest.mark.parametrize("version", [None, VERSION])
async def test_delete_is_done_once_its_button_is_pressed(harness: Harness, version) -> None:
    asked = await ask(harness, "delete", name="vienna", **({"version": version} if version else {}))
    wanted = DeleteModel(name="vienna", version=version)
    sure = wanted.model_copy(update={"confirmed": True})
    request = await harness.answered(NeedsConfirmation(sentence="Delete it? This can't be undone.", action=sure))
    assert request.action == wanted
    assert asked.response.content == "Delete it? This can't be undone."
    await harness.restart()
    await harness.ada.click(asked.response.message, label="Delete for good")
    assert (await harness.answered(Done(sentence="It is gone."))).action == sure


async def test_what_is_no_version_is_refused(harness: Harness) -> None:
    result = await ask(harness, "promote", name="vienna", version="newest")
    assert "“newest” isn't a version." in told(result)


async def test_export_gives_its_parts_and_import_takes_them(harness: Harness) -> None:
    result = await ask(harness, "export", name="vienna")
    job = harness.worker.take("library")
    job.answers(Files(files=(job.keep(ZIP, "vienna.zip.001"), job.keep(b"rest", "vienna.zip.002"))))
    await harness.settle()
    parts = [(file.filename, await file.read()) for file in result.response.attachments]
    assert parts == [("vienna.zip.001", ZIP), ("vienna.zip.002", b"rest")]
    result = await ask(harness, "import", name="Wien", file1=parts[1], file2=parts[0])
    request = await harness.answered(Done(sentence="It is there, and not in use yet."))
    assert isinstance(request.action, ImportModel)
    assert request.action.name == "wien"
    assert [file.name for file in request.action.files] == ["vienna.zip.002", "vienna.zip.001"]


async def test_what_is_no_archive_is_refused(harness: Harness) -> None:
    result = await ask(harness, "import", name="wien", file1=("a.zip", b"nothing"))
    assert "No model in “a.zip”." in told(result)
    assert harness.worker.queued("library") == []


async def test_use_lets_a_model_compose_where_none_is_named(harness: Harness) -> None:
    # Given a server whose admins chose a model
    result = await ask(harness, "use", name="band")
    assert "`band` is now the default model here." in told(result)
    await harness.alice.slash(harness.channel, "compose")
    assert harness.worker.take().request.preferred == "band"
    # a model that is named goes before, and other servers and direct messages are not concerned
    await harness.alice.slash(harness.channel, "compose", model="piano")
    assert harness.worker.take().request.preferred is None
    await harness.env.create_user("dana").slash("compose")
    assert harness.worker.take().request.preferred is None
    # When they leave it to the bot again
    result = await ask(harness, "use")
    assert "I choose the model that fits best" in told(result)
    await harness.alice.slash(harness.channel, "compose")
    assert harness.worker.take().request.preferred is None
    # And what cannot compose here cannot be chosen
    result = await ask(harness, "use", name="tuba")
    assert "There is no model called “tuba”" in told(result)


@pytest.fixture
def own_models(harness: Harness, valkey) -> None:
    """A model of this server, one of another, and one of this server that is not in use yet."""
    own = ModelInfo(name="vienna", version="1", title="Vienna", guild_id=harness.guild.id)
    foreign = ModelInfo(name="theirs", version="1", title="Theirs", guild_id=1)
    harness.worker.info = harness.worker.info.model_copy(update={"models": (PIANO, BAND, own, foreign)})
    harness.worker.arrive()
    NameCache(valkey.client).tell(harness.guild.id, "models", ["vienna", "candidate"])


@pytest.mark.usefixtures("own_models")
async def test_a_servers_own_models_are_seen_there_only(harness: Harness) -> None:
    result = await harness.alice.slash(harness.channel, "models")
    words = shown(result.response.message)
    assert "vienna 1" in words
    assert "theirs" not in words
    choices = await harness.alice.autocomplete(harness.channel, "compose", "model", "")
    assert [choice["value"] for choice in choices] == ["piano", "band", "vienna"]
    await harness.alice.slash(harness.channel, "compose", model="vienna")
    assert harness.worker.take().request.model == "vienna"
    dana = harness.env.create_user("dana")
    result = await dana.slash("compose", model="vienna")
    assert "There is no model called “vienna”" in told(result)


@pytest.mark.usefixtures("own_models")
async def test_names_of_models_are_suggested(harness: Harness) -> None:
    async def values(what: str) -> list[str]:
        return [choice["value"] for choice in await harness.ada.autocomplete(harness.channel, what, "name", "")]

    assert await values("model promote") == ["candidate", "vienna"]
    assert await values("model info") == ["candidate", "vienna", "piano", "band"]
    assert await values("model use") == ["piano", "band", "vienna"]


async def test_a_model_that_comes_with_the_bot_is_not_asked_about(harness: Harness) -> None:
    result = await ask(harness, "delete", name="piano")
    assert "`piano` comes with the bot and can't be deleted." in told(result)
    assert harness.worker.queued("library") == []
