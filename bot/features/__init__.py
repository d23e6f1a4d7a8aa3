"""What members see, one folder for each feature: its commands, options, buttons, embeds and autocomplete.

compose   `/compose` and the buttons under a piece
training  `/train`, the message of a training and its buttons
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

from bot.features.compose import buttons as _compose_buttons
from bot.features.compose import command as compose
from bot.features.datasets import add_form
from bot.features.datasets import command as dataset
from bot.features.help import command as help_
from bot.features.help import ping
from bot.features.models import available
from bot.features.models import buttons as _model_buttons
from bot.features.models import command as model
from bot.features.training import buttons as _training_buttons
from bot.features.training import command as train

COMMANDS: tuple[app_commands.Command | app_commands.Group | app_commands.ContextMenu, ...] = (
    compose.command,
    dataset.command,
    train.command,
    model.command,
    help_.command,
    available.command,
    ping.command,
    add_form.command,
)
WITH_BUTTONS = (_compose_buttons, _model_buttons, _training_buttons)  # importing them registers what buttons do
