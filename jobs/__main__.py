"""`python -m jobs backup FILE` and `python -m jobs restore FILE`: keep and bring back what bot and workers share.

Settings come from the environment, as for the bot and the workers. The exit status: 0, or 1 with a sentence.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import redis
from pydantic import ValidationError

from jobs.backup import backup, restore
from jobs.errors import BackupError
from jobs.settings import JobSettings


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m jobs", description="Back up and restore records, files, library.")
    parser.add_argument("command", choices=("backup", "restore"))
    parser.add_argument("file", type=Path, help="the tar archive to write or to read")
    parser.add_argument(
        "--library", type=Path, default=Path(os.environ.get("CADENZA_LIBRARY") or "var/library"),
        help="folder of data sets, trainings and servers' models (default: CADENZA_LIBRARY)",
    )  # fmt: skip
    chosen = parser.parse_args()
    try:
        settings = JobSettings()  # type: ignore[call-arg]  # the environment gives them
        act = backup if chosen.command == "backup" else restore
        summary = act(chosen.file, settings, chosen.library)
    except ValidationError as error:
        names = ", ".join(str(detail["loc"][0]).upper() for detail in error.errors(include_input=False))
        print(f"These settings are missing or wrong: {names}. Set them as .env.example says.", file=sys.stderr)
        return 1
    except BackupError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    except redis.RedisError as error:
        print(f"Redis cannot be used: {error}. `python -m worker doctor` says more.", file=sys.stderr)
        return 1
    done = "Backed up to" if chosen.command == "backup" else "Restored from"
    print(f"{done} {chosen.file}: {summary}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
