"""`python -m model publish`: put a trained bundle into a store and let its name point at it."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.commands import Outcome
from model.commands.data import add_data_options

HELP = "put a trained bundle into a store, under a name that workers serve"
EXAMPLES = """examples:
  python -m model publish runs/mine --name mine --store bundles/
  CADENZA_STORE=bundles/ make run        (then: /compose model:mine)
  a bundle that was trained before bundles took along what they do now, from the music it learnt from:
    python -m model publish runs/old --name old --learnt-from midi_songs/ --store bundles/"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `publish`."""
    from model.bundles.store import SHIPPED

    parser.add_argument("folder", type=Path, help="what `train` wrote")
    parser.add_argument("--name", required=True, help="what members will call it: a-z, 0-9, '-' and '_'")
    parser.add_argument(
        "--learnt-from",
        help="what it learnt from, a folder, an archive or a data set by name: put into the bundle what `train` would "
        "today, an index that tells copies, which keys, densities and ensembles are usual, a small sample of the music",
    )
    add_data_options(parser)
    parser.add_argument("--store", default=str(SHIPPED), help="folder or fsspec URL (default: the shipped bundles)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Add the version, then point the name at it."""
    from model.bundles import BundleStore
    from model.bundles.store import read_folder

    store = BundleStore(arguments.store)
    files = read_folder(arguments.folder)
    if arguments.learnt_from is not None:
        files = _completed(files, arguments)
    version = store.add(arguments.name, files)
    store.point(arguments.name, version)
    text = f"{arguments.name} is now version {version} in {store.url}."
    return Outcome({"name": arguments.name, "version": version, "store": store.url}, text)


def _completed(files: dict[str, bytes], arguments: argparse.Namespace) -> dict[str, bytes]:
    """`files` with what is to be taken along of `--learnt-from`."""
    from model.bundles.bundle import unpack, with_artifacts
    from model.bundles.training_artifacts import training_artifacts
    from model.corpora.catalogue import find_data
    from model.corpora.corpus import encode_corpus
    from model.representation import representation_of

    config = unpack(files, arguments.name).config
    found = find_data(arguments.learnt_from, arguments.local, arguments.cache)
    data = encode_corpus(found.paths, config.representation, cache=arguments.cache)
    return with_artifacts(
        files, *training_artifacts(representation_of(config.representation, config.styles, config.vocabulary), data)
    )
