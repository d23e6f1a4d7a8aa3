"""Which workers are alive and which models they serve: each worker renews one short-lived key.

A worker that is killed is forgotten after `liveness_s`; one that ends cleanly, at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import redis

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
            pipeline.set(keys.worker(worker.name), worker.model_dump_json(), ex=self._settings.liveness_s)
            pipeline.sadd(keys.WORKERS, worker.name)
            pipeline.execute()

    def withdraw(self, name: str) -> None:
        """Say that the worker `name` has ended."""
        self._connection.delete(keys.worker(name))
        self._connection.srem(keys.WORKERS, name)

    def workers(self) -> list[WorkerInfo]:
        """The workers alive, by name."""
        names = sorted(name.decode() for name in cast(set[bytes], self._connection.smembers(keys.WORKERS)))
        if not names:
            return []
        said = cast(list[bytes | None], self._connection.mget([keys.worker(name) for name in names]))
        dead = [name for name, text in zip(names, said, strict=True) if text is None]
        if dead:
            self._connection.srem(keys.WORKERS, *dead)
        return [WorkerInfo.model_validate_json(text) for text in said if text is not None]

    def is_anyone_alive(self, kind: Kind = "compose") -> bool:
        """Whether a job of `kind` put into its queue now would be done."""
        return any(kind in worker.does for worker in self.workers())

    def models(self, guild_id: int | None = None) -> list[ModelInfo]:
        """The models that live workers serve to all servers and to that of `guild_id`; the newest version of each.

        The default comes first, then by name; a server's own model hides the shared one of its name.
        """
        newest: dict[str, ModelInfo] = {}
        for worker in sorted(self.workers(), key=lambda worker: worker.started_at):
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
