"""The slash commands, one file each, named after the command. A new one is a new file and a line in `ALL`."""

from __future__ import annotations

from discord import app_commands

from bot.commands import compose, models, ping
from bot.commands import help as help_

ALL: tuple[app_commands.Command, ...] = (compose.command, help_.command, models.command, ping.command)
