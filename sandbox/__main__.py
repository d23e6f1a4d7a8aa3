"""`python -m sandbox`: the whole system on this machine, with the local Discord or (DISCORD_TOKEN set) the real one.

Exit codes: 0 after a clean end, 1 if `/compose` of `--once` was refused, 2 if the system could not start or run on.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from sandbox import one_shot_client
from sandbox.run import System, running_system
from sandbox.server.app import LAST_PORT
from sandbox.settings import SandboxSettings
from sandbox.supervised_process import ComposeRefusedError, SandboxError, SaveError

log = logging.getLogger("sandbox")

DEFAULT_PORT = 8420
FIRST_LENGTH_S = 20.0
SEEDS = Path(__file__).with_name("seeds")
OUT = Path("out")


def main() -> int:
    """Parse the command line and run.

    Returns:
        The exit code.
    """
    parser = _parser()
    options = parser.parse_args()
    if not options.once and (options.seed is not None or options.length is not None or options.json):
        parser.error("--seed, --length and --json go with --once")
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr
    )
    if options.once and options.seed is not None and not options.seed.is_file():
        print(f"There is no file {options.seed}.", file=sys.stderr)
        return 2
    settings = SandboxSettings()
    try:
        return asyncio.run(_until_signal(_once(options, settings) if options.once else _serve(options, settings)))
    except ComposeRefusedError as error:
        if options.json:
            print(json.dumps({"refused": str(error)}))
        print(error, file=sys.stderr)
        return 1
    except SandboxError as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Starts the whole system: a queue (Valkey), a worker, the bot, and a local Discord with a chat "
        "page. With DISCORD_TOKEN set, or in .env, the bot joins the real Discord instead.",
        epilog="Logs and data are kept in ./var (CADENZA_STATE). Messages of the local Discord live in memory only.",
    )
    parser.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="the page's port (%(default)s, or the next free)"
    )
    parser.add_argument("--no-first-piece", action="store_true", help="do not compose a first piece after the start")
    parser.add_argument(
        "--once",
        action="store_true",
        help="start on free ports with a temporary state folder, use /compose once over Discord's protocol, save the "
        "files of the reply, end everything",
    )
    parser.add_argument("--seed", type=Path, metavar="X.mid", help="with --once: the MIDI file to continue")
    parser.add_argument("--length", type=float, metavar="SECONDS", help="with --once: how many seconds to compose")
    parser.add_argument("--out", type=Path, default=OUT, metavar="FOLDER", help="folder for the files (%(default)s)")
    parser.add_argument("--json", action="store_true", help="with --once: print one JSON object with the timings")
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdecimal() else -1
    if not 0 <= port <= LAST_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 (any free port) to {LAST_PORT}")
    return port


async def _until_signal(running: Coroutine[Any, Any, int]) -> int:
    """Run until it ends by itself or by a signal (exit code 0). A second signal ends this process at once.

    The child processes end when this process is gone.
    """
    task = asyncio.ensure_future(running)
    loop = asyncio.get_running_loop()
    signalled = False

    def end() -> None:
        nonlocal signalled
        if signalled:
            os._exit(130)
        signalled = True
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, end)
    try:
        return await task
    except asyncio.CancelledError:
        return 0


def _say(sentence: str) -> None:
    print(sentence, flush=True)


async def _serve(options: argparse.Namespace, settings: SandboxSettings) -> int:
    token, redis_url = settings.token, settings.redis_address
    _say("starting the queue, the worker and the bot …")
    async with running_system(settings.state, options.port, token, redis_url, _say) as system:
        if system.url is None:
            _say(f"ready: the bot is on your Discord server (after {system.start_s:.1f} s); type /compose there")
        else:
            _say(f"ready: open {system.url} (after {system.start_s:.1f} s)")
            if not options.no_first_piece:
                await _first_piece(system.url, options.out)
        _say(f"logs: {settings.state / 'log'}; Ctrl-C ends everything")
        await system.wait()
    return 0


async def _first_piece(url: str, folder: Path) -> None:
    """Compose once from the bundled seed, so that the page already shows a piece when it is opened."""
    seed = next(iter(sorted(SEEDS.glob("*.mid"))), None)
    try:
        reply = await one_shot_client.compose(url, folder, seed, FIRST_LENGTH_S)
    except (ComposeRefusedError, SaveError) as error:
        log.warning("no first piece: %s", error)
        return
    files = ", ".join(str(one.path) for one in reply.files)
    _say(f"first piece after {reply.compose_s:.1f} s: {files}")


async def _once(options: argparse.Namespace, settings: SandboxSettings) -> int:
    with tempfile.TemporaryDirectory(prefix="cadenza-") as folder:
        state = Path(folder)
        async with running_system(state, redis_url=settings.redis_address, say=lambda _: None) as system:
            reply = await one_shot_client.compose(str(system.url), options.out, options.seed, options.length)
            _report(options, system, reply)
    return 0


def _report(options: argparse.Namespace, system: System, reply: one_shot_client.ComposeReply) -> None:
    files = [{"path": str(one.path), "bytes": one.size, "content_type": one.content_type} for one in reply.files]
    if options.json:
        timings = {"start_s": round(system.start_s, 3), "compose_s": round(reply.compose_s, 3)}
        message = {"content": reply.message["content"], "embeds": reply.message["embeds"]}
        _say(json.dumps({**timings, "files": files, "message": message}, ensure_ascii=False))
        return
    _say(f"ready after {system.start_s:.1f} s, a piece after another {reply.compose_s:.1f} s:")
    for one in files:
        _say(f"  {one['path']} ({one['bytes']:,} bytes, {one['content_type']})")


if __name__ == "__main__":
    sys.exit(main())
