"""`python -m model bundles` and `publish`: the bundles of a store and their versions."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

from model.cli import Command, Outcome, read_file, write_file
from model.cli.data import add_data_options
from model.errors import RequestError

if TYPE_CHECKING:
    from model.bundles import BundleInfo, BundleStore

HELP = "list a store's bundles and their versions, promote, roll back, rename, delete, export, import"
EXAMPLES = """examples:
  python -m model bundles list --store bundles/
  python -m model bundles info mine --store bundles/
  use a version that was added, and go back:
    python -m model bundles promote mine --version 0123456789ab --store bundles/
    python -m model bundles rollback mine --store bundles/
  hand one on; what is imported is checked, and used once it is promoted:
    python -m model bundles export mine -o mine.zip --store bundles/
    python -m model bundles import theirs mine.zip --store bundles/
  python -m model bundles rename mine ours --store bundles/
  one version, or all of a name:
    python -m model bundles delete ours --version 0123456789ab --store bundles/
    python -m model bundles delete ours --store bundles/
  the same for the models of one Discord server:
    python -m model bundles list --server 81384788765712384 --store bundles/"""
ACTIONS = ("list", "info", "promote", "rollback", "rename", "delete", "export", "import")
PUBLISH_HELP = "put a trained bundle into a store, under a name that workers serve"
PUBLISH_EXAMPLES = """examples:
  python -m model publish runs/mine --name mine --store bundles/
  CADENZA_STORE=bundles/ make run        (then: /compose model:mine)
  a bundle that was trained before bundles took along what they do now, from the music it learnt from:
    python -m model publish runs/old --name old --learnt-from midi_songs/ --store bundles/"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `bundles`."""
    from model.bundles.store import SHIPPED

    parser.add_argument("action", choices=ACTIONS, help="what to do")
    parser.add_argument("name", nargs="?", help="of the bundle")
    parser.add_argument("what", nargs="?", help="rename: the new name; import: the zip to read")
    parser.add_argument("--version", help="which version (default: the current one; delete: all; promote: needed)")
    parser.add_argument("--even-current", action="store_true", help="delete: even the version that is in use")
    parser.add_argument("-o", "--output", type=Path, metavar="ZIP", help="export: the zip to write")
    parser.add_argument("--server", type=int, metavar="ID", help="the models of this Discord server")
    parser.add_argument("--store", default=str(SHIPPED), help="folder or fsspec URL (default: the shipped bundles)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Carry out the action on the store."""
    from model.bundles import BundleStore

    store = BundleStore(arguments.store)
    if arguments.server is not None:
        store = store.of_server(arguments.server)
    if arguments.action == "list":
        return _list(store)
    if arguments.name is None:
        raise RequestError(
            f"Name a bundle: python -m model bundles {arguments.action} NAME; `bundles list` shows them."
        )
    action = {
        "info": _info, "promote": _promote, "rollback": _rollback, "rename": _rename, "delete": _delete,
        "export": _export, "import": _import,
    }[arguments.action]  # fmt: skip
    return action(store, arguments)


def _list(store: BundleStore) -> Outcome:
    infos = [store.info(name) for name in store.all_names()]
    rows = [f"{one.name:<34}{one.current or 'not in use':<14}{len(one.versions)} versions" for one in infos]
    servers = store.servers()
    if servers:
        rows.append(f"Servers with models of their own: {', '.join(map(str, servers))}.")
    said = {"bundles": {one.name: one.current for one in infos}, "servers": servers}
    return Outcome(said, "\n".join(rows) or "No bundle is here.")


def _info(store: BundleStore, arguments: argparse.Namespace) -> Outcome:
    info = store.info(arguments.name)
    rows = [
        f"{one.version}  {time.strftime('%Y-%m-%d %H:%M', time.localtime(one.created_s))}  "
        f"{one.size_bytes / 1e6:6.1f} MB  {_state(one.is_current, one.was_current):<10}  {one.card.title}"
        for one in info.versions
    ]
    return Outcome(_figures(info), "\n".join([f"{info.name} means {info.current or 'no version yet'}.", *rows]))


def _state(is_current: bool, was_current: bool) -> str:
    return "current" if is_current else "was used" if was_current else "candidate"


def _figures(info: BundleInfo) -> dict:
    versions = [{**vars(one), "card": one.card.model_dump()} for one in info.versions]
    return {"name": info.name, "current": info.current, "versions": versions}


def _promote(store: BundleStore, arguments: argparse.Namespace) -> Outcome:
    version = arguments.version
    if version is None:
        candidates = ", ".join(store.candidates(arguments.name)) or "none"
        raise RequestError(f"Say which version with --version. Never in use so far: {candidates}.")
    store.point(arguments.name, version)
    return _now(arguments.name, version)


def _rollback(store: BundleStore, arguments: argparse.Namespace) -> Outcome:
    return _now(arguments.name, store.rollback(arguments.name))


def _now(name: str, version: str) -> Outcome:
    return Outcome({"name": name, "version": version}, f"{name} is now version {version}.")


def _rename(store: BundleStore, arguments: argparse.Namespace) -> Outcome:
    if arguments.what is None:
        raise RequestError("Give the new name, too: python -m model bundles rename OLD NEW.")
    store.rename(arguments.name, arguments.what)
    return Outcome({"name": arguments.what}, f"What was called {arguments.name} is called {arguments.what} now.")


def _delete(store: BundleStore, arguments: argparse.Namespace) -> Outcome:
    store.delete(arguments.name, arguments.version, even_current=arguments.even_current)
    what = f"Version {arguments.version} of {arguments.name}" if arguments.version else arguments.name
    return Outcome({"name": arguments.name, "version": arguments.version}, f"{what} is gone.")


def _export(store: BundleStore, arguments: argparse.Namespace) -> Outcome:
    if arguments.output is None:
        raise RequestError("Say where to with -o FILE.zip.")
    data = store.export(arguments.name, arguments.version)
    write_file(arguments.output, data, "The bundle")
    text = f"{arguments.name} is in {arguments.output}, {len(data) / 1e6:.1f} MB."
    return Outcome({"written": str(arguments.output), "bytes": len(data)}, text)


def _import(store: BundleStore, arguments: argparse.Namespace) -> Outcome:
    if arguments.what is None:
        raise RequestError("Give the zip to read, too: python -m model bundles import NAME FILE.zip.")
    version = store.import_(read_file(Path(arguments.what)), arguments.name)
    text = f"Version {version} is kept as {arguments.name}; `bundles promote` puts it to use."
    return Outcome({"name": arguments.name, "version": version}, text)


def add_publish_arguments(parser: argparse.ArgumentParser) -> None:
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


def run_publish(arguments: argparse.Namespace) -> Outcome:
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
    """`files` with the training artifacts of `--learnt-from`."""
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


COMMANDS = {
    "bundles": Command(HELP, EXAMPLES, add_arguments, run),
    "publish": Command(PUBLISH_HELP, PUBLISH_EXAMPLES, add_publish_arguments, run_publish),
}
