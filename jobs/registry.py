"""Which workers are alive and which models they serve: each worker renews one short-lived key.

A worker that is killed no longer counts as alive after `liveness_s`, one that ends cleanly at once. Both are expected
back for `worker_absence_limit_s`: a worker that restarts or was frozen takes the jobs that came meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import cast

import redis
from redis.client import Pipeline

from jobs import keys
from jobs.contract import Kind, ModelInfo, WorkerInfo
from jobs.settings import JobSettings


class WorkerRegistry:
    """Says who is alive; written by workers, read by the bot."""

    def __init__(self, connection: redis.Redis, settings: JobSettings) -> None:
        self._connection = connection
        self._settings = settings

    def publish(self, worker: WorkerInfo) -> None:
        """Say that `worker` is alive; to be repeated well within `liveness_s`."""
        with self._connection.pipeline() as pipeline:
            self._expect(worker, pipeline)
            pipeline.set(keys.worker(worker.name), worker.model_dump_json(), ex=self._settings.liveness_s)
            pipeline.execute()

    def expect(self, worker: WorkerInfo) -> None:
        """Say that `worker` is starting and will be alive soon."""
        with self._connection.pipeline() as pipeline:
            self._expect(worker, pipeline)
            pipeline.execute()

    def _expect(self, worker: WorkerInfo, pipeline: Pipeline) -> None:
        life_s = max(self._settings.liveness_s, math.ceil(self._settings.worker_absence_limit_s))
        pipeline.set(keys.recent_worker(worker.name), worker.model_dump_json(), ex=life_s)
        pipeline.sadd(keys.WORKERS, worker.name)

    def withdraw(self, name: str) -> None:
        """Say that the worker `name` has ended; for a while it is expected back."""
        self._connection.delete(keys.worker(name))

    def workers(self) -> list[WorkerInfo]:
        """The workers alive, by name."""
        return self._said(keys.worker)

    def _expected(self) -> list[WorkerInfo]:
        """The workers alive now or a moment ago, by name."""
        return self._said(keys.recent_worker)

    def _said(self, key: Callable[[str], str]) -> list[WorkerInfo]:
        names = sorted(name.decode() for name in cast(set[bytes], self._connection.smembers(keys.WORKERS)))
        if not names:
            return []
        forms = [form(name) for name in names for form in (keys.worker, keys.recent_worker)]
        said = dict(zip(forms, cast(list[bytes | None], self._connection.mget(forms)), strict=True))
        gone = [name for name in names if not said[keys.worker(name)] and not said[keys.recent_worker(name)]]
        if gone:
            self._connection.srem(keys.WORKERS, *gone)
        texts = [said[key(name)] for name in names]
        return [WorkerInfo.model_validate_json(text) for text in texts if text is not None]

    def is_anyone_alive(self, kind: Kind = "compose") -> bool:
        """Whether a job of `kind` put into its queue now would be done at once."""
        return any(kind in worker.does for worker in self.workers())

    def is_anyone_expected(self, kind: Kind = "compose") -> bool:
        """Whether a worker that does jobs of `kind` is alive, starting, or was alive a moment ago."""
        return self.is_anyone_alive(kind) or any(kind in worker.does for worker in self._expected())

    def models(self, guild_id: int | None = None) -> list[ModelInfo]:
        """The models that workers serve to all servers and to that of `guild_id`; the newest version of each.

        Those of live workers, or where none serves any, those of the workers that are expected back.

        The default comes first, then by name; a server's own model hides the shared one of its name.
        """
        newest: dict[str, ModelInfo] = {}
        serving = [worker for worker in self.workers() if worker.models]
        for worker in sorted(serving or self._expected(), key=lambda worker: worker.started_at):
            for model in visible_to(worker.models, guild_id):
                known = newest.get(model.name)
                if known is None or known.guild_id is None or model.guild_id is not None:
                    newest[model.name] = model
        return sorted(newest.values(), key=lambda model: (not model.default, model.name))


def visible_to(models: Iterable[ModelInfo], guild_id: int | None) -> list[ModelInfo]:
    """Those that a member of the server may compose with, each name once: its own hide those of all servers."""
    own = {model.name: model for model in models if model.guild_id is not None and model.guild_id == guild_id}
    shared = [model for model in models if model.guild_id is None and model.name not in own]
    return [*shared, *own.values()]
