"""Shows the latest state of a job, but no oftener than Discord likes: what comes in between is passed over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from jobs.contract import Update

MINUTE_S = 60

Edit = Callable[[Update], Awaitable[None]]


class Progress:
    """Calls `edit` with the latest update, at most once every `interval_s` seconds, never twice with the same."""

    def __init__(self, edit: Edit, interval_s: float) -> None:
        self._edit = edit
        self._interval_s = interval_s
        self._latest: Update | None = None
        self._shown: object = None
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

    async def _run(self) -> None:
        while self._latest is not None:
            update, self._latest = self._latest, None
            self._shown = _visible(update)
            await self._edit(update)
            try:
                await asyncio.wait_for(self._stopping.wait(), self._interval_s)
            except TimeoutError:
                continue


def _visible(update: Update) -> object:
    """What of an update can be seen."""
    training = update.training
    if training is not None and training.remaining_s is not None:  # an estimate of seconds would change for ever
        training = training.model_copy(update={"remaining_s": round(training.remaining_s / MINUTE_S)})
    return update.stage, update.position, round(update.fraction * 100), training
