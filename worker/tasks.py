"""The functions that RQ's jobs name. They take ids only: what is asked for is in the record."""

from __future__ import annotations

from worker.context import current_context
from worker.handlers.compose import ComposeHandler
from worker.handlers.describe import DescribeHandler
from worker.handlers.library import LibraryHandler
from worker.handlers.training import TrainingHandler


def compose(job_id: str) -> None:
    """Compose a piece; safe to run twice."""
    ComposeHandler(job_id, current_context()).run()


def describe(job_id: str) -> None:
    """Describe a MIDI file; safe to run twice."""
    DescribeHandler(job_id, current_context()).run()


def library(job_id: str) -> None:
    """Change or show a server's data sets or models; safe to run twice."""
    LibraryHandler(job_id, current_context()).run()


def train(job_id: str) -> None:
    """Train a model, from where an earlier attempt left off."""
    TrainingHandler(job_id, current_context()).run()
