"""`python -m model publish`: put a trained bundle into a store and let its name point at it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from model.commands import Outcome
from model.commands.data import add_data_options

if TYPE_CHECKING:
    from model.data.corpus import Encoded

HELP = "put a trained bundle into a store, under a name that workers serve"
EXAMPLES = """examples:
  python -m model publish runs/mine --name mine --store bundles/
  CADENZA_STORE=bundles/ make run        (then: /compose model:mine)
  a bundle made before bundles knew which keys and densities are usual, from the music it learnt from:
    python -m model publish runs/old --name old --habits-of midi_songs/ --store bundles/
  a bundle made before bundles carried a sample of their music, which fine-tuning mixes in against forgetting:
    python -m model publish runs/old --name old --rehearsal-of midi_songs/ --store bundles/"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `publish`."""
    from model.bundles.store import SHIPPED

    parser.add_argument("folder", type=Path, help="what `train` wrote")
    parser.add_argument("--name", required=True, help="what members will call it: a-z, 0-9, '-' and '_'")
    parser.add_argument(
        "--habits-of",
        help="what it learnt from, a folder, an archive or a data set by name: measure which keys and densities "
        "that music usually has and put them into the bundle, if it was trained before `train` did so",
    )
    parser.add_argument(
        "--rehearsal-of",
        help="what it learnt from, likewise: put a small sample of that music, and of what was held out of it, into "
        "the bundle, so that it can be fine-tuned without forgetting",
    )
    add_data_options(parser)
    parser.add_argument("--store", default=str(SHIPPED), help="folder or fsspec URL (default: the shipped bundles)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Add the version, then point the name at it."""
    from model.bundles import BundleStore
    from model.bundles.store import read_folder

    store = BundleStore(arguments.store)
    files = read_folder(arguments.folder)
    if arguments.habits_of is not None or arguments.rehearsal_of is not None:
        files = _completed(files, arguments)
    version = store.add(arguments.name, files)
    store.point(arguments.name, version)
    text = f"{arguments.name} is now version {version} in {store.url}."
    return Outcome({"name": arguments.name, "version": version, "store": store.url}, text)


def _completed(files: dict[str, bytes], arguments: argparse.Namespace) -> dict[str, bytes]:
    """`files` with the habits of what would be learnt from `--habits-of`, and the rehearsal of `--rehearsal-of`."""
    from model.bundles.bundle import unpack, with_habits, with_rehearsal
    from model.bundles.habits import habits_of
    from model.bundles.rehearsal import Sample, rehearsal_of
    from model.representation import representation_of

    config = unpack(files, arguments.name).config
    representation = representation_of(config.representation, config.styles, config.vocabulary)
    if arguments.habits_of is not None:
        data = _learnt(arguments.habits_of, config.representation, arguments)
        files = with_habits(files, habits_of(representation, data.train, data.train_styles))
    if arguments.rehearsal_of is not None:
        data = _learnt(arguments.rehearsal_of, config.representation, arguments)
        train, held_out = Sample(data.train, data.train_styles), Sample(data.validation, data.validation_styles)
        files = with_rehearsal(files, rehearsal_of(representation, train, held_out))
    return files


def _learnt(named: str, representation: str, arguments: argparse.Namespace) -> Encoded:
    """What training would make of the data that is named."""
    from model.data.catalogue import find_data
    from model.data.corpus import encode_corpus

    found = find_data(named, arguments.local, arguments.cache)
    return encode_corpus(found.paths, representation, cache=arguments.cache)
