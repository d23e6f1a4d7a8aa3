"""`python -m benchmarks`: how fast Cadenza is, each figure beside a baseline of the same run.

A single part runs in this process; several run one after another in a process each, so that what one loads or leaves
behind (Keras' backend, threads, memory) does not affect the next.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import curves
from benchmarks.parts import ALL, PARTS
from benchmarks.results import BenchmarkError, FailedPart, Json, as_json, table, text

ROOT = Path(__file__).parents[1]
PART_LIMIT_S = 240.0  # of a part that normally takes less than a minute
CURVES = "curves"


def main() -> int:
    """Measure the parts named on the command line, by default all, and print the results.

    Returns:
        The exit code: 1 if a part failed.
    """
    parser = _parser()
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.parts) - set(PARTS) - {CURVES})
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; choose from {', '.join(PARTS)}, or {CURVES}")
    if CURVES in arguments.parts and len(arguments.parts) > 1:
        parser.error(f"{CURVES} cannot be combined with parts: it draws plots")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # hides TensorFlow's remarks about the machine
    try:
        if arguments.parts == [CURVES]:
            print("\n".join(str(path) for path in curves.draw(arguments.out)))
            return 0
        names = arguments.parts or list(PARTS)
        return _one(names[0], arguments.json) if len(names) == 1 else _several(names, arguments.json)
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    listed = [f"  {part.name:<15} {part.says} Must {part.must:g}, aim {part.aim:g}." for part in ALL]
    listed.append(f"  {CURVES:<15} not a part: draws the plots of docs/performance.md and writes their figures.")
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog="\n".join(["parts:", *listed]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help="what to measure (default: all parts)")
    parser.add_argument(
        "--json", action="store_true", help="print JSON: the object of a part, or those of several by name"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs", metavar="FOLDER", help=f"folder for the files of `{CURVES}` (docs)"
    )
    return parser


def _one(name: str, is_json: bool) -> int:
    part = PARTS[name]
    found = as_json(part, part.measure())
    print(text(found) if is_json else table([part], {name: found}))
    return 0


def _several(names: list[str], is_json: bool) -> int:
    found: dict[str, Json | FailedPart] = {}
    for name in names:
        started = time.monotonic()
        found[name] = measure_in_process(name)
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    failed = {name: one.sentence for name, one in found.items() if isinstance(one, FailedPart)}
    if is_json:
        print(text({name: {"failed": failed[name]} if name in failed else one for name, one in found.items()}))
    else:
        print(table(ALL, found))
    for name, sentence in failed.items():
        print(f"{name} failed: {sentence}", file=sys.stderr)
    return 1 if failed else 0


def measure_in_process(name: str) -> Json | FailedPart:
    """The JSON of a part, measured in a process of its own, whose stderr is this one's."""
    command = [sys.executable, "-m", "benchmarks", name, "--json"]
    try:
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=PART_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return FailedPart(f"It was not finished after {PART_LIMIT_S:.0f} s.")
    if done.returncode != 0:
        return FailedPart(f"Its process ended with code {done.returncode}; its messages are above.")
    found: Json = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
