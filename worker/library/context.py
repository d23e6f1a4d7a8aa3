"""What an action on a server's library may use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from jobs.blobs import BlobStore
from worker.library.server_library import ServerLibrary


@dataclass(frozen=True)
class LibraryContext:
    """The server's library, the files of jobs, and who asked. `upload_bytes`: the largest file of a reply."""

    server: ServerLibrary
    blobs: BlobStore
    requester_id: int
    upload_bytes: int
    on_progress: Callable[[int, int], None]
    should_stop: Callable[[], bool]
