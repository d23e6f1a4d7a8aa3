"""`python -m bot doctor`: checks the bot's settings, Discord, Redis and files, and says how to mend what is wrong.

It logs in over REST, opens no gateway connection and changes nothing at Discord, so it may run beside the bot.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import discord
import redis
from discord import app_commands

from bot import features, permissions
from bot.client import point_at
from bot.settings import BotSettings
from jobs.contract import Kind
from jobs.doctor import Finding, check_files, check_folder, ok, problem, read_settings, report, warning
from jobs.redis_checks import check_redis
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings, connect

FEW_STARTS = 10  # of the thousand a day that Discord allows
PORTAL = "https://discord.com/developers/applications"
WITHOUT: dict[Kind, str] = {
    "compose": "Pieces are refused",
    "library": "Data sets and models cannot be managed",
    "train": "Trainings wait",
}


def main(arguments: Sequence[str]) -> int:
    """Check and report; the exit status: 0, or 1 with a problem."""
    parser = argparse.ArgumentParser(prog="python -m bot doctor", description="Check the bot's set-up.")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    parser.add_argument("--channel", type=int, metavar="ID", help="check the bot's permissions in this channel, too")
    chosen = parser.parse_args(arguments)
    return report(asyncio.run(examine(chosen.channel)), chosen.json)


async def examine(channel_id: int | None) -> list[Finding]:
    """All findings; `channel_id`: a channel in which the bot's permissions are checked."""
    found: list[Finding] = []
    mine, theirs = read_settings(BotSettings, found), read_settings(JobSettings, found)  # type: ignore[arg-type]
    if mine and theirs:
        found.append(ok("settings", "Every setting can be read."))
    if theirs:
        found += await asyncio.to_thread(check_redis, theirs)
        found += await asyncio.to_thread(_check_workers, theirs)
        found += await asyncio.to_thread(check_files, theirs)
    if mine:
        found += await asyncio.to_thread(check_folder, "state", mine.state, "CADENZA_STATE")
        point_at(str(mine.discord_api), str(mine.discord_gateway))
        found += await _check_discord(mine, channel_id)
    return found


def _check_workers(settings: JobSettings) -> list[Finding]:
    """Which kinds of jobs somebody does; nothing where Redis does not answer, which is said already."""
    connection = connect(settings)
    try:
        workers = WorkerRegistry(connection, settings).workers()
    except redis.RedisError:
        return []
    finally:
        connection.close()
    found = [
        warning(
            "workers",
            f"No live worker takes {kind} jobs. {meaning}.",
            f"Start a worker with {kind} in CADENZA_WORKER_DOES.",
        )
        for kind, meaning in WITHOUT.items()
        if not any(kind in worker.does for worker in workers)
    ]
    count = f"{len(workers)} worker{'s' * (len(workers) != 1)}"
    return found or [ok("workers", f"{count} alive; every kind of job is taken.")]


async def _check_discord(mine: BotSettings, channel_id: int | None) -> list[Finding]:
    """Token, gateway, commands, and permissions in a channel."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    tree = app_commands.CommandTree(client)
    try:
        await client.login(mine.discord_token.get_secret_value())
        name = client.user.name if client.user else "?"
        found = [ok("token", f"Discord knows the token; the bot is {name}.")]
        found += await _check_gateway(client)
        found += await _check_commands(tree)
        if channel_id is not None:
            found += await _check_channel(client, channel_id)
        return found
    except discord.LoginFailure:
        mend = f"Copy it again: {PORTAL}, your application, page Bot, Reset Token."
        return [problem("token", "Discord refuses DISCORD_TOKEN.", mend)]
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
        mend = "Check the network, proxy and firewall, CADENZA_DISCORD_API, and https://discordstatus.com."
        return [problem("discord", f"Discord at {mine.discord_api} cannot be used: {error}.".replace("..", "."), mend)]
    finally:
        await client.close()


async def _check_gateway(client: discord.Client) -> list[Finding]:
    """Where to connect, and how many starts are left today; no privileged intent is needed."""
    data = await client.http.request(discord.http.Route("GET", "/gateway/bot"))
    left = int(data["session_start_limit"]["remaining"])
    if left < FEW_STARTS:
        sentence = f"Discord allows the bot {left} more starts today."
        return [warning("gateway", sentence, "Find out from its log why it starts so often.")]
    return [ok("gateway", f"The gateway is at {data['url']}, and no privileged intent is needed.")]


async def _check_commands(tree: app_commands.CommandTree) -> list[Finding]:
    known = {command.name for command in await tree.fetch_commands()}
    missing = sorted({command.name for command in features.COMMANDS} - known)
    if missing:
        names = ", ".join(f"/{name}" for name in missing)
        mend = (
            "Start the bot once, which tells Discord its commands; delete CADENZA_STATE/bot-commands.sha256 if it did."
        )
        return [problem("commands", f"Discord does not know these commands: {names}.", mend)]
    return [ok("commands", f"Discord knows all {len(features.COMMANDS)} commands.")]


async def _check_channel(client: discord.Client, channel_id: int) -> list[Finding]:
    """What the bot may do in a channel of a server; a thread is judged by its parent."""
    try:
        data: dict[str, Any] = dict(await client.http.get_channel(channel_id))
        guild = await client.fetch_guild(int(data["guild_id"]))
        is_thread = data["type"] in (10, 11, 12)
        channel = await guild.fetch_channel(int(data["parent_id"]) if is_thread else channel_id)
        me = await guild.fetch_member(client.user.id if client.user else 0)
    except (discord.NotFound, discord.Forbidden):
        mend = "Copy the channel's id (developer mode, right click), invite the bot, and allow it View Channel there."
        return [problem("channel", f"The bot cannot see the channel {channel_id}.", mend)]
    except KeyError:
        return [warning("channel", f"{channel_id} is no channel of a server.", "Give the id of a server's channel.")]
    if not isinstance(channel, discord.abc.GuildChannel):
        return [warning("channel", f"{channel_id} is no channel that is written to.", "Give a text channel's id.")]
    held = channel.permissions_for(me)
    needed = permissions.UNASKED | ({"send_messages_in_threads": "Send Messages in Threads"} if is_thread else {})
    missing = [title for name, title in needed.items() if not getattr(held, name)]
    if missing:
        sentence = f"In the channel {channel.name} the bot lacks: {', '.join(missing)}."
        return [problem("channel", sentence, "Grant it to the bot's role: channel settings, Permissions.")]
    return [ok("channel", f"In the channel {channel.name} the bot may do all it needs.")]
