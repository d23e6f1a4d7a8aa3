"""What features may use of the running bot. They know this class, and never the client that implements it."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol, TypeAlias

import discord
from discord import app_commands

from bot.forms import OpenForms
from jobs import JobClient
from jobs.client import CancelOutcome
from jobs.contract import JobId, Record


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
