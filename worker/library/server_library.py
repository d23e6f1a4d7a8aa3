"""Where each server's data sets, models and trainings are stored, and how much a server may keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import redis
from pydantic import ValidationError

from jobs.blobs import BlobStore
from jobs.contract import MOST_FILES, BundleName, BundleVersion, Files, Verdict
from jobs.guild_state import NameCache
from jobs.pieces import PieceIndex
from model.errors import BundleError, DataError
from model.files import replace_file
from worker.settings import WorkerSettings

if TYPE_CHECKING:
    from model.bundles import BundleStore
    from model.uploads import DataSetStore

VERDICTS = "verdicts"
TRAINING_DATA = "data"  # folder of a training with its copy of the data set


@dataclass(frozen=True)
class ServerLibrary:
    """The library of the server `guild_id`; nothing here reaches another server's."""

    settings: WorkerSettings
    guild_id: int

    @property
    def data_sets(self) -> DataSetStore:
        """Its data sets."""
        from model.uploads import DataSetLimits, DataSetStore  # late, so that importing the tasks is cheap

        return DataSetStore(self._folder / "data-sets", DataSetLimits(bytes=self.settings.server_data_sets_mib << 20))

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
        return self.trainings / name

    @property
    def trainings(self) -> Path:
        """The folder of all its trainings."""
        return self._folder / "trainings"

    @property
    def training_copies(self) -> list[Path]:
        """The pieces that its trainings have copied."""
        return [path for path in self.trainings.glob(f"*/{TRAINING_DATA}/*") if path.is_file()]

    def keep_verdict(self, version: BundleVersion, verdict: Verdict) -> None:
        """Store the verdict on a version that was trained here."""
        folder = self._folder / VERDICTS
        folder.mkdir(parents=True, exist_ok=True)
        with replace_file(folder / f"{version}.json") as file:
            file.write(verdict.model_dump_json(indent=1).encode())

    def verdict(self, version: BundleVersion) -> Verdict | None:
        """The verdict on a version; None for one that was not trained here."""
        try:
            return Verdict.model_validate_json((self._folder / VERDICTS / f"{version}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    @property
    def _folder(self) -> Path:
        return self.settings.library.resolve() / "servers" / str(self.guild_id)

    def require_room(self, model: BundleName, extra_bytes: int = 0) -> None:
        """Check that the server may have another version of `model`, of `extra_bytes`.

        Raises:
            BundleError: it has as many models as one may, or they are as large as they may be.
        """
        names, used = self.bundles.all_names(), self._models_bytes()
        reasons = self._reasons_against(len(names), used + extra_bytes)
        if "size" in reasons:
            raise BundleError(reasons["size"])
        if "count" in reasons and model not in names:
            raise BundleError(reasons["count"])

    def _models_bytes(self) -> int:
        store = self.bundles
        return sum(one.size_bytes for name in store.all_names() for one in store.info(name).versions)

    def _reasons_against(self, count: int, used_bytes: int) -> dict[str, str]:
        """Why there may be no other model ('count'), or no other version of any ('size')."""
        settings, reasons = self.settings, {}
        if count >= settings.server_models:
            reasons["count"] = (
                f"This server has {count} models of its own, and {settings.server_models} is the limit. "
                "Delete one with `/model delete`, or use one of their names."
            )
        if used_bytes >= settings.server_models_mib << 20:
            reasons["size"] = (
                f"The models of this server would take more than the {settings.server_models_mib} MiB they may take. "
                "Delete a model or old versions with `/model delete`."
            )
        return reasons

    def tell_names(self, connection: redis.Redis) -> None:
        """Let the bot know which data sets and models there are, and whether there is room for more."""
        told, models = NameCache(connection), self.bundles.all_names()
        told.tell_data_sets(self.guild_id, {info.name: len(info.pieces) for info in self.data_sets.infos()})
        told.tell(self.guild_id, "models", models)
        told.tell_full(self.guild_id, self._reasons_against(len(models), self._models_bytes()))


def all_servers(settings: WorkerSettings) -> list[ServerLibrary]:
    """The libraries of all servers that have one."""
    folders = (settings.library / "servers").glob("[0-9]*")
    return [ServerLibrary(settings, int(folder.name)) for folder in sorted(folders) if folder.name.isdigit()]


@dataclass(frozen=True)
class LibraryContext:
    """The server's library, files, pieces, and who asked. `upload_bytes`: the largest file of a reply."""

    server: ServerLibrary
    blobs: BlobStore
    pieces: PieceIndex
    requester_id: int
    upload_bytes: int
    on_progress: Callable[[int, int], None]
    should_stop: Callable[[], bool]


PART = re.compile(r"(?P<name>.+)\.(?P<number>\d{3})")


def split(name: str, data: bytes, most_bytes: int) -> list[tuple[str, bytes]]:
    """`data` as files of at most `most_bytes`: one of that `name`, or `name.001`, `name.002`, …"""
    parts = [data[start : start + most_bytes] for start in range(0, len(data), most_bytes)] or [b""]
    if len(parts) == 1:
        return [(name, data)]
    return [(f"{name}.{number:03}", part) for number, part in enumerate(parts, start=1)]


def joined(files: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """`files` with the parts of each archive put together in the order of their numbers; the others as they are."""
    whole: dict[str, list[tuple[int, bytes]]] = {}
    found: list[tuple[str, bytes]] = []
    for name, data in files:
        match = PART.fullmatch(name)
        if match is None:
            found.append((name, data))
        else:
            whole.setdefault(match["name"], []).append((int(match["number"]), data))
    return found + [(name, b"".join(data for _, data in sorted(parts))) for name, parts in whole.items()]


def in_parts(context: LibraryContext, archive: bytes, name: str, taken_by: str) -> Files:
    """An archive as files that Discord takes, in parts where it is too large for one.

    Raises:
        DataError: it is too large for a message.
    """
    parts = split(name, archive, min(context.upload_bytes, context.blobs.limit_bytes))
    if len(parts) > MOST_FILES:
        raise DataError(
            f"{name} has {len(archive) / 2**20:.0f} MiB, which is too much for one message here. "
            "Ask whoever runs this bot for the file."
        )
    kept = tuple(context.blobs.put(data, one, "application/octet-stream") for one, data in parts)
    if len(parts) == 1:
        return Files(files=kept)
    told = f"{name} is too large for one file here, so it comes in {len(parts)} parts."
    return Files(files=kept, sentences=(f"{told} To bring it back, attach all parts in one `{taken_by}`.",))
