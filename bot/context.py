"""What features may use of the running bot. They know `BotContext`, and never the client that implements it."""

from __future__ import annotations

import contextlib
import secrets
from collections import deque
from typing import Any, Protocol, TypeAlias

import discord
from discord import app_commands

from jobs import JobClient
from jobs.client import CancelOutcome
from jobs.contract import JobId, Record

MOST_OPEN = 1_000  # the oldest is forgotten then


class Tracker(Protocol):
    """Follows jobs and delivers their results: see `bot.delivery.tracker`."""

    def follow(self, record: Record) -> None:
        """Follow the job of `record` from now on."""

    def is_following(self, job_id: JobId) -> bool:
        """Whether the job's result is still to come."""

    def forget(self, user_id: int) -> None:
        """Drop what could not be delivered to a member."""

    async def stop(self, record: Record) -> tuple[CancelOutcome, contextlib.AbstractAsyncContextManager[bool]]:
        """End a job. The outcome, and a context in which nothing else edits its message."""


class Presses(Protocol):
    """Notices a button that is pressed twice: see `bot.buttons.RecentPresses`."""

    def once(self, interaction: Interaction, custom_id: str, what: str) -> contextlib.AbstractContextManager[None]:
        """Handle a press inside."""


class OpenForms:
    """The custom ids of the forms (modals) that this process can still take.

    One that was opened before a restart is answered all the same: it is out of date.
    """

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


class BotContext(discord.AutoShardedClient):
    """The parts of the client that features use. A class and not a Protocol: an interaction's client is a Client.

    Discord says at the start how many shards the bot needs; from 2,500 servers on it takes several.
    """

    board: JobClient
    tracker: Tracker
    presses: Presses
    forms: OpenForms
    tree: app_commands.CommandTree[Any]
    max_seed_bytes: int


Interaction: TypeAlias = "discord.Interaction[BotContext]"
