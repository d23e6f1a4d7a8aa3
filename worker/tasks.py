"""The functions that the queue names. They take ids only; what is asked for stands in the record."""

from __future__ import annotations

from worker import desk
from worker.commission import Commission
from worker.library.errand import Errand
from worker.training.apprenticeship import Apprenticeship


def compose(job_id: str) -> None:
    """Compose what the record of `job_id` asks for; safe to run twice."""
    Commission(job_id, desk.current()).carry_out()


def library(job_id: str) -> None:
    """Do with a server's data sets or models what the record of `job_id` asks for; safe to run twice."""
    Errand(job_id, desk.current()).carry_out()


def train(job_id: str) -> None:
    """Train as the record of `job_id` asks, from where an earlier attempt left off."""
    Apprenticeship(job_id, desk.current()).carry_out()
