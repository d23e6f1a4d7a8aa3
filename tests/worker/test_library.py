"""Errands with data sets and models: a real worker, a real store, files of strangers."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from jobs.contract import (
    AddToDataSet,
    CreateDataSet,
    DeleteDataSet,
    DeleteModel,
    Delivery,
    ExportDataSet,
    ExportModel,
    ImportModel,
    LibraryRequest,
    ListDataSets,
    ListModels,
    PromoteModel,
    RemoveFromDataSet,
    RemoveStar,
    RenameModel,
    RollBackModel,
    ShowDataSet,
    ShowModel,
    Stage,
)
from jobs.errors import LibraryFull
from jobs.pieces import PieceIndex
from jobs.settings import JobSettings
from model.bundles import BundleStore
from model.errors import BundleError
from model.midi import write_midi
from model.piece import NOTE, Piece, table
from tests.worker.processes import follow_to_the_end
from worker.library.server_library import ServerLibrary
from worker.settings import WorkerSettings

HERE, THERE = 21, 22
UPLOAD = 1 << 20


def midi(seed: int, notes: int = 40) -> bytes:
    rows = [(240 * i, 200, 48 + (7 * i + seed * i * i + seed) % 30, 80, 0) for i in range(notes)]
    return write_midi(Piece(notes=table(NOTE, rows)))


def zipped(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return memory.getvalue()


@pytest.fixture
def library(tmp_path, monkeypatch) -> Path:
    folder = tmp_path / "library"
    monkeypatch.setenv("CADENZA_LIBRARY", str(folder))
    monkeypatch.setenv("CADENZA_WORKER_DOES", "library")
    return folder


@pytest.fixture
def own_store(tiny_store, tmp_path, monkeypatch) -> str:
    """A store that the test may change."""
    folder = tmp_path / "store"
    shutil.copytree(tiny_store, folder)
    monkeypatch.setenv("CADENZA_STORE", str(folder))
    return str(folder)


@pytest.fixture
def do(library, own_store, start_worker, job_client) -> Callable:
    """Does one action for a server and gives the answer, or the failure."""
    start_worker("-m", "worker").wait_until_ready()
    count = iter(range(1000))

    async def do(action, guild_id: int | None = HERE, files: dict[str, bytes] | None = None):
        if files is not None:
            refs = [await job_client.put_blob(data, name) for name, data in files.items()]
            action = action.model_copy(update={"files": tuple(refs)})
        request = LibraryRequest(
            job_id=f"e{next(count)}", requester_id=5, guild_id=guild_id, channel_id=6, action=action
        )
        delivery = Delivery(application_id=1, channel_id=6, user_id=5, upload_limit_bytes=UPLOAD)
        await job_client.submit(request, delivery)
        last = (await follow_to_the_end(job_client, request.job_id))[-1]
        return last.result.answer if last.stage is Stage.DONE else last.failure

    return do


async def test_a_data_set_from_its_making_to_its_end(do, job_client, library):
    # Given a set
    made = await do(CreateDataSet(name="rags", licence="cc-by-nc", note="by Ann"))
    assert (made.summary.name, made.summary.non_commercial) == ("rags", True)
    # When files and an archive are added, some of them no music, one of them twice
    archive = zipped({"a/one.mid": midi(1), "b/two.mid": midi(2), "../evil.mid": midi(4), "bad.mid": b"MThd no"})
    batch = await do(AddToDataSet(name="rags"), files={"all.zip": archive, "three.mid": midi(3), "again.mid": midi(3)})
    # Then what can be used is in, and the rest is told with its reason
    assert (batch.accepted, batch.duplicate_count) == (3, 1)
    assert batch.refused_count == 2
    assert all(sentence.endswith(".") for _, sentence in batch.refused)
    assert (await job_client.get_blob(batch.picture)).startswith(b"\x89PNG")
    # And it can be listed, shown, and handed out
    assert [one.pieces for one in (await do(ListDataSets())).sets] == [3]
    page = await do(ShowDataSet(name="rags"))
    assert [piece.number for piece in page.pieces] == [1, 2, 3]
    exported = await do(ExportDataSet(name="rags"))
    assert len(zipfile.ZipFile(io.BytesIO(await job_client.get_blob(exported.files[0]))).namelist()) >= 4
    # And pieces are taken out by number
    left = await do(RemoveFromDataSet(name="rags", pieces=("2",)))
    assert (left.summary.pieces, len(left.sentences)) == (2, 1)
    # And another server sees nothing of it
    assert (await do(ListDataSets(), THERE)).sets == ()
    assert "no data set" in (await do(ShowDataSet(name="rags"), THERE)).sentence
    # And nothing lies beside the library
    assert not list(library.parent.rglob("evil*"))
    # And its name is suggested until it is deleted
    assert await job_client.names(HERE, "data_sets") == ["rags"]
    question = await do(DeleteDataSet(name="rags"))
    assert question.sentence == "Delete the data set `rags` and its 2 pieces? This can't be undone."
    assert "Deleted" in (await do(question.action)).sentence
    refused = await do(DeleteDataSet(name="rags"))  # one that is not there is not asked about
    assert "There is no data set" in refused.sentence
    assert await job_client.names(HERE, "data_sets") == []


async def test_a_starred_piece_makes_its_data_set(do):
    action = AddToDataSet(name="starred", source="starred", create_as="composed")
    for seed in (1, 2):
        batch = await do(action, files={f"{seed}.mid": midi(seed)})
    assert batch.summary.pieces == 2
    assert "Cadenza" in batch.summary.licence


async def test_what_cannot_be_done_is_a_sentence(do):
    for action in (
        ShowDataSet(name="none"),
        AddToDataSet(name="none"),
        ShowModel(name="none"),
        PromoteModel(name="none"),
        DeleteModel(name="piano"),
        RollBackModel(name="none"),
    ):
        failure = await do(action)
        assert failure.sentence.endswith("."), action
    assert "belong to a server" in (await do(ListDataSets(), None)).sentence


async def test_a_model_from_its_import_to_its_end(do, job_client):
    # Given what an export gave, in parts because it is large
    exported = await do(ExportModel(name="piano"))
    parts = {ref.name: await job_client.get_blob(ref) for ref in exported.files}
    # When a server imports it under a name of its own
    assert "Imported version" in (await do(ImportModel(name="mine", files=exported.files), files=parts)).sentence
    listed = {model.name: model for model in (await do(ListModels())).models}
    assert (listed["mine"].is_shared, listed["piano"].is_shared) == (False, True)
    assert not any(one.is_current for one in listed["mine"].versions)
    # Then it is in use once it is promoted, can be renamed, shown, and deleted
    promoted = await do(PromoteModel(name="mine"))
    assert "`mine` now uses version" in promoted.sentence
    assert promoted.model is None  # nothing was in use before, so there is no way back to offer
    await do(RenameModel(name="mine", new_name="ours"))
    shown = (await do(ShowModel(name="ours"))).models[0]
    assert [one.is_current for one in shown.versions] == [True]
    assert (await do(ListModels(), THERE)).models == tuple(
        model for model in (await do(ListModels())).models if model.is_shared
    )
    assert await job_client.names(HERE, "models") == ["ours"]
    question = await do(DeleteModel(name="ours"))
    assert question.sentence == "Delete the model `ours`? This can't be undone."
    assert "ours" in {model.name for model in (await do(ListModels())).models}
    await do(question.action)
    assert "ours" not in {model.name for model in (await do(ListModels())).models}


async def test_shared_models_are_nobodys_to_change(do):
    for action in (
        PromoteModel(name="piano"),
        RenameModel(name="piano", new_name="other"),
        DeleteModel(name="piano"),
    ):
        assert "comes with the bot and can't be changed" in (await do(action)).sentence


async def test_a_bundle_that_was_altered_is_not_imported(do, job_client):
    exported = await do(ExportModel(name="piano"))
    data = bytearray(b"".join([await job_client.get_blob(ref) for ref in exported.files]))
    data[len(data) // 2] ^= 1
    failure = await do(ImportModel(name="mine", files=exported.files), files={"piano.cadenza.zip": bytes(data)})
    assert failure.sentence.endswith(".")
    assert await job_client.names(HERE, "models") == []


async def test_a_server_has_as_many_and_as_large_models_as_it_may(monkeypatch, request, job_client):
    # Given that a server may have one model
    monkeypatch.setenv("CADENZA_WORKER_SERVER_MODELS", "1")
    do = request.getfixturevalue("do")
    exported = await do(ExportModel(name="piano"))
    files = {ref.name: await job_client.get_blob(ref) for ref in exported.files}
    await do(ImportModel(name="mine", files=exported.files), files=files)
    # Then another is refused before it waits for anything, whether it is imported or trained
    with pytest.raises(LibraryFull, match="1 is the limit"):
        await do(ImportModel(name="other", files=exported.files), files=files)
    # And another version of the first is not, nor is another server's
    assert "Imported version" in (await do(ImportModel(name="mine", files=exported.files), files=files)).sentence
    assert (
        "Imported version" in (await do(ImportModel(name="other", files=exported.files), THERE, files=files)).sentence
    )
    # And there is room again once it is deleted
    await do(DeleteModel(name="mine", confirmed=True))
    assert "Imported version" in (await do(ImportModel(name="other", files=exported.files), files=files)).sentence


async def test_a_model_that_is_too_large_for_what_a_server_may_have_is_refused_by_the_worker(
    own_store, library, monkeypatch
):
    store = BundleStore(own_store).of_server(HERE)
    server = ServerLibrary(WorkerSettings(library=library, store=own_store, server_models_mib=1), HERE)
    shutil.copytree(Path(own_store) / "piano", Path(own_store) / "servers" / str(HERE) / "mine")
    size = sum(one.size_bytes for one in store.info("mine").versions)
    server.require_room("mine", (1 << 20) - size - 1)
    with pytest.raises(BundleError, match="more than the 1 MiB"):
        server.require_room("mine", (1 << 20) - size)


async def test_a_star_marks_its_piece_and_taking_it_away_takes_the_piece_out_of_the_data_set(do, valkey):
    # Given a piece that is starred
    pieces = PieceIndex(valkey.client, JobSettings())
    starred = AddToDataSet(name="starred", source="starred", create_as="composed", piece="p1")
    assert (await do(starred, files={"a.mid": midi(1)})).accepted == 1
    assert (pieces.star(HERE, "p1").member_id, pieces.star(THERE, "p1")) == (5, None)
    # When the star is taken away
    done = await do(RemoveStar(piece="p1"))
    # Then piece and star are gone
    assert "The star is gone" in done.sentence
    assert pieces.star(HERE, "p1") is None
    assert [one.pieces for one in (await do(ListDataSets())).sets] == [0]
    # And once more there is nothing to take away
    assert "isn't starred any more" in (await do(RemoveStar(piece="p1"))).sentence
