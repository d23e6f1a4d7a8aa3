"""The commands, one file each, named after the command. A new one is a new file and a line in `ALL`.

compose          a piece from nothing, or the continuation of an attached MIDI file
dataset          the music that a server's models learn from
add_to_data_set  in the menu of a message: what is attached to it goes into a data set
train            fits a model to a data set of the server
model            the models of a server, and which version is in use
help             what the bot can do, and how to begin
models           which models can compose just now
ping             whether Discord, Redis and the workers are well
"""

from __future__ import annotations

from discord import app_commands

from bot.commands import add_to_data_set, compose, dataset, model, models, ping, train
from bot.commands import help as help_

ALL: tuple[app_commands.Command | app_commands.Group | app_commands.ContextMenu, ...] = (
    compose.command,
    dataset.command,
    train.command,
    model.command,
    help_.command,
    models.command,
    ping.command,
    add_to_data_set.command,
)
