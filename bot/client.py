"""`Cadenza`, the discord.py client: commands, buttons, the job board and the job tracker, tied together.

No privileged intents: slash commands, buttons and attachments come with the interaction itself.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Any

import discord
import yarl
from discord import app_commands

from bot import features
from bot.buttons import AdminButton, PageButton, PieceButton, RecentPresses
from bot.command_sync import sync_if_changed
from bot.context import BotContext, OpenForms
from bot.delivery.tracker import EDIT_INTERVAL_S, JobTracker
from bot.errors import OutdatedForm, answer
from bot.features import message_builder
from bot.features.help.welcome import greet
from jobs import JobClient
from jobs.errors import QueueUnreachable

log = logging.getLogger(__name__)

RESUME_EVERY_S = 5.0  # while Redis does not answer at the start
LOOK_EVERY_S = 60.0  # for nightly trainings, which start without the bot


class CommandTree(app_commands.CommandTree["Cadenza"]):
    """The slash commands, with the one error handler."""

    async def on_error(self, interaction: discord.Interaction[Cadenza], error: app_commands.AppCommandError, /) -> None:
        """Hand every error to `bot.errors`."""
        await answer(interaction, error)


class Cadenza(BotContext):
    """The bot. `board` is where jobs go, `tracker` delivers the results."""

    def __init__(
        self,
        board: JobClient,
        state: Path,
        max_seed_bytes: int,
        edit_interval_s: float = EDIT_INTERVAL_S,
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            activity=discord.Activity(type=discord.ActivityType.listening, name="/compose"),
            max_messages=None,
        )
        self.board = board
        self.max_seed_bytes = max_seed_bytes
        self.tracker: JobTracker = JobTracker(self, board, message_builder, edit_interval_s)
        self.presses = RecentPresses()
        self.forms = OpenForms()
        self.tree = CommandTree(self)
        self._state_folder = state
        self._resuming: asyncio.Task[None] | None = None
        for command in features.COMMANDS:
            self.tree.add_command(command)

    async def setup_hook(self) -> None:
        """Between login and the gateway: buttons, commands, and the jobs left open by the bot before."""
        self.add_dynamic_items(PieceButton, AdminButton, PageButton)
        await sync_if_changed(self.tree, self._state_folder)
        self._resuming = asyncio.create_task(self._resume(), name="resume open jobs")

    async def on_ready(self) -> None:
        """Say that commands are answered from now on; comes again after a lost connection."""
        log.info("bot ready: %s in %d servers", self.user, len(self.guilds))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Introduce the bot to a server that has just invited it."""
        await greet(guild)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Answer forms and buttons that nothing else does: they come from before a restart, or an older version."""
        said: dict[str, Any] = dict(interaction.data or {})
        custom_id = str(said.get("custom_id", ""))
        if interaction.type is discord.InteractionType.modal_submit and custom_id not in self.forms:
            await answer(interaction, OutdatedForm())
        elif interaction.type is discord.InteractionType.component and not _is_ours(custom_id):
            await answer(interaction, OutdatedForm("button", "Use the command again."))

    async def on_app_command_completion(
        self, interaction: discord.Interaction[Any], command: app_commands.Command | app_commands.ContextMenu
    ) -> None:
        """After a command, hand over what could not be delivered to the member before."""
        if interaction.response.is_done() and not self.tracker.is_following(str(interaction.id)):
            await self.tracker.hand_over_kept(interaction.user.id, interaction.followup)

    async def close(self) -> None:
        """Let go of jobs, which stay open for the next start, of Discord, and of Redis."""
        if self._resuming is not None:
            self._resuming.cancel()
            await asyncio.gather(self._resuming, return_exceptions=True)
        await self.tracker.close()
        await super().close()
        await self.board.close()

    async def _resume(self) -> None:
        while True:
            try:
                count = await self.tracker.resume()
            except QueueUnreachable as error:
                log.warning("open jobs cannot be looked up yet: %r", error.__cause__ or error)
                await asyncio.sleep(RESUME_EVERY_S)
            else:
                log.info("%d open jobs followed on", count)
                break
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.tracker.find_nightly()
            except QueueUnreachable as error:
                log.warning("nightly trainings cannot be looked for: %r", error.__cause__ or error)


def _is_ours(custom_id: str) -> bool:
    templates = [button.__discord_ui_compiled_template__ for button in (PieceButton, AdminButton, PageButton)]
    return any(template.fullmatch(custom_id) for template in templates)


def point_at(api: str, gateway: str) -> None:
    """Let discord.py talk to the Discord at these addresses: the real one, or a local one."""
    discord.http.Route.BASE = api.rstrip("/")
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway)
