"""Notices a button that is pressed twice: the second press would start the same work again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import discord

from bot.errors import AlreadyAsked

if TYPE_CHECKING:
    from bot.client import Cadenza

TOO_SOON = timedelta(seconds=2)  # between two presses of the same button by the same member
MOST_REMEMBERED = 2_000

Key = tuple[int, int, str]  # member, message, custom id


class Presses:
    """The latest presses of buttons that start a job."""

    def __init__(self) -> None:
        self._latest: dict[Key, discord.Interaction[Cadenza]] = {}

    @contextmanager
    def once(self, interaction: discord.Interaction[Cadenza], custom_id: str, what: str) -> Iterator[None]:
        """Handle a press inside; one that fails may be repeated at once.

        Raises:
            AlreadyAsked: the same member pressed the same button a moment ago, or the job of that press is still open.
        """
        key = (interaction.user.id, interaction.message.id if interaction.message else 0, custom_id)
        before = self._latest.get(key)
        if before is not None and self._is_pending(before, interaction):
            raise AlreadyAsked(what)
        self._latest.pop(key, None)
        self._latest[key] = interaction
        if len(self._latest) > MOST_REMEMBERED:
            self._latest.pop(next(iter(self._latest)))
        try:
            yield
        except BaseException:
            self._latest.pop(key, None)
            raise

    @staticmethod
    def _is_pending(before: discord.Interaction[Cadenza], now: discord.Interaction[Cadenza]) -> bool:
        is_open = now.client.tracker.is_following(str(before.id))
        return is_open or now.created_at - before.created_at < TOO_SOON
