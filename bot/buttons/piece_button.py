"""A button that belongs to a piece: its id names what it does, the job, and whoever asked for it.

A new button is a file with a `press`, a line in `ACTIONS`, and its name in `rows`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from bot.buttons import again, continuation, deletion, star, stop, variation
from bot.errors import answer
from jobs.contract import JobId

if TYPE_CHECKING:
    from bot.client import Cadenza

Press = Callable[["discord.Interaction[Cadenza]", JobId, int], Awaitable[None]]


@dataclass(frozen=True)
class Action:
    """What a button looks like, and what it does when it is pressed."""

    label: str
    style: discord.ButtonStyle
    emoji: str
    press: Press


ACTIONS: Mapping[str, Action] = {  # their names stand in the ids of messages that were sent long ago
    "again": Action("Again", discord.ButtonStyle.primary, "🔁", again.press),
    "continue": Action("Continue", discord.ButtonStyle.secondary, "⏩", continuation.press),
    "vary": Action("Vary", discord.ButtonStyle.secondary, "🎲", variation.press),
    "star": Action("Star", discord.ButtonStyle.secondary, "⭐", star.press),
    "delete": Action("Delete", discord.ButtonStyle.danger, "🗑️", deletion.press),
    "stop": Action("Stop", discord.ButtonStyle.secondary, "⏹️", stop.press),
}
TEMPLATE = rf"cadenza:(?P<action>{'|'.join(ACTIONS)}):(?P<job>[A-Za-z0-9_-]{{1,64}}):(?P<requester>\d{{1,20}})"


class PieceButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """Any of the buttons."""

    def __init__(self, action: str, job_id: JobId, requester_id: int) -> None:
        look = ACTIONS[action]
        custom_id = f"cadenza:{action}:{job_id}:{requester_id}"
        super().__init__(discord.ui.Button(label=look.label, style=look.style, emoji=look.emoji, custom_id=custom_id))
        self._pressed = (action, job_id, requester_id)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PieceButton:
        """The button that was pressed, rebuilt from its id."""
        return cls(match["action"], match["job"], int(match["requester"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button says; an error becomes words here, because discord.py would only log it."""
        action, job_id, requester_id = self._pressed
        try:
            await ACTIONS[action].press(interaction, job_id, requester_id)
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a press; explained and logged
            await answer(interaction, error)
