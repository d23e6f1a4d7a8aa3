"""Stop: ends a job and shows at once what is kept; the result follows in the same message."""

from __future__ import annotations

from bot.context import Interaction
from bot.features.embeds import stopping_card
from bot.message import MessageParts
from bot.replies import answer, replace_message, update_silently
from jobs.client import CancelOutcome
from jobs.contract import Record


async def stop(interaction: Interaction, record: Record, over: str) -> None:
    """End the job of `record`, whose message holds the button; `over` is said where it has ended."""
    client = interaction.client
    outcome, message = await client.tracker.stop(record)
    if outcome is CancelOutcome.TOO_LATE:
        await answer(interaction, over)
        return
    update = await client.board.state(record.job_id)
    async with message as may_edit:
        if may_edit and outcome is CancelOutcome.STOPPING and not update.stage.is_final:
            await replace_message(interaction, MessageParts(card=stopping_card(record.request, update)))
            return
    await update_silently(interaction)  # the result shows in a moment
