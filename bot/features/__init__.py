"""What members see, one folder for each feature: its commands, options, buttons, embeds and autocomplete.

compose   `/compose` and the buttons under a piece
message_menus  *Continue*, *Vary* and *Accompany* in the menu of a message
training  `/train`, the message of a training and its buttons
describe  `/describe`, and *Describe* in the menu of a message
datasets  `/dataset`, and *Add to data set* in the menu of a message
models    `/model`, `/models`, and the buttons about models
help      `/help` and `/ping`

Beside them stands what several of them use:

library_requests  from an admin's command to a job about data sets or models
library_answers   the messages that answer these
message_builder   what a job's message holds, whatever its kind
stopping          ends a job and shows at once what is kept
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
from bot.features.help import ping
from bot.features.message_menus import command as message_menus
from bot.features.models import available
from bot.features.models import buttons as model_buttons
from bot.features.models import command as model_command
from bot.features.training import buttons as training_buttons
from bot.features.training import command as train_command

COMMANDS: tuple[app_commands.Command | app_commands.Group | app_commands.ContextMenu, ...] = (
    compose_command.command,
    describe_command.command,
    dataset_command.command,
    train_command.command,
    model_command.command,
    help_command.command,
    available.command,
    ping.command,
    add_form.command,
    describe_command.menu,
    *message_menus.menus,
)
WITH_BUTTONS = (compose_buttons, model_buttons, training_buttons)  # importing them registers what buttons do
