"""Checks that every list in this folder installs from wheels alone on every platform that the README names.

Run by `make resolve`, also in continuous integration. It asks the package index, downloads metadata only and installs
nothing. Exit status 1 when a list cannot be installed somewhere.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = {
    "Linux x86-64": "x86_64-manylinux_2_28",
    "Linux ARM64": "aarch64-manylinux_2_34",  # Debian 12, Ubuntu 22.04
    "macOS ARM64": "aarch64-apple-darwin",
}
OLDEST_MACOS = "14.0"
HASHED = "--require-hashes"
AT_ONCE = 4  # each waits for the index most of the time
INSTALLS = (  # what is installed together, and how
    (HASHED, "bot.txt", "worker.txt", "sandbox.txt"),
    (HASHED, "worker-gpu.txt"),
    (HASHED, "dev.txt"),
    (HASHED, "train.txt"),
    ("train.txt", "torch.txt"),  # PyTorch has no hashes: see torch.txt
    (HASHED, "--no-deps", "no-deps.txt"),
    (HASHED, "--no-deps", "s3.txt"),
)


def failure(install: tuple[str, ...], platform: str, python: str) -> str | None:
    """Why pip could not carry out `install` with wheels alone; None where it could."""
    words = [word for one in install for word in (("-r", str(FOLDER / one)) if one.endswith(".txt") else (one,))]
    target = ["--python-platform", platform, "--python-version", python, "--only-binary", ":all:"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--dry-run", "--target", folder, *target, *words],
            env={**os.environ, "MACOSX_DEPLOYMENT_TARGET": OLDEST_MACOS},
            capture_output=True,
            text=True,
            check=False,
        )
    return None if done.returncode == 0 else done.stderr.strip()


def main() -> int:
    """Check every combination and print a line for each, with the reason where one fails."""
    failed = 0
    checks = list(product(PLATFORMS.items(), PYTHONS, INSTALLS))
    with ThreadPoolExecutor(AT_ONCE) as threads:
        reasons = list(threads.map(lambda check: failure(check[2], check[0][1], check[1]), checks))
    for ((name, _), python, install), reason in zip(checks, reasons, strict=True):
        failed += reason is not None
        lists = " ".join(one for one in install if one.endswith(".txt"))
        sys.stdout.write(f"{'ok' if reason is None else 'FAILED'}: {lists} on {name}, Python {python}\n")
        if reason is not None:
            sys.stdout.write(f"{reason}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
