"""What is raised on purpose: a measurement that cannot be taken, with the reason in a sentence."""

from __future__ import annotations


class BenchmarkError(Exception):
    """Raised when something that is to be measured does not run here; its text is a sentence."""
