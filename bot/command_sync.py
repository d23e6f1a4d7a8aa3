"""Tells Discord the commands, but only when they changed: it allows few creations a day, and each costs a start."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path

import discord
from discord import app_commands

log = logging.getLogger(__name__)

FILE = "bot-commands.sha256"


def fingerprint(tree: app_commands.CommandTree) -> str:
    """A hash of the commands, of the application, and of the Discord (real or local) that they are told to."""
    commands = sorted((command.to_dict(tree) for command in tree.get_commands()), key=lambda command: command["name"])
    said = [discord.http.Route.BASE, str(tree.client.application_id), commands]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()


async def sync_if_changed(tree: app_commands.CommandTree, state: Path) -> bool:
    """Tell Discord the commands unless `state` remembers that it knows them; whether it was told."""
    now, path = fingerprint(tree), state / FILE
    if await asyncio.to_thread(_read, path) == now:
        log.info("commands unchanged since they were last told to Discord")
        return False
    commands = await tree.sync()
    await asyncio.to_thread(_write, path, now)  # only after Discord took them
    log.info("told Discord %d commands: %s", len(commands), ", ".join(command.name for command in commands))
    return True


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
