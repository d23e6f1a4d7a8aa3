"""Where the data sets, models and trainings of each server lie."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from pydantic import ValidationError

from jobs.contract import BundleVersion, Verdict
from jobs.library_names import LibraryNames
from model.files import replace_file
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from model.bundles import BundleStore
    from model.datasets import DataSetStore


VERDICTS = "verdicts"


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
        from model.bundles import shared_store  # late, as above

        return shared_store(self.settings.store)

    def training(self, name: str) -> Path:
        """The folder of one training: its order, its music, its checkpoints."""
        return self._folder / "trainings" / name

    def keep_verdict(self, version: BundleVersion, verdict: Verdict) -> None:
        """Keep what was found about a version that was trained here."""
        folder = self._folder / VERDICTS
        folder.mkdir(parents=True, exist_ok=True)
        with replace_file(folder / f"{version}.json") as file:
            file.write(verdict.model_dump_json(indent=1).encode())

    def verdict(self, version: BundleVersion) -> Verdict | None:
        """What was found about a version; None for one that was not trained here."""
        try:
            return Verdict.model_validate_json((self._folder / VERDICTS / f"{version}.json").read_bytes())
        except (OSError, ValidationError):
            return None

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
