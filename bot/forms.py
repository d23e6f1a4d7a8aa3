"""Which forms (modals) this process opened: one that was opened before a restart gets an answer all the same."""

from __future__ import annotations

import secrets
from collections import deque

MOST_OPEN = 1_000  # the oldest is forgotten then


class OpenForms:
    """The custom ids of the forms that this process can still take."""

    def __init__(self) -> None:
        self._ids: deque[str] = deque(maxlen=MOST_OPEN)

    def new_id(self, name: str) -> str:
        """The custom id of a form that is opened now."""
        form_id = f"cadenza-form:{name}:{secrets.token_hex(8)}"
        self._ids.append(form_id)
        return form_id

    def close(self, form_id: str) -> None:
        """Take the form no longer."""
        if form_id in self._ids:
            self._ids.remove(form_id)

    def __contains__(self, form_id: object) -> bool:
        return form_id in self._ids
