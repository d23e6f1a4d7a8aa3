"""`/queue mine` and `/queue server`: what waits and runs. Only whoever asks sees the answer."""

from __future__ import annotations

from discord import app_commands

from bot.context import Interaction
from bot.features.compose.requests import may_see
from bot.features.queue.cards import OpenJob, mine_card, server_card
from bot.message import MessageParts
from bot.permissions import check_in_server
from bot.replies import acknowledge, answer
from jobs.contract import Kind, Record
from jobs.estimates import QueueState

command = app_commands.Group(name="queue", description="See what is waiting and running, and for how long.")


@command.command(name="mine", description="Your requests that are waiting or running.")
async def mine(interaction: Interaction) -> None:
    """List them, from all servers."""
    await acknowledge(interaction, private=True)
    records = await interaction.client.board.open_jobs()
    own = [record for record in records if record.request.requester_id == interaction.user.id]
    await answer(interaction, MessageParts(card=mine_card(await _described(interaction, own))))


@command.command(name="server", description="What is waiting and running on this server.")
async def server(interaction: Interaction) -> None:
    """List what whoever asks may see, and say how long a new piece would take.

    Raises:
        ServersOnly: it is a direct message.
    """
    guild_id = check_in_server(interaction)
    await acknowledge(interaction, private=True)
    records = await interaction.client.board.open_jobs()
    here = [record for record in records if record.request.guild_id == guild_id]
    seen = [record for record in here if may_see(interaction, record)]
    state = await interaction.client.board.queue_state()
    card = server_card(await _described(interaction, seen), len(here) - len(seen), state)
    await answer(interaction, MessageParts(card=card))


async def _described(interaction: Interaction, records: list[Record]) -> list[OpenJob]:
    """Each job with its state now, and the seconds until it is ready where that is known."""
    board = interaction.client.board
    states: dict[Kind, QueueState] = {}
    found = []
    for record in records:
        if record.kind not in states:
            states[record.kind] = await board.queue_state(record.kind)
        update = await board.state(record.job_id)
        if update.stage.is_final:
            continue
        ready_s = None if update.position is None else states[record.kind].ready_s(update.position)
        found.append(OpenJob(record, update, ready_s))
    return found
