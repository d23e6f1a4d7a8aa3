"""One render process, as the pool uses it: started with the settings, asked for one file at a time."""

from __future__ import annotations

import os
import time
from typing import Any

from jobs import logs
from model.isolated import ChildDied, ChildFailed, ChildTimedOut, IsolatedProcess, Limits, Task
from worker.render.settings import RenderSettings


class ChildLostError(Exception):
    """Raised when the process ended, or was ended because its time was over: `timed_out` tells which."""

    def __init__(self, timed_out: bool) -> None:
        super().__init__("timed out" if timed_out else "ended")
        self.timed_out = timed_out


class Child:
    """A render process, for one thread at a time. Starting returns at once; the first request waits for it."""

    def __init__(self, settings: RenderSettings) -> None:
        task = Task(
            "worker.render.process:render",
            Limits(may_write=True),  # libraries keep caches of fonts
            warm_up="worker.render.process:load",
            settings=settings.model_dump(mode="json"),
            environment={logs.VARIABLE: os.environ.get(logs.VARIABLE, "")},
        )
        self._process = IsolatedProcess(task)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.is_alive

    def ask(self, head: dict[str, Any], body: bytes, deadline: float) -> tuple[dict[str, Any], bytes]:
        """Send one request and wait for its answer, until `deadline` (`time.monotonic` seconds).

        Raises:
            ChildLostError: the process ended or its time was over; it is dead now.
        """
        try:
            return self._process.call(head, body, timeout_s=deadline - time.monotonic(), is_start_included=True)
        except ChildFailed:
            return {"reason": "something unexpected went wrong"}, b""
        except (ChildDied, ChildTimedOut) as error:
            raise ChildLostError(timed_out=isinstance(error, ChildTimedOut)) from error

    def kill(self) -> None:
        """End the process; harmless when it has ended. Safe from any thread."""
        self._process.kill()
