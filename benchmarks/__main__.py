"""`python -m benchmarks`: a table of notes per second, or one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict

from benchmarks import decode1
from benchmarks.decode1 import Figure

PARTS = {"decode1": decode1.measure}


def main() -> int:
    """Measure the parts named on the command line (all if none) and print what came out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to measure: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.parts) - set(PARTS))
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; choose from {', '.join(PARTS)}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's remarks on the machine
    measured = {part: PARTS[part]() for part in arguments.parts or PARTS}
    print(as_json(measured) if arguments.json else "\n\n".join(map(table, measured, measured.values())))
    return 0


def as_json(measured: dict[str, list[Figure]]) -> str:
    """One object: per part its rows by name, and how many times the last row is as fast as the first."""
    parts = {
        part: {row.name: asdict(row) for row in rows} | {"ratio": rows[-1].notes_per_second / rows[0].notes_per_second}
        for part, rows in measured.items()
    }
    return json.dumps({**parts, "cores": os.cpu_count()})


def table(part: str, rows: list[Figure]) -> str:
    """The rows of a part, each with its speed as a multiple of the first."""
    head = f"{part:<12} {'weights':>10} {'notes/s':>10} {'ms/note':>9} {'ratio':>8}"
    lines = [
        f"{row.name:<12} {row.weights:>10,} {row.notes_per_second:>10.1f} {1000 / row.notes_per_second:>9.2f} "
        f"{row.notes_per_second / rows[0].notes_per_second:>7.0f}x"
        for row in rows
    ]
    return "\n".join([head, "-" * len(head), *lines])


if __name__ == "__main__":
    sys.exit(main())
