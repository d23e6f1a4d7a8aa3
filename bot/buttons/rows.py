"""Which buttons a message carries."""

from __future__ import annotations

import discord

from bot.buttons.piece_button import PieceButton
from jobs.contract import ComposeRequest

RUNNING = ("stop",)
FINISHED = ("again", "continue", "vary", "delete")


def row(actions: tuple[str, ...], request: ComposeRequest) -> discord.ui.View:
    """One row of buttons for the piece of `request`; to be called on the event loop."""
    view = discord.ui.View(timeout=None)
    for action in actions:
        view.add_item(PieceButton(action, request.job_id, request.requester_id))
    return view
