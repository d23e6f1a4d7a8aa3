"""`python -m model publish`: put a trained bundle into a store and let its name point at it."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.commands import Outcome

HELP = "put a trained bundle into a store, under a name that workers serve"
EXAMPLES = """examples:
  python -m model publish runs/mine --name mine --store bundles/
  CADENZA_STORE=bundles/ make run        (then: /compose model:mine)"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `publish`."""
    from model.bundles.store import SHIPPED

    parser.add_argument("folder", type=Path, help="what `train` wrote")
    parser.add_argument("--name", required=True, help="what members will call it: a-z, 0-9, '-' and '_'")
    parser.add_argument("--store", default=str(SHIPPED), help="folder or fsspec URL (default: the shipped bundles)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Add the version, then point the name at it."""
    from model.bundles import BundleStore
    from model.bundles.store import read_folder

    store = BundleStore(arguments.store)
    version = store.add(arguments.name, read_folder(arguments.folder))
    store.point(arguments.name, version)
    text = f"{arguments.name} is now version {version} in {store.url}."
    return Outcome({"name": arguments.name, "version": version, "store": store.url}, text)
