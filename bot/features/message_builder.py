"""What a job's message holds, whatever its kind: while it is on its way, and at its end."""

from __future__ import annotations

from bot.buttons import admin_view
from bot.errors import Explained
from bot.features import library_answers
from bot.features.compose import cards as pieces
from bot.features.describe import cards as descriptions
from bot.features.embeds import stopping_card
from bot.features.training import cards as trainings
from bot.message import MessageParts
from bot.wording import harmless
from jobs import JobClient
from jobs.contract import (
    ComposeRequest,
    ComposeResult,
    DescribeRequest,
    DescribeResult,
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
    "compose": "Stopped before there was anything to hear. Use `/compose` for another piece.",
    "describe": "This was stopped before it was finished. Use the command again if you still want it.",
    "library": "This was stopped before it was finished. Use the command again if you still want it.",
    "train": "Stopped before anything was learned. `/train start` starts again.",
}
FAILED: dict[Kind, str] = {
    "compose": "The piece couldn't be composed. Try again.",
    "describe": "The file couldn't be described. Try again.",
    "library": "This didn't work. Try again.",
    "train": "The training couldn't continue. Try again.",
}
SENTENCES: dict[tuple[Kind, str], str] = {  # where the jobs have one sentence for all kinds
    ("compose", "lost"): "This piece was lost on the way. Please ask for it again.",
    ("describe", "lost"): "This request was lost on the way. Please ask for it again.",
    ("library", "lost"): "This command was lost on the way. Check what is there, then use it again.",
    ("train", "lost"): "This training was lost on the way. `/train resume` continues from its last checkpoint.",
    ("library", "timed_out"): "This command took too long. Check what is there, then try again with fewer files.",
    ("train", "timed_out"): "This training took too long. `/train resume` continues from its last checkpoint.",
    ("library", "unknown_job"): "This command is no longer kept. Use it again.",
    ("train", "unknown_job"): "This training is no longer kept. `/train list` shows those that are.",
}
CONTINUABLE = ("lost", "worker_lost", "training_died", "timed_out")  # a training has a checkpoint then
OURS = ("lost", "worker_lost", "timed_out", "internal", "silent")  # failures that are not the member's doing


async def progress_parts(board: JobClient, record: Record, update: Update) -> MessageParts:
    """The parts while the job is on its way.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    if update.stopping and update.stage is not Stage.QUEUED:
        return MessageParts(card=stopping_card(record.request, update))
    match record.request:
        case ComposeRequest() as request:
            return pieces.progress_parts(request, update)
        case TrainRequest() as request:
            return await trainings.progress_parts(board, request, update)
        case DescribeRequest():
            return descriptions.progress_parts(update)
        case LibraryRequest():
            return library_answers.progress_parts(update)


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
        case DescribeRequest() as request, DescribeResult() as result:
            return await descriptions.finished_parts(board, request, result)
        case LibraryRequest() as request, LibraryResult() as result:
            return await library_answers.finished_parts(board, request, result, limit_bytes)
    if update.stage is Stage.CANCELLED:
        return MessageParts(content=CANCELLED[record.kind])
    if update.failure is None:
        return MessageParts(content=FAILED[record.kind])
    return _failed_parts(record, update.failure)


async def bare_parts(board: JobClient, update: Update, limit_bytes: int, said: str) -> MessageParts:
    """The parts where the card could not be made: the piece's files, and `said`, which has the incident's number.

    Raises:
        QueueUnreachable: Redis does not answer.
    """
    if not isinstance(update.result, ComposeResult):
        return MessageParts(content=said)
    attached, remarks = await pieces.files_of(board, update.result, limit_bytes)
    return MessageParts(content="\n".join([f"Your piece is ready. {said}", *remarks]), attached=attached)


def _failed_parts(record: Record, failure: Failure) -> MessageParts:
    sentence = SENTENCES.get((record.kind, failure.code), failure.sentence)
    may_continue = record.kind == "train" and failure.code in CONTINUABLE
    return MessageParts(
        content=str(Explained(harmless(sentence), failure.incident)),
        buttons=admin_view(("resume", record.job_id)) if may_continue else None,
        is_refusal=record.kind in ("compose", "describe") and failure.incident is None and failure.code not in OURS,
    )
