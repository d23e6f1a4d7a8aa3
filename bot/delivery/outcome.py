"""What a job's message holds, whatever its kind: while it is on its way, and at its end."""

from __future__ import annotations

from bot.buttons.rows import resuming_row
from bot.delivery import errands, pieces, trainings
from bot.delivery.message import MessageParts
from bot.errors import Explained
from jobs import JobClient
from jobs.contract import (
    ComposeRequest,
    ComposeResult,
    Failure,
    Kind,
    LibraryRequest,
    LibraryResult,
    Record,
    Stage,
    TrainRequest,
    TrainResult,
    Update,
)

CANCELLED: dict[Kind, str] = {
    "compose": "Stopped before there was anything to hear. Use `/compose` to ask for another piece.",
    "library": "This was called off before it was done. Give the command again if you still want it.",
    "train": "Stopped before anything was learnt. `/train start` begins anew.",
}
FAILED: dict[Kind, str] = {
    "compose": "The piece could not be composed. Try again.",
    "library": "This could not be done. Try again.",
    "train": "The training could not go on. Try again.",
}
LOST: dict[Kind, str] = {  # what the jobs say of a lost piece, of what is none
    "library": "This was lost on its way. Look what is there, then give the command once more.",
    "train": "The training was lost on its way. `/train resume` goes on from its last checkpoint.",
}
BROKEN_OFF = (
    "lost",
    "worker_lost",
    "training_died",
    "timed_out",
)  # a training can go on


async def progress_parts(board: JobClient, record: Record, update: Update) -> MessageParts:
    """The parts while the job is on its way.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    match record.request:
        case ComposeRequest() as request:
            return pieces.progress_parts(request, update)
        case TrainRequest() as request:
            return await trainings.progress_parts(board, request, update)
        case LibraryRequest() as request:
            return errands.progress_parts(request, update)


async def final_parts(board: JobClient, record: Record, update: Update, limit_bytes: int) -> MessageParts:
    """The parts for a final `update`; files over `limit_bytes` are left out with a sentence.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    match record.request, update.result:
        case ComposeRequest() as request, ComposeResult() as result:
            return await pieces.finished_parts(board, request, result, limit_bytes)
        case TrainRequest() as request, TrainResult() as result:
            return await trainings.finished_parts(board, request, result, limit_bytes)
        case LibraryRequest() as request, LibraryResult() as result:
            return await errands.finished_parts(board, request, result, limit_bytes)
    if update.stage is Stage.CANCELLED:
        return MessageParts(content=CANCELLED[record.kind])
    if update.failure is None:
        return MessageParts(content=FAILED[record.kind])
    return _failed_parts(record, update.failure)


def _failed_parts(record: Record, failure: Failure) -> MessageParts:
    sentence = LOST.get(record.kind, failure.sentence) if failure.code == "lost" else failure.sentence
    may_go_on = record.kind == "train" and failure.code in BROKEN_OFF
    return MessageParts(
        content=str(Explained(sentence, failure.incident)),
        buttons=resuming_row(record.job_id) if may_go_on else None,
    )
