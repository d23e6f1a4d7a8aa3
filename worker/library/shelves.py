"""Where the data sets, models and trainings of each server lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from jobs.library_names import LibraryNames
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from model.datasets import DataSetStore

    from model.bundles import BundleStore


@dataclass(frozen=True)
class ServerShelves:
    """What belongs to the server `guild_id`; nothing here reaches what belongs to another."""

    settings: WorkerSettings
    guild_id: int

    @property
    def data_sets(self) -> DataSetStore:
        """Its data sets."""
        from model.datasets import DataSetStore  # late, so that importing the tasks is cheap

        return DataSetStore(self._folder / "data-sets")

    @property
    def bundles(self) -> BundleStore:
        """Its own models."""
        from model.bundles import BundleStore  # late: it loads Keras

        return BundleStore(self.settings.server_store).of_server(self.guild_id)

    @property
    def shared_bundles(self) -> BundleStore:
        """The models that all servers share."""
        from model.bundles import BundleStore  # late, as above

        return BundleStore() if self.settings.store is None else BundleStore(self.settings.store)

    def training(self, name: str) -> Path:
        """The folder of one training: its order, its music, its checkpoints."""
        return self._folder / "trainings" / name

    @property
    def _folder(self) -> Path:
        return self.settings.library.resolve() / "servers" / str(self.guild_id)

    def tell_names(self, connection: redis.Redis) -> None:
        """Let whoever types a name know which there are."""
        names = LibraryNames(connection)
        names.tell(self.guild_id, "data_sets", self.data_sets.names())
        names.tell(self.guild_id, "models", self.bundles.all_names())


def all_servers(settings: WorkerSettings) -> list[ServerShelves]:
    """The servers that have anything here."""
    folders = (settings.library / "servers").glob("[0-9]*")
    return [ServerShelves(settings, int(folder.name)) for folder in sorted(folders) if folder.name.isdigit()]
