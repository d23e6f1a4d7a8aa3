"""Which files of the bot and the worker a `/compose` runs through: `python -m benchmarks.compose_path` lists them.

Both processes note when functions of each file are entered. A file belongs to the path if that happens between the
command and the reply of a second `/compose`, when everything is warm, and does not happen while nobody asks for
anything.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.system import REPLY_S, SEED, running
from sandbox import one_shot_client

ROOT = Path(__file__).parents[1]
FOLDER = "CADENZA_PATH_FOLDER"  # the variable that turns recording on
WRITE_S, IDLE_S = 0.25, 12.0  # how often a process writes its notes; how long the system is watched without a request
RECORDER = f'''
import json, os, sys, threading, time
ROOT, SEEN = {str(ROOT) + os.sep!r}, {{}}
def note(frame, event, _):
    if event == "call":
        file = frame.f_code.co_filename
        if file.startswith(ROOT):
            SEEN.setdefault(file, []).append(time.time())
def write():
    out = os.path.join(os.environ["{FOLDER}"], str(os.getpid()))
    while True:
        time.sleep({WRITE_S})
        latest = {{file: times[:1] + times[-2000:] for file, times in list(SEEN.items())}}
        with open(out + ".new", "w") as target:
            json.dump({{"command": sys.argv, "seen": latest}}, target)
        os.replace(out + ".new", out)
if os.environ.get("{FOLDER}"):
    sys.setprofile(note)
    threading.setprofile(note)
    threading.Thread(target=write, daemon=True).start()
'''


def main() -> None:
    """Print the files by process, and how many they are."""
    with tempfile.TemporaryDirectory(prefix="cadenza-path-") as made:
        folder = Path(made)
        (folder / "sitecustomize.py").write_text(RECORDER)
        (folder / "notes").mkdir()
        os.environ |= {FOLDER: str(folder / "notes"), "PYTHONPATH": str(folder)}
        os.environ["CADENZA_WORKER_PRELOAD_AFTER_S"] = "0"  # an idle worker would load models, as a request does
        spans = asyncio.run(_compose(folder))
        found = _entered(folder / "notes", *spans)
    for process, files in sorted(found.items()):
        print(f"{process}: {len(files)}")  # noqa: T201 - the result
        print("\n".join(f"  {file}" for file in sorted(files)))  # noqa: T201
    print(f"together: {len(set().union(*found.values()))}")  # noqa: T201


async def _compose(folder: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """When nothing was asked, and when the second piece was, in epoch seconds."""
    async with running(folder / "state") as system:
        await one_shot_client.compose(system.url, folder / "reply", SEED, REPLY_S)
        await asyncio.sleep(IDLE_S)
        idle = time.time() - IDLE_S + 2.0, time.time()
        started = time.time()
        await one_shot_client.compose(system.url, folder / "reply", SEED, REPLY_S)
        asked = started, time.time()
        await asyncio.sleep(4 * WRITE_S)
    return idle, asked


def _entered(notes: Path, idle: tuple[float, float], asked: tuple[float, float]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for file in notes.glob("[0-9]*"):
        if file.suffix:
            continue
        said = json.loads(file.read_text())
        for name, times in said["seen"].items():
            was = [any(begin <= at <= end for at in times) for begin, end in (asked, idle)]
            if was == [True, False]:
                found[_process(said["command"])].add(str(Path(name).relative_to(ROOT)))
    return found


def _process(command: list[str]) -> str:
    """The package that a process runs."""
    module = Path(command[0])
    return module.parts[-2] if module.name == "__main__.py" else module.stem


if __name__ == "__main__":
    main()
