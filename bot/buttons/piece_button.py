"""A button under a piece: its id names what it does, the job, and the member who asked for the piece.

The id is only a pointer: whether the member may use the piece is checked against the job's record.
A new button is a function here, a line in `ACTIONS`, and its name in `rows`.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from bot import errands, submission
from bot.buttons.made_piece import made_piece, midi_of
from bot.buttons.stopping import stop
from bot.errors import NotYours, PieceGone, ServersOnly, answer
from bot.replies import update_silently
from bot.submission import Composition
from jobs.contract import STARRED, AddToDataSet, JobId, Mode

if TYPE_CHECKING:
    from bot.client import Cadenza

Press = Callable[["discord.Interaction[Cadenza]", JobId], Awaitable[None]]

OVER = "This piece is finished already."


async def _again(interaction: discord.Interaction[Cadenza], job_id: JobId) -> None:
    """Ask for another piece with the same settings, for whoever presses."""
    await submission.rerun(interaction, job_id)


async def _continue(interaction: discord.Interaction[Cadenza], job_id: JobId) -> None:
    """Ask for what follows the piece, for whoever presses."""
    await submission.rerun(interaction, job_id, _continued)


async def _continued(interaction: discord.Interaction[Cadenza], piece: Composition) -> dict[str, Any]:
    was_variation = piece.request.mode is Mode.VARY  # it leaves its seed out; a continuation should not
    return await made_piece(interaction, piece) | {
        "mode": Mode.CONTINUE,
        "strength": None,
        "include_seed": was_variation or piece.request.include_seed,
    }


async def _vary(interaction: discord.Interaction[Cadenza], job_id: JobId) -> None:
    """Ask for a variation on the piece, for whoever presses."""
    await submission.rerun(interaction, job_id, _varied)


async def _varied(interaction: discord.Interaction[Cadenza], piece: Composition) -> dict[str, Any]:
    """A variation is as long as what it varies, so a requested length no longer counts."""
    own = {"mode": Mode.VARY, "include_seed": False, "length_s": None, "bars": None}
    return await made_piece(interaction, piece) | own


async def _star(interaction: discord.Interaction[Cadenza], job_id: JobId) -> None:
    """Add the piece to the server's data set of starred pieces, for any member; only they are told.

    Raises:
        ServersOnly: a direct message has no data sets.
        PieceGone: the piece is no longer to be had.
    """
    if interaction.guild_id is None:
        raise ServersOnly("Stars belong")
    message_id = await submission.acknowledge(interaction, private=True)
    file = await midi_of(interaction, await submission.piece_of(interaction, job_id))
    action = AddToDataSet(name=STARRED, files=(file,), source="starred", create_as="composed")
    await errands.submit(interaction, action, message_id)


async def _delete(interaction: discord.Interaction[Cadenza], job_id: JobId) -> None:
    """Delete the message that holds the button.

    Raises:
        NotYours: the message answers another member.
    """
    if not await _is_own_message(interaction, job_id):
        raise NotYours("delete")
    await update_silently(interaction)
    await interaction.delete_original_response()


async def _is_own_message(interaction: discord.Interaction[Cadenza], job_id: JobId) -> bool:
    """Whether the message under the button answers whoever presses it: by Discord's word, else by the job's record."""
    message = interaction.message
    if message is None or interaction.guild_id is None:  # a direct message is its reader's
        return True
    if message.interaction_metadata is not None:
        return message.interaction_metadata.user.id == interaction.user.id
    if interaction.user.id in [user.id for user in message.mentions]:  # one that was delivered late names its reader
        return True
    record = await interaction.client.board.record(job_id)
    return (
        record is not None
        and record.delivery.message_id == message.id
        and record.request.requester_id == interaction.user.id
    )


async def _stop(interaction: discord.Interaction[Cadenza], job_id: JobId) -> None:
    """End a running or waiting job, and show at once what is kept; the piece so far is delivered.

    Raises:
        NotYours: another member asked for it.
        PieceGone: it is not known.
    """
    record = await interaction.client.board.record(job_id)
    Composition.of(record)
    if record is None or not submission.may_see(interaction, record):
        raise PieceGone
    if interaction.user.id != record.request.requester_id:
        raise NotYours("stop")
    await stop(interaction, record, OVER)


@dataclass(frozen=True)
class PieceAction:
    """What a button looks like, and what it does. `starts` names what it starts, where pressing it twice is a slip."""

    label: str
    style: discord.ButtonStyle
    emoji: str
    press: Press
    starts: str | None = None


ACTIONS: Mapping[str, PieceAction] = {  # their names stand in the ids of messages that were sent long ago
    "again": PieceAction("Again", discord.ButtonStyle.primary, "🔁", _again, "Your next piece"),
    "continue": PieceAction("Continue", discord.ButtonStyle.secondary, "⏩", _continue, "Your next piece"),
    "vary": PieceAction("Vary", discord.ButtonStyle.secondary, "🎲", _vary, "Your next piece"),
    "star": PieceAction("Star", discord.ButtonStyle.secondary, "⭐", _star, "Your star"),
    "delete": PieceAction("Delete", discord.ButtonStyle.danger, "🗑️", _delete),
    "stop": PieceAction("Stop", discord.ButtonStyle.secondary, "⏹️", _stop),
}
TEMPLATE = rf"cadenza:(?P<action>{'|'.join(ACTIONS)}):(?P<job>[A-Za-z0-9_-]{{1,64}}):(?P<requester>\d{{1,20}})"


class PieceButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=TEMPLATE):
    """Any of the buttons."""

    def __init__(self, action: str, job_id: JobId, requester_id: int) -> None:
        look = ACTIONS[action]
        custom_id = f"cadenza:{action}:{job_id}:{requester_id}"
        super().__init__(discord.ui.Button(label=look.label, style=look.style, emoji=look.emoji, custom_id=custom_id))
        self._pressed = (action, job_id)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> PieceButton:
        """The button that was pressed, rebuilt from its id."""
        return cls(match["action"], match["job"], int(match["requester"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do what the button says; an error becomes words here, because discord.py would only log it."""
        name, job_id = self._pressed
        action = ACTIONS[name]
        try:
            if action.starts is None:
                await action.press(interaction, job_id)
            else:
                with interaction.client.presses.once(interaction, self.custom_id, action.starts):
                    await action.press(interaction, job_id)
        except Exception as error:  # noqa: BLE001 - the outermost boundary of a press; explained and logged
            await answer(interaction, error)
