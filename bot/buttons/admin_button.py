"""A button about a server's data sets, models and trainings: its id names what it does, and to what.

A new one is a press in a file and a line in `ACTIONS`; each press checks for itself who may press it. What it is done
to is a data set's name, the job of a training or of an errand, or a model as 'name:version'.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from bot.buttons import insistence, promotion, removal, training
from bot.errors import answer
from bot.permissions import check_admin

if TYPE_CHECKING:
    from bot.client import Cadenza

Press = Callable[["discord.Interaction[Cadenza]", str], Awaitable[None]]


@dataclass(frozen=True)
class AdminAction:
    """What a button looks like, and what it does when it is pressed."""

    label: str
    style: discord.ButtonStyle
    emoji: str | None
    press: Press


async def _discard(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    name, _, version = subject.partition(":")
    await ask_first(interaction, f"Delete version `{version}` of the model `{name}`?", "erase_model", subject)


ACTIONS: Mapping[str, AdminAction] = {  # their names stand in the ids of messages that were sent long ago
    "stop": AdminAction("Stop", discord.ButtonStyle.secondary, "⏹️", training.stop),
    "resume": AdminAction("Train on", discord.ButtonStyle.primary, "⏩", training.resume),
    "promote": AdminAction("Promote", discord.ButtonStyle.success, "⬆️", promotion.promote),
    "rollback": AdminAction("Roll back", discord.ButtonStyle.secondary, "↩️", promotion.roll_back),
    "discard": AdminAction("Discard", discord.ButtonStyle.danger, "🗑️", _discard),
    "erase_model": AdminAction("Delete for good", discord.ButtonStyle.danger, None, removal.erase_model),
    "erase_set": AdminAction("Delete for good", discord.ButtonStyle.danger, None, removal.erase_set),
    "insist": AdminAction("All the same", discord.ButtonStyle.danger, None, insistence.press),
}
TEMPLATE = rf"cadenza-admin:(?P<action>{'|'.join(ACTIONS)}):(?P<subject>[A-Za-z0-9_:-]{{1,64}})"


class AdminButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """Any of the buttons; `label` where another says better what it does here."""

    def __init__(self, action: str, subject: str, label: str | None = None) -> None:
        look = ACTIONS[action]
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label or look.label,
            style=look.style,
            emoji=look.emoji,
            custom_id=f"cadenza-admin:{action}:{subject}",
        )
        super().__init__(button)
        self._pressed = (action, subject)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> AdminButton:
        """The button that was pressed, rebuilt from its id."""
        return cls(match["action"], match["subject"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button says; an error becomes words here, because discord.py would only log it."""
        action, subject = self._pressed
        try:
            await ACTIONS[action].press(interaction, subject)
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a press; explained and logged
            await answer(interaction, error)


async def ask_first(interaction: discord.Interaction[Cadenza], question: str, action: str, subject: str) -> None:
    """Ask an admin whether they mean it, which only they see; the button under the question does it.

    Raises:
        ServersOnly, AdminsOnly: it is not for whoever asks, or not here.
    """
    check_admin(interaction)
    view = discord.ui.View(timeout=None)
    view.add_item(AdminButton(action, subject))
    await interaction.response.send_message(f"{question} Nobody can bring it back.", view=view, ephemeral=True)
