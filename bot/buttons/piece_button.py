"""A button that belongs to a piece: its id names what it does, the job, and whoever asked for it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import discord

from bot.errors import answer
from jobs.contract import JobId

if TYPE_CHECKING:
    from bot.client import Cadenza

Press = Callable[["discord.Interaction[Cadenza]", JobId, int], Awaitable[None]]
TEMPLATE = r"cadenza:(?P<action>again|continue|delete|stop):(?P<job>[A-Za-z0-9_-]{1,64}):(?P<requester>\d{1,20})"


@dataclass(frozen=True)
class Look:
    """What a button looks like."""

    label: str
    style: discord.ButtonStyle
    emoji: str


LOOKS: Mapping[str, Look] = {
    "again": Look("Again", discord.ButtonStyle.primary, "🔁"),
    "continue": Look("Continue", discord.ButtonStyle.secondary, "⏩"),
    "delete": Look("Delete", discord.ButtonStyle.danger, "🗑️"),
    "stop": Look("Stop", discord.ButtonStyle.secondary, "⏹️"),
}


class PieceButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """Any of the buttons; what each does when pressed is registered by the client when it starts."""

    presses: ClassVar[dict[str, Press]] = {}

    def __init__(self, action: str, job_id: JobId, requester_id: int) -> None:
        look = LOOKS[action]
        custom_id = f"cadenza:{action}:{job_id}:{requester_id}"
        super().__init__(discord.ui.Button(label=look.label, style=look.style, emoji=look.emoji, custom_id=custom_id))
        self._press = (action, job_id, requester_id)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PieceButton:
        """The button that was pressed, rebuilt from its id."""
        return cls(match["action"], match["job"], int(match["requester"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button says; an error becomes words here, because discord.py would only log it."""
        action, job_id, requester_id = self._press
        try:
            await self.presses[action](interaction, job_id, requester_id)
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a press; explained and logged
            await answer(interaction, error)
