"""What a worker counts and measures for Prometheus; `worker.monitoring` serves it.

docs/monitoring.md and deploy/monitoring/ name these metrics, too. Labels are few, and none names a member or a server.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Counter, Histogram

from jobs.contract import AnyResult, ComposeResult, Failure
from jobs.progress import ProgressReporter

WAITS_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
STAGES_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 240)
JOBS_S = (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 240, 900, 3600, 14400, 86400)

QUEUE_WAIT = Histogram(
    "cadenza_queue_wait_seconds", "From the queue to a slot, each attempt for itself", ["kind"], buckets=WAITS_S
)
JOB_SECONDS = Histogram("cadenza_job_seconds", "One attempt at a job", ["kind"], buckets=JOBS_S)
STAGE_SECONDS = Histogram(
    "cadenza_compose_stage_seconds",
    "Parts of the way of a piece, by the names of its timings",
    ["stage"],
    buckets=STAGES_S,
)
JOBS_ENDED = Counter("cadenza_jobs_ended", "Jobs by what came of them; code: of the failure", ["outcome", "code"])
NOTES = Counter("cadenza_notes_composed", "Notes of the pieces that were done")
LEASES = Counter("cadenza_model_leases", "Models taken for a job; loaded: whether it was in memory", ["loaded"])


class CountingReporter(ProgressReporter):
    """A reporter that counts how jobs end; only who settles a job counts it."""

    def done(self, result: AnyResult) -> bool:
        """Settle the job with its result; False when it was settled before."""
        is_settled = super().done(result)
        if is_settled:
            JOBS_ENDED.labels("done", "").inc()
            if isinstance(result, ComposeResult):
                _observe_piece(result.timings, result.notes)
        return is_settled

    def failed(self, failure: Failure) -> bool:
        """Settle the job as failed; False when it was settled before."""
        is_settled = super().failed(failure)
        if is_settled:
            JOBS_ENDED.labels("failed", failure.code).inc()
        return is_settled

    def cancelled(self) -> bool:
        """Settle the job as cancelled; False when it was settled before."""
        is_settled = super().cancelled()
        if is_settled:
            JOBS_ENDED.labels("cancelled", "").inc()
        return is_settled

    def requeued(self) -> bool:
        """Report that the job is waiting again; False when it is settled."""
        is_open = super().requeued()
        if is_open:
            JOBS_ENDED.labels("requeued", "").inc()
        return is_open


def _observe_piece(timings: Mapping[str, float], notes: int) -> None:
    for stage, seconds in timings.items():
        STAGE_SECONDS.labels(stage).observe(seconds)
    NOTES.inc(notes)
