"""Commands by chance while processes are killed and frozen at recorded random moments; then what became of each.

`make faults` runs it as a script: `--commands 1000 --faults 150 --seed 7`. Whoever is killed comes back after a moment.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import secrets
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from sandbox.server.app import LocalDiscord
from tests.conftest import MortalValkey, _free_port, end_valkey, launch_valkey
from tests.faults.judging import counted, left_behind, wrong
from tests.faults.system import FAULTS, READY_LIMIT_S, BreakableSystem
from tests.worker.play_worker import BREAK_ALWAYS, REFUSE, SILENT

SETTLING_S = 120.0  # after the last fault; a job whose worker is lost needs some seconds of it
APART_S = (0.02, 0.3)  # between two commands
SENTENCES = (BREAK_ALWAYS, REFUSE, SILENT)  # random seeds with which a piece ends in a sentence
BETWEEN_KILLS_S = 1.0
LOOK_S, QUIET_LOOKS = 0.2, 15


@dataclass(frozen=True)
class FaultReport:
    """What a run did and what became of it. `settled_s`: seconds from the last command to the last answer.

    `wrong`: the commands that were not answered once, with what was shown.
    """

    seed: int
    commands: int
    faults: Counter[str]
    outcomes: Counter[str]
    left: tuple[str, ...]
    settled_s: float
    wrong: tuple[str, ...] = ()

    def __str__(self) -> str:
        told = ", ".join(f"{count} {what}" for what, count in sorted(self.outcomes.items()))
        broken = ", ".join(f"{count} x {what}" for what, count in sorted(self.faults.items()))
        left = f"; left behind: {', '.join(self.left)}" if self.left else ""
        return f"seed {self.seed}: {told} under {broken}; settled after {self.settled_s:.0f} s{left}"

    @property
    def is_well(self) -> bool:
        """Whether every command that was accepted was answered once, and nothing is left."""
        return not self.wrong and not self.left


async def run(folder: Path, valkey: MortalValkey, seed: int, commands: int, faults: int) -> FaultReport:
    """Ask for `commands` pieces while `faults` faults happen; wait until everything is settled."""
    chance, discord = random.Random(seed), LocalDiscord()
    broken: Counter[str] = Counter()
    async with discord.serving(), BreakableSystem(discord, valkey, folder).running() as system:
        asking = asyncio.create_task(_ask(system, random.Random(seed + 1), commands))
        kinds = [FAULTS[number % len(FAULTS)] for number in range(faults)]
        chance.shuffle(kinds)
        for kind in kinds:
            await _online(system)  # else most faults would meet a bot that is down
            await asyncio.sleep(chance.uniform(0.0, BETWEEN_KILLS_S))
            broken[kind] += 1
            await system.break_something(kind, chance)
        await asking
        ended = time.monotonic()
        discord.faults.server_errors = discord.faults.rate_limited = 0
        quiet = 0
        while quiet < QUIET_LOOKS and time.monotonic() < ended + SETTLING_S:
            await asyncio.sleep(LOOK_S)
            quiet = quiet + 1 if _is_settled(system) else 0  # a command may be on its way to the queue
        left = tuple(left_behind(system))
        settled_s = time.monotonic() - ended
        return FaultReport(seed, commands, broken, counted(system), left, settled_s, wrong(system))


async def _ask(system: BreakableSystem, chance: random.Random, commands: int) -> None:
    for number in range(commands):
        await _online(system)  # a member who is told that nobody answers asks again
        seed = chance.choice(SENTENCES) if chance.random() < 0.1 else 1000 + number
        await system.compose(f"member{chance.randrange(20)}", seed, chance.choice((5, 10, 30, 100)))
        await asyncio.sleep(chance.uniform(*APART_S))


async def _online(system: BreakableSystem) -> None:
    async with asyncio.timeout(READY_LIMIT_S):
        while not system.discord.gateway.online:  # noqa: ASYNC110 - another process connects
            await asyncio.sleep(0.05)


def _is_settled(system: BreakableSystem) -> bool:
    return not wrong(system) and not [*left_behind(system)]


def main() -> int:
    """Run as `make faults`; the exit status: 1 when a command was not answered exactly once."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--commands", type=int, default=1000)
    parser.add_argument("--faults", type=int, default=120)
    parser.add_argument(
        "--seed", type=int, default=None, help="repeats the faults; their moments shift with the machine"
    )
    chosen = parser.parse_args()
    seed = random.randrange(10**6) if chosen.seed is None else chosen.seed
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "valkey").mkdir()
        valkey = MortalValkey(folder / "valkey", *launch_valkey(folder / "valkey", _free_port(), secrets.token_hex(12)))
        try:
            report = asyncio.run(run(folder, valkey, seed, chosen.commands, chosen.faults))
        finally:
            end_valkey(valkey.process, valkey.server)
        print(report, *report.wrong, sep="\n")  # noqa: T201 - a script
        if not report.is_well:
            kept = Path("var/faults") / str(seed)
            kept.mkdir(parents=True, exist_ok=True)
            for log in folder.glob("*.log"):
                shutil.copy(log, kept)
            print(f"the logs are in {kept}")  # noqa: T201
    return 0 if report.is_well else 1


if __name__ == "__main__":
    sys.exit(main())
