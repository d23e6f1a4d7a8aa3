"""Which buttons a message carries. A row is made anew for each sending, on the event loop, as discord.py wants it."""

from __future__ import annotations

from collections.abc import Callable

import discord

from bot.buttons.admin_button import AdminButton
from bot.buttons.piece_button import PieceButton
from jobs.contract import ComposeRequest, JobId, PromoteModel, TrainResult
from jobs.contract import NeedsConfirmation as Question

RUNNING = ("stop",)
FINISHED = ("again", "continue", "vary", "star", "delete")  # Discord takes five in a row

MakesRow = Callable[[], discord.ui.View]


def piece_row(actions: tuple[str, ...], request: ComposeRequest) -> MakesRow:
    """Buttons for the piece of `request`."""
    return lambda: _row(*(PieceButton(action, request.job_id, request.requester_id) for action in actions))


def running_training_row(job_id: JobId) -> MakesRow:
    """The button under a training on its way."""
    return lambda: _row(AdminButton("stop", job_id))


def trained_row(result: TrainResult) -> MakesRow:
    """What may be done with what a training made."""
    candidate = f"{result.name}:{result.model_version}"
    return lambda: _row(
        AdminButton("promote", candidate), AdminButton("resume", result.job_id), AdminButton("discard", candidate)
    )


def resuming_row(job_id: JobId) -> MakesRow:
    """To go on with a training that broke off."""
    return lambda: _row(AdminButton("resume", job_id))


def roll_back_row(model: str) -> MakesRow:
    """The way back for a model that means another version from now on."""
    return lambda: _row(AdminButton("rollback", model))


def insisting_row(job_id: JobId, question: Question) -> MakesRow:
    """To do what the errand `job_id` held back."""
    label = "Promote all the same" if isinstance(question.action, PromoteModel) else "Do it all the same"
    return lambda: _row(AdminButton("insist", job_id, label))


def _row(*items: PieceButton | AdminButton) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for item in items:
        view.add_item(item)
    return view
