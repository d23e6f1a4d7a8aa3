"""Shows the latest state of a job, but no more often than Discord allows: what comes in between is skipped.

A new stage, and that the job is stopping, are shown sooner: a bar that stands at one per cent while the piece is being
recorded, or a Stop without a sign, looks broken.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from jobs.contract import Update

MINUTE_S = 60
URGENT_S = 0.5  # between two edits at least

Edit = Callable[[Update], Awaitable[None]]


class Progress:
    """Calls `edit` with the latest update, at most once every `interval_s` seconds, never twice with the same.

    After a new stage or a stop it waits for `URGENT_S` only.
    """

    def __init__(self, edit: Edit, interval_s: float) -> None:
        self._edit = edit
        self._interval_s = interval_s
        self._latest: Update | None = None
        self._shown: object = None
        self._editing = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._urgent = asyncio.Event()
        self._phase: object = None
        self._task: asyncio.Task[None] | None = None

    def show(self, update: Update) -> None:
        """Let `update` be shown as soon as it may; returns at once."""
        if self._stopping.is_set() or _visible(update) == self._shown:
            return
        self._latest = update
        if (update.stage, update.stopping) != self._phase:
            self._urgent.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="progress")

    async def stop(self) -> None:
        """Show nothing more; an edit under way is waited for, so that it cannot overtake the result."""
        self._latest = None
        self._stopping.set()
        self._urgent.set()
        if self._task is not None:
            await self._task
        async with self._editing:
            pass

    @contextlib.asynccontextmanager
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
                self._shown, self._phase = _visible(update), (update.stage, update.stopping)
                self._urgent.clear()
                await self._edit(update)
            await self._pause(self._stopping, min(URGENT_S, self._interval_s))
            await self._pause(self._urgent, self._interval_s - URGENT_S)

    async def _pause(self, sooner: asyncio.Event, longest_s: float) -> None:
        """Wait for `longest_s` seconds, or until `sooner` is set or nothing more is to be shown."""
        if self._stopping.is_set():
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(sooner.wait(), max(0.0, longest_s))


def _visible(update: Update) -> object:
    """The part of an update that a message shows."""
    training = update.training
    if training is not None and training.remaining_s is not None:  # an estimate in seconds would never stay the same
        training = training.model_copy(update={"remaining_s": round(training.remaining_s / MINUTE_S)})
    return update.stage, update.stopping, update.position, round(update.fraction * 100), training
