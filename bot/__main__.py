"""`python -m bot`: reads the settings, connects to Discord, and serves until SIGTERM or Ctrl-C.

`python -m bot doctor` checks the set-up instead.

Exit codes: 0 after a clean end, 1 when Discord or the network gave way, 2 when a setting is missing or wrong.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TypeVar

import aiohttp
import discord
from dotenv import load_dotenv
from pydantic import ValidationError

from bot import doctor, health, settings
from bot.client import Cadenza, point_at
from bot.settings import BotSettings
from jobs import JobClient, JobSettings, logs

log = logging.getLogger("bot")

END_LIMIT_S = 4.0

Settings = TypeVar("Settings", BotSettings, JobSettings)


def main() -> int:
    """Run the bot; its exit code."""
    load_dotenv(Path(".env"))
    if sys.argv[1:2] == ["doctor"]:
        return doctor.main(sys.argv[2:])
    wrong: list[str] = []
    mine, theirs = _read(BotSettings, wrong), _read(JobSettings, wrong)
    if mine is None or theirs is None:
        print("\n".join(wrong), file=sys.stderr)
        return 2
    token = mine.discord_token.get_secret_value()
    logs.configure(mine.log_level, [token, *theirs.secrets])
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # the bot has no use for voice
    point_at(str(mine.discord_api), str(mine.discord_gateway))
    return asyncio.run(_serve(mine, theirs, token))


def _read(kind: type[Settings], wrong: list[str]) -> Settings | None:
    """The settings of `kind` from the environment; where they cannot be read, `wrong` is told in sentences."""
    try:
        return kind()  # type: ignore[call-arg]  # the environment gives them
    except ValidationError as error:
        wrong += settings.sentences(error)
        return None


async def _serve(mine: BotSettings, theirs: JobSettings, token: str) -> int:
    client = Cadenza(JobClient(theirs), mine.state, mine.max_seed_bytes)
    async with AsyncExitStack() as stack:
        try:
            await stack.enter_async_context(health.serving(client, theirs.metrics_host, mine.health_port))
        except OSError:
            log.error("CADENZA_HEALTH_PORT: port %d is taken. Give another, or 0 for none.", mine.health_port)
            return 2
        return await _run(client, token, mine)


async def _run(client: Cadenza, token: str, mine: BotSettings) -> int:
    serving = asyncio.ensure_future(client.start(token))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        log.info("bot ending")
    except discord.LoginFailure:
        log.error("DISCORD_TOKEN was refused by Discord: copy it again from the developer portal.")
        return 2
    except (discord.HTTPException, discord.GatewayNotFound, discord.ConnectionClosed, aiohttp.ClientError, OSError):
        log.exception("Discord at %s cannot be reached or gave way", mine.discord_api)
        return 1
    finally:
        async with asyncio.timeout(END_LIMIT_S):
            await client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
