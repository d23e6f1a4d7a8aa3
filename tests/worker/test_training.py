"""Trainings: a real worker, a real training process on a tiny network; killed, stopped, gone on with, promoted."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psutil
import pytest

from jobs.contract import (
    AddToDataSet,
    CreateDataSet,
    Delivery,
    LibraryRequest,
    PromoteModel,
    RollBackModel,
    Stage,
    TrainRequest,
)
from jobs.errors import DataSetNotReady
from model.bundles import BundleStore
from model.midi import read_midi
from model.training.finetuning.process import run_task
from tests.worker import untrained
from tests.worker.processes import WorkerProcess, follow_to_the_end, until, wait_for
from tests.worker.test_library import midi
from worker.library.server_library import ServerLibrary
from worker.settings import WorkerSettings

HERE = 31
FILES = {f"{n}.mid": midi(n, 60 + n) for n in range(12)}
KILLS = int(os.environ.get("CADENZA_KILLS", "2"))  # more is for whoever has the time
LONGEST_PAUSE_S = 12.0
DELIVERY = Delivery(application_id=1, channel_id=6, user_id=5)


@pytest.fixture(scope="session")
def base_store(tmp_path_factory) -> str:
    """A store with a bundle that can be tuned and rehearsed."""
    folder = str(tmp_path_factory.mktemp("base"))
    untrained.publish(folder, "piano", replayed=[read_midi(midi(100 + number)).piece for number in range(4)])
    return folder


@pytest.fixture(scope="session")
def gathered(tmp_path_factory) -> Path:
    """A library in which the server has its data set."""
    folder = tmp_path_factory.mktemp("gathered")
    sets = ServerLibrary(WorkerSettings(library=folder), HERE).data_sets
    sets.create("rags", "public-domain")
    sets.add("rags", FILES.items(), "message")
    return folder


@pytest.fixture(autouse=True)
def _usual_priority(tmp_path) -> Iterator[None]:
    """Lets trainings compute like any other process: they make way for others, on a busy machine for ever."""
    over = threading.Event()
    lifting = threading.Thread(target=lift, args=(tmp_path, over))
    lifting.start()
    yield
    over.set()
    lifting.join()


def lift(folder: Path, over: threading.Event) -> None:
    """Takes every training below `folder` out of the idle class, until it is over; where that is not allowed, none."""
    while not over.wait(0.3):
        for process in training_processes(folder):
            for thread in Path(f"/proc/{process.pid}/task").glob("*"):
                with contextlib.suppress(OSError):
                    os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))


@pytest.fixture
def library(start_worker, tmp_path, base_store, monkeypatch) -> Path:
    """Settings of the workers that are started from now on, over those that `start_worker` has for all."""
    shutil.copytree(base_store, tmp_path / "store")
    monkeypatch.setenv("CADENZA_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("CADENZA_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("CADENZA_WORKER_DOES", "library,train")
    monkeypatch.setenv("CADENZA_WORKER_TRAINING_THREADS", "1")
    monkeypatch.setenv("CADENZA_JOBS_LIVENESS_S", "5")  # a training leaves a busy machine little time
    return tmp_path / "library"


@pytest.fixture
def ask_library(job_client) -> Callable:
    """Does one action of the library and gives the answer."""
    numbers = count()

    async def ask(action, files=None):
        if files is not None:
            refs = [await job_client.put_blob(data, name) for name, data in files.items()]
            action = action.model_copy(update={"files": tuple(refs)})
        job_id = f"e{next(numbers)}"
        request = LibraryRequest(job_id=job_id, requester_id=5, guild_id=HERE, channel_id=6, action=action)
        await job_client.submit(request, DELIVERY)
        last = (await follow_to_the_end(job_client, request.job_id))[-1]
        assert last.stage is Stage.DONE, last.failure
        return last.result.answer

    return ask


@pytest.fixture
def data_set(library, gathered) -> None:
    shutil.copytree(gathered, library)


@pytest.fixture
def a_worker(library, start_worker) -> WorkerProcess:
    return start_worker("-m", "worker").wait_until_ready()


def training(job_id: str, **fields: object) -> TrainRequest:
    said = {"data_set": "rags", "name": "rags", "base": "piano", "epochs": 3, "rate": "strong"} | fields
    return TrainRequest(job_id=job_id, requester_id=5, guild_id=HERE, channel_id=6, **said)


def training_processes(folder: Path) -> list[psutil.Process]:
    """Those at work below `folder`; others may be at work on this machine."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if run_task().function not in (process.info["cmdline"] or []):
            continue
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            is_ours = any(file.path.startswith(f"{folder}/") for file in process.open_files())  # its log is
            if is_ours and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@pytest.mark.usefixtures("a_worker")
async def test_a_training_from_its_start_to_its_promotion(job_client, ask_library, tmp_path):
    # When a server gathers a data set and trains on it
    await ask_library(CreateDataSet(name="rags", licence="public-domain"))
    for part in (list(FILES.items())[:6], list(FILES.items())[6:]):
        await ask_library(AddToDataSet(name="rags"), dict(part))
    await job_client.submit(training("t1"), DELIVERY)
    updates = await follow_to_the_end(job_client, "t1")
    # Then its progress is told epoch by epoch, with a curve
    told = [update.training for update in updates if update.training is not None]
    assert max(one.epoch for one in told) == 3
    assert any(one.curve is not None for one in told)
    # And the verdict compares before and after, and lets both be heard
    result = updates[-1].result
    assert updates[-1].stage is Stage.DONE, updates[-1].failure
    verdict = result.verdict
    assert verdict.before_nats > verdict.after_nats > 0
    assert (verdict.gain > 0, verdict.base_before_nats > 0, verdict.loss is not None) == (True, True, True)
    assert all(sentence.endswith(".") for sentence in verdict.sentences)
    assert len(verdict.sentences) >= 3
    assert len(result.listening) == 3
    assert all(one.before and one.after for one in result.listening)
    assert (await job_client.get_blob(result.curve)).startswith(b"\x89PNG")
    # And nothing is in use until an admin says so
    store = tmp_path / "store" / "servers" / str(HERE) / "rags"
    assert (store / result.model_version / "manifest.json").exists()
    assert not (store / "current").exists()
    await ask_library(PromoteModel(name="rags", version=result.model_version, confirmed=True))
    assert (store / "current").read_text().strip() == result.model_version
    # When the training goes on
    await job_client.submit(training("t2", resumes="t1", epochs=2), DELIVERY)
    last = (await follow_to_the_end(job_client, "t2"))[-1]
    # Then it does so from where it was, and what is in use stays
    assert last.result.epochs == 5
    assert (store / "current").read_text().strip() == result.model_version
    if last.result.model_version != result.model_version:
        await ask_library(PromoteModel(name="rags", version=last.result.model_version, confirmed=True))
        await ask_library(RollBackModel(name="rags"))
        assert (store / "current").read_text().strip() == result.model_version


@pytest.mark.usefixtures("data_set", "a_worker")
async def test_a_training_that_is_stopped_keeps_the_best_so_far(job_client):
    await job_client.submit(training("t1", epochs=150), DELIVERY)
    async for update in job_client.follow("t1"):
        if update.training is not None and update.training.epoch >= 1:
            break
    await job_client.cancel("t1")
    last = (await follow_to_the_end(job_client, "t1"))[-1]
    assert last.stage is Stage.DONE, last.failure
    assert last.result.stopped
    assert 1 <= last.result.epochs < 150


@pytest.mark.usefixtures("data_set")
async def test_whoever_is_killed_the_training_goes_on_and_nothing_is_half_written(job_client, start_worker, tmp_path):
    # Given a model of the server that is in use, and a training under way
    shared = BundleStore(str(tmp_path / "store"))
    store, in_use = shared.of_server(HERE), shared.current("piano")
    shutil.copytree(tmp_path / "store" / "piano", tmp_path / "store" / "servers" / str(HERE) / "rags")
    is_sound(store, in_use)
    start_worker("-m", "worker").wait_until_ready()
    await job_client.submit(training("t1", epochs=4 + 2 * KILLS), DELIVERY)
    following = asyncio.create_task(follow_to_the_end(job_client, "t1"))
    rng = random.Random(3)
    # When its process is killed at random moments
    for _ in range(KILLS):
        await until(lambda: bool(training_processes(tmp_path)) or following.done())
        await asyncio.sleep(rng.uniform(0.0, LONGEST_PAUSE_S))
        for process in training_processes(tmp_path):
            process.kill()
        is_sound(store, in_use)
    # And then its worker, whose training process ends with it
    await until(lambda: bool(training_processes(tmp_path)) or following.done())
    for parent in {process.ppid() for process in training_processes(tmp_path)}:
        os.kill(parent, signal.SIGKILL)
    await until(lambda: not training_processes(tmp_path))
    is_sound(store, in_use)
    # Then another worker goes on to the verdict, and what is in use stays in use
    start_worker("-m", "worker").wait_until_ready()
    last = (await following)[-1]
    assert last.stage is Stage.DONE, last.failure
    assert last.result.epochs >= 1
    is_sound(store, in_use)
    assert set(store.complete_versions("rags")) == {in_use, last.result.model_version}
    assert training_processes(tmp_path) == []


def is_sound(store: BundleStore, in_use: str) -> None:
    """Every version that is there loads, and the one in use is the one that was promoted."""
    assert store.current("rags") == in_use
    for version in store.complete_versions("rags"):
        store.load("rags", version)


@pytest.mark.usefixtures("data_set")
async def test_a_restart_of_redis_costs_a_training_nothing(start_worker, mortal_valkey, open_client):
    # Given a training under way
    start_worker("-m", "worker").wait_until_ready()
    job_client = open_client()
    await job_client.submit(training("t1", epochs=6), DELIVERY)
    following = asyncio.create_task(follow_to_the_end(job_client, "t1"))
    await wait_for(job_client, "t1", Stage.TRAINING)
    # When Redis is killed in the midst of it and comes back
    mortal_valkey.kill()
    await asyncio.sleep(1.0)
    mortal_valkey.start()
    # Then it comes to its verdict
    last = (await following)[-1]
    assert last.stage is Stage.DONE, last.failure
    assert last.result.epochs == 6


@pytest.mark.usefixtures("data_set", "a_worker")
async def test_too_few_pieces_and_unknown_bases_are_told(job_client, ask_library):
    await ask_library(CreateDataSet(name="few", licence="cc0"))
    await ask_library(AddToDataSet(name="few"), {"one.mid": midi(1)})
    for request, words in (
        (training("t1", data_set="few"), "has 1 piece. A training needs at least 8"),
        (training("t1", data_set="none"), "no data set “none”"),
    ):
        with pytest.raises(DataSetNotReady, match=words):  # before it waits for its turn
            await job_client.submit(request, DELIVERY)
    assert await job_client.trainings(HERE) == []
    for request, words in (
        (training("t2", base="unheard"), "no model 'unheard'"),
        (training("t3", resumes="gone"), "no longer kept"),
    ):
        await job_client.submit(request, DELIVERY)
        last = (await follow_to_the_end(job_client, request.job_id))[-1]
        assert words in last.failure.sentence
