"""From an interaction to a job in the queue, whatever its kind. How the reply gets back is `bot.delivery`'s."""

from __future__ import annotations

from bot.context import Interaction
from jobs.contract import AnyRequest, Delivery, ModelInfo
from jobs.errors import NoWorker
from jobs.logs import set_job

MIDI_TYPE = "audio/midi"


async def available_models(interaction: Interaction) -> list[ModelInfo]:
    """The models that can compose here, the default first.

    Raises:
        NoWorker: there is none.
    """
    models = await interaction.client.board.models(interaction.guild_id)
    if not models:
        raise NoWorker
    return models


async def submit(interaction: Interaction, request: AnyRequest, message_id: int) -> None:
    """Put `request` into the queue and let its reply be followed; a repeat of the same interaction is the same job.

    Raises:
        JobsError: queue full, no worker, unknown model, …; its sentence says what to do.
    """
    set_job(request.job_id)
    delivery = Delivery(
        application_id=interaction.application_id,
        interaction_token=interaction.token,
        channel_id=request.channel_id,
        parent_channel_id=getattr(interaction.channel, "parent_id", None),  # only threads have one
        user_id=request.requester_id,
        message_id=message_id,
        private=request.private,
        upload_limit_bytes=interaction.filesize_limit,
    )
    record = await interaction.client.board.submit(request, delivery)
    interaction.client.tracker.follow(record)


def origin(interaction: Interaction) -> dict[str, str | int | None]:
    """The fields of a request that say who asked, where, and under which id."""
    return {
        "job_id": str(interaction.id),
        "requester_id": interaction.user.id,
        "guild_id": interaction.guild_id,
        "channel_id": interaction.channel_id,
    }
