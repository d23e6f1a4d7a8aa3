"""The slash commands, one file each, named after the command. A new one is a new file and a line in `ALL`.

compose  a piece from nothing, or the continuation of an attached MIDI file
help     what the bot can do, and how to begin
models   which models can compose just now
ping     whether Discord, Redis and the workers are well
"""

from __future__ import annotations

from discord import app_commands

from bot.commands import compose, models, ping
from bot.commands import help as help_

ALL: tuple[app_commands.Command, ...] = (compose.command, help_.command, models.command, ping.command)
