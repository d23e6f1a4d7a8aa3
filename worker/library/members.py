"""Deletes whatever is kept about one member: jobs and files, and what they gave to the data sets of all servers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from jobs.contract import Done, LibraryRequest
from jobs.erasure import MemberEraser, MemberTraces
from worker.context import WorkerContext
from worker.library.server_library import ServerLibrary, all_servers


def forget(context: WorkerContext, request: LibraryRequest) -> Done:
    """Delete all about the member who asks; the answer says what and how much.

    Data sets come first: should this fail there, the records still name what is left to delete.

    Raises:
        DataError: a data set cannot be read or written.
        FileStoreUnavailable: a file cannot be deleted.
    """
    eraser = MemberEraser(context.connection, context.job_settings, request.requester_id)
    traces = eraser.find(but=request.job_id)
    pieces = _leave_data_sets(context, request.requester_id, traces)
    eraser.erase(traces)
    return Done(sentence=_sentence(traces, pieces))


def _leave_data_sets(context: WorkerContext, member_id: int, traces: MemberTraces) -> int:
    """Take the member's files, and their pieces that others starred, out of all data sets; how many went."""
    count = 0
    for server in all_servers(context.settings):
        removed = server.data_sets.forget(member_id, traces.made)
        if removed:
            _leave_trainings(server, {piece.sha256 for piece in removed})
            server.tell_names(context.connection)
        count += len(removed)
    return count


def _leave_trainings(server: ServerLibrary, removed: Collection[str]) -> None:
    """Delete the copies of `removed` (SHA-256) that trainings of the server keep, so that none is resumed with them."""
    for copy in server.training_copies:
        if hashlib.sha256(copy.read_bytes()).hexdigest() in removed:
            copy.unlink(missing_ok=True)


def _sentence(traces: MemberTraces, in_data_sets: int) -> str:
    """What was deleted, as the member reads it."""
    others = len(traces.jobs) - len(traces.pieces)
    counts = [
        (len(traces.pieces), "piece", "pieces"),
        (others, "other request", "other requests"),
        (len(traces.files), "file", "files"),
        (len(traces.stars), "star", "stars"),
        (in_data_sets, "entry in data sets", "entries in data sets"),
    ]
    told = [f"{count:,} {one if count == 1 else many}" for count, one, many in counts if count]
    if not told:
        return "Nothing was kept about you, so there was nothing to delete."
    return (
        f"Deleted: {', '.join(told)}. Messages with your pieces stay in Discord until you delete them there, and "
        "models that were already trained stay as they are."
    )
