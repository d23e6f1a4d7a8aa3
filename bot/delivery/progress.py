"""Shows the latest state of a job, no more often than Discord likes; states in between are skipped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from jobs.contract import Update

MINUTE_S = 60
FIRST_PAUSES = (0.25, 0.5)  # shares of the interval after the first edits: a short job is shown where it really stands

Edit = Callable[[Update], Awaitable[None]]


class Progress:
    """Calls `edit` with the latest update, at most once every `interval_s` seconds, never twice with the same."""

    def __init__(self, edit: Edit, interval_s: float) -> None:
        self._edit = edit
        self._interval_s = interval_s
        self._edits = 0
        self._latest: Update | None = None
        self._shown: object = None
        self._editing = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def show(self, update: Update) -> None:
        """Let `update` be shown as soon as it may; returns at once."""
        if self._stopping.is_set() or _visible(update) == self._shown:
            return
        self._latest = update
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="progress")

    async def stop(self) -> None:
        """Show nothing more; an edit under way is waited for, so that it cannot overtake the result."""
        self._latest = None
        self._stopping.set()
        if self._task is not None:
            await self._task
        async with self._editing:
            pass

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[bool]:
        """While inside, nothing else edits the message, the result included; False where the result is on its way."""
        async with self._editing:
            yield not self._stopping.is_set()

    async def _run(self) -> None:
        while self._latest is not None:
            async with self._editing:
                update, self._latest = self._latest, None
                if update is None or self._stopping.is_set():
                    return
                self._shown = _visible(update)
                await self._edit(update)
            share = FIRST_PAUSES[self._edits] if self._edits < len(FIRST_PAUSES) else 1.0
            self._edits += 1
            try:
                await asyncio.wait_for(self._stopping.wait(), self._interval_s * share)
            except TimeoutError:
                continue


def _visible(update: Update) -> object:
    """The part of an update that a message shows."""
    training = update.training
    if training is not None and training.remaining_s is not None:  # an estimate in seconds would never stay the same
        training = training.model_copy(update={"remaining_s": round(training.remaining_s / MINUTE_S)})
    return update.stage, update.position, round(update.fraction * 100), training
