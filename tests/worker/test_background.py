"""Threads of a worker: an error does not end them unnoticed."""

from __future__ import annotations

import logging
import threading

from worker.background import PeriodicThread, log_lost_threads


def test_an_error_is_logged_once_and_the_thread_goes_on(caplog):
    ticks = threading.Semaphore(0)

    def tick() -> None:
        ticks.release()
        raise OSError(28, "No space left on device")

    thread = PeriodicThread("heartbeat", 0.001, tick)
    thread.start()
    for _ in range(20):
        assert ticks.acquire(timeout=10)
    thread.end()
    thread.join(10)
    said = [record for record in caplog.records if "heartbeat failed" in record.message]
    assert len(said) == 1
    assert said[0].exc_info is not None


def test_a_thread_that_ends_with_an_error_is_logged(caplog, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    log_lost_threads()
    thread = threading.Thread(target=lambda: 1 / 0, name="render-audio")
    with caplog.at_level(logging.CRITICAL):
        thread.start()
        thread.join(10)
    assert "the thread render-audio ended with an error" in caplog.text
