"""The shell commands of `python -m model`, one module each.

Every module has `HELP` (one sentence), `add_arguments(parser)` and `run(arguments)`, which returns what to print:
a dictionary for --json, and lines for people. Keras is imported inside `run` only, after the backend was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a command has to say: `figures` for --json, `text` for people."""

    figures: dict
    text: str
