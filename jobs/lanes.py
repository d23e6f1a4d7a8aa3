"""What differs between the kinds of jobs: their queue, who may have how many open, how long one may take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from jobs.contract import ComposeRequest, Kind, LibraryRequest, TrainRequest
from jobs.settings import JobSettings

AnyRequest = ComposeRequest | LibraryRequest | TrainRequest

Owner = Literal["member", "server"]
KINDS: tuple[Kind, ...] = ("compose", "library", "train")


@dataclass(frozen=True)
class Lane:
    """How the jobs of one kind go.

    `in_turn` lets an owner's jobs run one after another. The last free slot of a worker is kept for a member, or a
    server, without a running job: `reserved_for`.
    """

    kind: Kind
    queue: str
    task: str
    timeout_s: int
    retries: int
    open_limit: int
    owner_open_limit: int
    open_job_limit_s: int
    reserved_for: Owner = "server"
    in_turn: bool = False


def lane_of(kind: Kind, settings: JobSettings) -> Lane:
    """The lane of jobs of `kind`."""
    if kind == "library":
        return Lane(
            kind, settings.library_queue, "worker.tasks.library", settings.library_timeout_s, settings.retries,
            settings.open_jobs_limit, settings.server_open_errands_limit, settings.open_job_limit_s,
        )  # fmt: skip
    if kind == "train":
        return Lane(
            kind, settings.train_queue, "worker.tasks.train", settings.training_timeout_s, settings.training_retries,
            settings.open_trainings_limit, settings.server_open_trainings_limit, 2 * settings.training_timeout_s,
            in_turn=True,
        )  # fmt: skip
    return Lane(
        kind, settings.queue, "worker.tasks.compose", settings.job_timeout_s, settings.retries,
        settings.open_jobs_limit, settings.member_open_jobs_limit, settings.open_job_limit_s, reserved_for="member",
    )  # fmt: skip


def owner_of(request: AnyRequest) -> int:
    """Whose limit a job counts towards: the member's for a piece, else the server's."""
    return owner_in(request.kind, request.requester_id, request.guild_id)


def server_of(request: AnyRequest) -> str:
    """The server whose turn a job takes; a member's private messages count as a server of their own."""
    return f"member {request.requester_id}" if request.guild_id is None else str(request.guild_id)


def member_of(request: AnyRequest) -> str:
    """The member whose turn a job takes."""
    return str(request.requester_id)


def owner_in(kind: Kind, requester_id: int, guild_id: int | None) -> int:
    """The same for a request that is not to be read as a whole."""
    return requester_id if kind == "compose" else guild_id or requester_id
