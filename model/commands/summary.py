"""`python -m model summary`: the layers of a network and how many weights each has."""

from __future__ import annotations

import argparse

from model.commands import Outcome

HELP = "print the layers of a preset or a bundle"
EXAMPLES = """examples:
  python -m model summary --preset cadenza
  python -m model summary --bundle piano"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `summary`."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--preset", default="cadenza", help="named sizes (default: %(default)s)")
    which.add_argument("--bundle", help="name of a shipped bundle, or a folder")


def run(arguments: argparse.Namespace) -> Outcome:
    """Build the network and count."""
    from model.bundles import open_bundle
    from model.network import NoteNetwork
    from model.network.config import preset

    network = open_bundle(arguments.bundle).network() if arguments.bundle else NoteNetwork(preset(arguments.preset))
    rows = [(layer.name, type(layer).__name__, layer.count_params()) for layer in network.layers]
    total = network.count_params()
    lines = [f"{'layer':<20} {'kind':<14} {'weights':>10}", "-" * 46]
    lines += [f"{name:<20} {kind:<14} {count:>10,}" for name, kind, count in rows]
    lines += ["-" * 46, f"{'total':<35} {total:>10,}"]
    return Outcome(
        {"layers": [{"name": n, "kind": k, "weights": c} for n, k, c in rows], "total": total}, "\n".join(lines)
    )
