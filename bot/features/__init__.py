"""What members see, one folder for each feature: its commands, options, buttons, embeds and autocomplete.

compose   `/compose`, `/continue`, `/vary`, `/accompany`, and the buttons under a piece
library   `/library`: pieces of a member and of a server, and starred ones
message_menus  *Continue*, *Vary* and *Accompany* in the menu of a message
privacy   `/privacy` and `/forget-me`
queue     `/queue`: what waits and runs
training  `/train`, the message of a training and its buttons
describe  `/describe`, and *Describe* in the menu of a message
datasets  `/dataset`, and *Add to data set* in the menu of a message
models    `/model`, `/models`, and the buttons about models
help      `/help`, `/ping`, and the welcome on a new server

Beside them stands what several of them use:

library_requests  from an admin's command to a job about data sets or models
library_answers   the messages that answer these
message_builder   what a job's message holds, whatever its kind
embeds            colours, a bar, lists in pages
autocomplete      names of models and data sets as somebody types
names             names, versions and lists of pieces as admins type them

A new command is a line in `COMMANDS`.
"""

from __future__ import annotations

from discord import app_commands

from bot.features.compose import buttons as compose_buttons
from bot.features.compose import command as compose_command
from bot.features.datasets import add_form
from bot.features.datasets import command as dataset_command
from bot.features.describe import command as describe_command
from bot.features.help import command as help_command
from bot.features.library import command as library_command
from bot.features.message_menus import command as message_menus
from bot.features.models import command as model_command
from bot.features.privacy import command as privacy_command
from bot.features.queue import command as queue_command
from bot.features.training import command as train_command
from bot.features.training import requests as train_requests

COMMANDS: tuple[app_commands.Command | app_commands.Group | app_commands.ContextMenu, ...] = (
    compose_command.command,
    *compose_command.seed_commands,
    describe_command.command,
    library_command.command,
    dataset_command.command,
    train_command.command,
    model_command.command,
    queue_command.command,
    *privacy_command.commands,
    help_command.command,
    model_command.models_command,
    help_command.ping,
    add_form.command,
    describe_command.menu,
    *message_menus.menus,
)
SERVERS = app_commands.AppInstallationType(guild=True, user=False)
EVERYBODY = app_commands.AppInstallationType(guild=True, user=True)
IN_SERVERS = app_commands.AppCommandContext(guild=True)
EVERYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
for _command in COMMANDS:  # what concerns a server is for servers; all else also for members who install the bot
    _command.allowed_installs = SERVERS if _command.guild_only else EVERYBODY
    _command.allowed_contexts = IN_SERVERS if _command.guild_only else EVERYWHERE
WITH_BUTTONS = (compose_buttons, model_command, train_requests)  # importing them registers what buttons do
