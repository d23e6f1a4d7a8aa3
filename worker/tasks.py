"""The functions that the queue names. They take ids only; what is asked for stands in the record."""

from __future__ import annotations

from worker import desk
from worker.commission import Commission


def compose(job_id: str) -> None:
    """Compose what the record of `job_id` asks for; safe to run twice."""
    Commission(job_id, desk.current()).carry_out()
