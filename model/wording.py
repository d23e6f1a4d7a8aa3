"""Small pieces of sentences that more than one module writes."""

from __future__ import annotations

from collections.abc import Sequence


def listing(words: Sequence[str]) -> str:
    """'drums', 'bass and drums', 'piano, bass and drums'."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
