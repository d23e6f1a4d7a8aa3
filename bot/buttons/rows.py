"""Which buttons a message carries. A view is built for each sending, on the event loop, as discord.py requires."""

from __future__ import annotations

import discord

from bot.buttons.admin_button import AdminButton
from bot.buttons.piece_button import PieceButton
from bot.delivery.message import MakesView
from jobs.contract import ComposeRequest, JobId, PromoteModel, TrainResult
from jobs.contract import NeedsConfirmation as Question

RUNNING = ("stop",)
FINISHED = ("again", "continue", "vary", "star", "delete")  # a row holds five


def piece_row(actions: tuple[str, ...], request: ComposeRequest) -> MakesView:
    """Buttons for the piece of `request`."""
    return lambda: _row(*(PieceButton(action, request.job_id, request.requester_id) for action in actions))


def running_training_row(job_id: JobId) -> MakesView:
    """The button under a training on its way."""
    return lambda: _row(AdminButton("stop", job_id))


def trained_row(result: TrainResult) -> MakesView:
    """What can be done with the result of a training."""
    candidate = f"{result.name}:{result.model_version}"
    return lambda: _row(
        AdminButton("promote", candidate), AdminButton("resume", result.job_id), AdminButton("discard", candidate)
    )


def resuming_row(job_id: JobId) -> MakesView:
    """To continue a training that was interrupted."""
    return lambda: _row(AdminButton("resume", job_id))


def roll_back_row(model: str) -> MakesView:
    """To use the version of `model` that was used before."""
    return lambda: _row(AdminButton("rollback", model))


def insisting_row(job_id: JobId, question: Question) -> MakesView:
    """To do what the library request `job_id` asked about."""
    label = "Promote anyway" if isinstance(question.action, PromoteModel) else "Delete for good"
    return lambda: _row(AdminButton("insist", job_id, label))


def _row(*items: PieceButton | AdminButton) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
