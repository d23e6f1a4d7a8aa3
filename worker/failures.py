"""The failures a worker reports; each sentence is shown to the member as it is."""

from __future__ import annotations

import re

from jobs.contract import Failure
from model.errors import ModelError


def model_failure(error: ModelError) -> Failure:
    """What `model` refused, in its own words."""
    code = getattr(error, "code", None) or _snake(type(error).__name__.removesuffix("Error"))
    return Failure(code=str(code), sentence=error.sentence)


def internal_failure(incident: str, attempts: int) -> Failure:
    """A fault of ours that came back in every attempt; `incident` finds the log entry."""
    tries = "twice" if attempts == 2 else f"{attempts} times"
    sentence = f"Something broke while composing this piece; it was tried {tries}. "
    return Failure(
        code="internal",
        sentence=f"{sentence}If it happens again, tell whoever runs this bot the number {incident}.",
        incident=incident,
    )


def timed_out(limit_s: int) -> Failure:
    """The attempt ran longer than a job may."""
    return Failure(
        code="timed_out",
        sentence=f"This piece took longer than the {limit_s} seconds a piece may take. Ask for a shorter one.",
    )


SILENT = Failure(
    code="silent",
    sentence="Nothing came of this one: the model stayed silent. Try another random seed or a higher temperature.",
)


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
