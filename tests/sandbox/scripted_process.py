"""Plays the worker or the bot: prints that it is ready, then does what its arguments say.

    scripted_process.py WORD [crash | ignore-sigterm | start-child | fail | print-secrets | print-warning | full-disk]

`crash` ends the first run after it was ready. `full-disk` does so too, and replaces the log by a link to /dev/full, so
that every later write to it fails; the second run then prints far more than a pipe holds and creates a file.
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


word, *behaviour = sys.argv[1:]
if "ignore-sigterm" in behaviour:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "fail" in behaviour:
    say("SETTING is missing: set it.")
    sys.exit(2)
if "start-child" in behaviour:
    subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
if "print-secrets" in behaviour:
    say(f"{os.environ['REDIS_URL']} {os.environ.get('DISCORD_TOKEN')}")
if "print-secrets" in behaviour or "print-warning" in behaviour:
    say("2026-01-01 00:00:00,000 WARNING worker: something is odd")
say(f"{word} ready")
if "crash" in behaviour or "full-disk" in behaviour:
    first_run = Path(os.environ["FIRST_RUN"])
    if not first_run.exists():
        first_run.touch()
        if "full-disk" in behaviour:
            log = Path(os.environ["LOG"])
            while not log.exists():  # the supervisor creates it with the first line that it reads
                time.sleep(0.01)
            log.unlink()
            log.symlink_to("/dev/full")
        sys.exit(3)
if "full-disk" in behaviour:
    for number in range(5000):
        say(f"2026-01-01 00:00:00,000 INFO worker: line {number} of many, which nobody can keep on a full disk")
    Path(os.environ["PRINTED"]).touch()
signal.pause()
