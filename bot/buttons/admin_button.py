"""A button about a server's data sets, models and trainings: its id names what it does, and to what.

A new one is a function here and a line in `ACTIONS`; each checks for itself who may press it. What it is done to is a
data set's name, the job of a training or of a library request, or a model as 'name:version'.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from bot import errands, trainings
from bot.buttons.stopping import stop
from bot.errors import AdminsOnly, OutdatedForm, answer
from bot.permissions import check_in_server, is_admin
from bot.trainings import request_of
from jobs.admission import validated
from jobs.contract import DeleteDataSet, DeleteModel, LibraryResult, NeedsConfirmation, PromoteModel, RollBackModel

if TYPE_CHECKING:
    from bot.client import Cadenza

Press = Callable[["discord.Interaction[Cadenza]", str], Awaitable[None]]

OVER = "This training is finished already."


async def _stop(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """End the training `subject`, for an admin or whoever started it; what it learned so far is kept and evaluated.

    Raises:
        AdminsOnly: somebody else presses it.
        TrainingGone: it is no longer known.
    """
    guild_id = check_in_server(interaction)
    record = await interaction.client.board.record(subject)
    request = request_of(record, guild_id)
    if record is None or (interaction.user.id != request.requester_id and not is_admin(interaction)):
        raise AdminsOnly
    await stop(interaction, record, OVER)


async def _resume(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Continue from where the training `subject` got to, for as long again, in a message of its own. For admins."""
    message_id = await trainings.acknowledge(interaction)
    older = request_of(await interaction.client.board.record(subject), interaction.guild_id or 0)
    await trainings.resume(interaction, older, {}, message_id)


async def _promote(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Use the version in `subject`, 'name:version', from now on; the admin is asked first about one that copies."""
    name, _, version = subject.partition(":")
    await errands.ask(interaction, validated(PromoteModel, {"name": name, "version": version or None}))


async def _roll_back(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Use the version of the model `subject` that was used before."""
    await errands.ask(interaction, validated(RollBackModel, {"name": subject}))


async def _discard(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Delete a version, once the admin has confirmed it."""
    name, _, version = subject.partition(":")
    await errands.ask(interaction, validated(DeleteModel, {"name": name, "version": version or None}))


async def _erase_model(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Delete the model in `subject`, 'name:version' or 'name' for all versions: a question of older messages."""
    name, _, version = subject.partition(":")
    await errands.ask(
        interaction, validated(DeleteModel, {"name": name, "version": version or None, "confirmed": True})
    )


async def _erase_set(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Delete the data set `subject`: a question of older messages."""
    await errands.ask(interaction, validated(DeleteDataSet, {"name": subject, "confirmed": True}))


async def _confirm(interaction: discord.Interaction[Cadenza], subject: str) -> None:
    """Do what the answer to the library request `subject` asked about.

    Raises:
        AdminsOnly: somebody else presses it.
        OutdatedForm: the answer is no longer kept.
    """
    message_id = await errands.acknowledge(interaction)
    record = await interaction.client.board.record(subject)
    result = record.result if record is not None and record.request.guild_id == interaction.guild_id else None
    if not isinstance(result, LibraryResult) or not isinstance(result.answer, NeedsConfirmation):
        raise OutdatedForm("question", "Use the command again.")
    await errands.submit(interaction, result.answer.action, message_id)


@dataclass(frozen=True)
class AdminAction:
    """What a button looks like, and what it does. `starts` names what it starts, where pressing it twice is a slip."""

    label: str
    style: discord.ButtonStyle
    emoji: str | None
    press: Press
    starts: str | None = "Your request"


ACTIONS: Mapping[str, AdminAction] = {  # their names stand in the ids of messages that were sent long ago
    "stop": AdminAction("Stop", discord.ButtonStyle.secondary, "⏹️", _stop, None),
    "resume": AdminAction("Train on", discord.ButtonStyle.primary, "⏩", _resume, "The training"),
    "promote": AdminAction("Promote", discord.ButtonStyle.success, "⬆️", _promote),
    "rollback": AdminAction("Roll back", discord.ButtonStyle.secondary, "↩️", _roll_back),
    "discard": AdminAction("Discard", discord.ButtonStyle.danger, "🗑️", _discard),
    "erase_model": AdminAction("Delete for good", discord.ButtonStyle.danger, None, _erase_model),
    "erase_set": AdminAction("Delete for good", discord.ButtonStyle.danger, None, _erase_set),
    "insist": AdminAction("Do it anyway", discord.ButtonStyle.danger, None, _confirm),
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
        name, subject = self._pressed
        action = ACTIONS[name]
        try:
            if action.starts is None:
                await action.press(interaction, subject)
            else:
                with interaction.client.presses.once(interaction, self.custom_id, action.starts):
                    await action.press(interaction, subject)
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a press; explained and logged
            await answer(interaction, error)
