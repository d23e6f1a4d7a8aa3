"""A stand-in for the worker or the bot: says that it is ready, then does as its arguments say.

stand_in.py WORD [crash | stubborn | breeder | failing | loud | chatty]
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


word, *manners = sys.argv[1:]
if "stubborn" in manners:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "failing" in manners:
    say("SETTING is missing: set it.")
    sys.exit(2)
if "breeder" in manners:
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
if "loud" in manners:
    say(f"{os.environ['REDIS_URL']} {os.environ.get('DISCORD_TOKEN')}")
    say("2026-01-01 00:00:00,000 WARNING worker: something is odd")
say(f"{word} ready")
while "chatty" in manners:
    say("still here")
    time.sleep(0.05)
if "crash" in manners:
    trace = Path(os.environ["CRASHED"])
    if not trace.exists():
        trace.touch()
        time.sleep(0.2)
        sys.exit(3)
time.sleep(600)
