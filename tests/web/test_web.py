"""The web page over HTTP: real Valkey, real aiohttp, a worker played by hand."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer

from jobs import JobClient, JobSettings
from tests.bot.harness import AUDIO, SEED, PlayedWorker
from web.pieces import JOB_ID
from web.server import PAGE, application
from web.settings import WebSettings


@pytest.fixture
def job_settings(valkey) -> JobSettings:
    return JobSettings(liveness_s=3600, adrift_limit_s=3600, worker_absence_limit_s=3600)


@pytest.fixture
def worker(valkey, job_settings, monkeypatch) -> PlayedWorker:
    monkeypatch.setattr("jobs.progress.QUIET_S", 0.0)
    worker = PlayedWorker(valkey.client, job_settings)
    worker.arrive()
    return worker


@pytest.fixture
async def page(job_settings, worker) -> AsyncIterator[TestClient]:
    async for client in serving(job_settings, WebSettings(pieces_per_hour=3)):
        yield client


async def serving(job_settings, settings) -> AsyncIterator[TestClient]:
    jobs = JobClient(job_settings)
    async with TestClient(TestServer(application(jobs, settings))) as client:
        yield client
    await jobs.close()


async def post(page: TestClient, seed: bytes | None = None, **fields: str):
    form = FormData(fields, default_to_multipart=True)
    form.add_field("model", fields.pop("model", "")) if not fields else None
    if seed is not None:
        form.add_field("seed", seed, filename="mine.mid", content_type="audio/midi")
    return await page.post("/api/pieces", data=form)


async def events(page: TestClient, job_id: str) -> AsyncIterator[dict]:
    async with page.get(f"/api/pieces/{job_id}/events") as response:
        assert response.content_type == "text/event-stream"
        async for line in response.content:
            if line.startswith(b"data: "):
                yield json.loads(line[6:])


async def test_a_file_becomes_a_piece_that_can_be_heard_seen_and_downloaded(page, worker):
    # Given a seed and a choice, sent from the page
    response = await post(page, SEED, model="piano", mode="vary", length_s="20", temperature="0.9")
    assert response.status == 202
    job_id = (await response.json())["id"]
    assert JOB_ID.fullmatch(job_id)
    # When a worker takes the job and finishes it while the page follows
    seen = []
    async for update in events(page, job_id):
        seen.append(update)
        if update["stage"] == "queued":
            job = worker.take()
            assert (job.request.model, job.request.mode, job.request.length_s) == ("piano", "vary", 20)
            assert job.request.guild_id is None
            job.is_at(0.5)
        elif update["stage"] == "composing":
            job.is_done(remarks=("Shortened 2 notes.",))
    # Then the page has all of it, and the files are there
    assert [update["stage"] for update in seen] == ["queued", "composing", "done"]
    assert seen[-1]["files"] == ["midi", "audio", "picture"]
    assert seen[-1]["remarks"] == ["Shortened 2 notes."]
    audio = await page.get(f"/api/pieces/{job_id}/audio")
    assert (audio.status, audio.content_type, await audio.read()) == (200, "audio/mpeg", AUDIO)
    midi = await page.get(f"/api/pieces/{job_id}/midi?download")
    assert re.fullmatch(r'attachment; filename="[\w.-]+\.mid"', midi.headers["Content-Disposition"])


async def test_no_bot_follows_a_piece_of_the_page(page, worker, job_settings):
    await post(page, length_s="20")
    jobs = JobClient(job_settings)
    assert await jobs.open_records() == []
    await jobs.close()


async def test_each_address_may_ask_for_so_many(page, worker):
    statuses = []
    for _ in range(4):
        response = await post(page, length_s="20")
        statuses.append(response.status)
        if response.status == 202:
            worker.take().is_done()
    assert statuses == [202, 202, 202, 429]
    assert int(response.headers["Retry-After"]) > 0
    assert "limit" in (await response.json())["sentence"]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"length_s": "2"}, "The length in seconds must be at least 5."),
        ({"model": "tuba"}, "There is no model called"),
        ({"key": "H"}, "isn’t valid"),
    ],
)
async def test_what_cannot_be_is_refused_in_a_sentence(page, fields, words):
    response = await post(page, **fields)
    assert response.status == 409
    assert words in (await response.json())["sentence"]


async def test_a_file_that_is_too_large_is_refused(page):
    response = await post(page, b"x" * (2**20 + 1), length_s="20")
    assert response.status == 413
    assert "too large" in (await response.json())["sentence"]


async def test_a_piece_can_be_stopped(page, worker):
    job_id = (await (await post(page, length_s="20")).json())["id"]
    assert (await page.delete(f"/api/pieces/{job_id}")).status == 200
    assert [update["stage"] async for update in events(page, job_id)] == ["cancelled"]


@pytest.mark.parametrize("path", ["/api/pieces/123/midi", "/api/pieces/web-guess/events", "/page/../server.py", "/x"])
async def test_what_is_not_there_or_not_ours_is_not_found(page, path):
    response = await page.get(path)
    assert response.status == 404
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_page_needs_nothing_from_elsewhere_and_offers_what_models_can_do(page):
    response = await page.get("/")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    text = "".join((PAGE / name).read_text() for name in ("index.html", "page.css", "page.js"))
    assert "http:" not in text.replace("http://www.w3.org", "")
    assert "https:" not in text
    models = (await (await page.get("/api/models")).json())["models"]
    assert [model["name"] for model in models] == ["piano", "band"]


async def test_a_closed_page_takes_nothing(job_settings, worker):
    async for page in serving(job_settings, WebSettings(enabled=False)):
        response = await post(page, length_s="20")
        assert response.status == 503
        assert "closed" in (await response.json())["sentence"]
        assert (await page.get("/")).status == 200
    assert worker.queued() == []


def test_the_page_is_small_and_names_its_fields():
    html = (PAGE / "index.html").read_text()
    assert html.count("<label") >= 9
    assert sum(path.stat().st_size for path in Path(PAGE).iterdir()) < 20_000
