"""The web page in a real browser: a visitor drops a file, composes, hears and downloads."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import async_playwright, expect

from jobs import JobClient, JobSettings
from tests.bot.harness import SEED, PlayedWorker
from tests.sandbox.page.conftest import BROWSER_FLAGS, find_browser, tone
from web.server import application
from web.settings import WebSettings


async def test_a_visitor_composes_without_discord(valkey, monkeypatch):
    browser_path = find_browser()
    # Given the page, with a worker that offers two models
    monkeypatch.setattr("jobs.progress.QUIET_S", 0.0)
    settings = JobSettings(liveness_s=3600, adrift_limit_s=3600, worker_absence_limit_s=3600)
    worker, jobs = PlayedWorker(valkey.client, settings), JobClient(settings)
    worker.arrive()
    server = TestServer(application(jobs, WebSettings()))
    await server.start_server()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=BROWSER_FLAGS)
        page = await browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        await page.goto(str(server.make_url("/")))
        # When a model is chosen, only what it knows is offered
        await page.get_by_label("Model").select_option("piano")
        await expect(page.get_by_label("Key")).to_be_visible()
        await expect(page.get_by_label("Tempo")).to_be_hidden()
        # And a file is chosen and sent
        await page.locator("#seed").set_input_files({"name": "mine.mid", "mimeType": "audio/midi", "buffer": SEED})
        await page.get_by_label("With the file").select_option("vary")
        async with page.expect_response("**/api/pieces"):
            await page.get_by_role("button", name="Compose").click()
        await expect(page.locator("#state")).to_have_text("Waiting")
        job = worker.take()
        assert (job.request.model, job.request.mode, job.request.seed.name) == ("piano", "vary", "mine.mid")
        job.is_at(0.5)
        await expect(page.locator("#state")).to_have_text("Composing")
        job.is_done(audio=tone(), remarks=("Shortened 2 notes.",))
        # Then the piece can be heard, seen and downloaded
        await expect(page.locator("#state")).to_have_text("Done")
        await expect(page.get_by_role("link", name="Download: MP3")).to_be_visible()
        await expect(page.get_by_text("Shortened 2 notes.")).to_be_visible()
        await expect(page.locator("#audio")).to_be_visible()
        await page.wait_for_function("document.getElementById('audio').duration > 2")
        assert errors == []
        await browser.close()
    await server.close()
    await jobs.close()


@pytest.mark.parametrize("width", [320, 1200])
async def test_the_page_fits_small_and_large_screens(valkey, width):
    browser_path = find_browser()
    jobs = JobClient(JobSettings())
    server = TestServer(application(jobs, WebSettings()))
    await server.start_server()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path, args=BROWSER_FLAGS)
        page = await browser.new_page(viewport={"width": width, "height": 700})
        await page.goto(str(server.make_url("/")))
        await expect(page.get_by_role("alert")).to_have_text("No worker is ready. Try again in a minute.")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await browser.close()
    await server.close()
    await jobs.close()
