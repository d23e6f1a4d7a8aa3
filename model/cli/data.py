"""`python -m model data`: the data sets known by name: what they are, and fetching them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from model.cli import Command, Outcome
from model.errors import DataError, RequestError

if TYPE_CHECKING:
    from model.corpora.catalogue import DataSet

HELP = "list the data sets known by name, tell about one, fetch it, or clean the cache"
EXAMPLES = """examples:
  what there is, with licence and size:
    python -m model data list
  where one comes from, how it is checked, which styles it has:
    python -m model data info pop909
  fetch it (or convert it, for music21) ahead of training, and say what is in it:
    python -m model data fetch jsb
    python -m model data fetch music21:string-quartet
  the same with a copy that is here already, or a part of the data set:
    python -m model data fetch maestro --from maestro-v2.0.0-midi.zip
  throw away what was encoded; it is made again when it is needed:
    python -m model data clean
then: python -m model train --data jsb --out runs/mine

What is fetched, converted and encoded is kept in a cache: --cache, else the variable CADENZA_CACHE, else
.cache/cadenza in your home. It may be deleted at any time; the next run makes it again."""
ACTIONS = ("list", "info", "fetch", "clean")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `data`."""
    parser.add_argument("action", choices=ACTIONS, help="what to do")
    parser.add_argument("name", nargs="?", help="a data set out of `data list`; music21:STYLE for a part of music21")
    add_data_options(parser)


def add_data_options(parser: argparse._ActionsContainer) -> None:
    """Add `--from` and `--cache`, which every command that takes data by name has."""
    parser.add_argument(
        "--from",
        dest="local",
        action="append",
        metavar="PATH",
        help="a copy of the named data set, or of a part of it, instead of fetching; NAME=PATH where several are "
        "named, and again for another copy",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        help="folder for what is fetched and encoded (default: CADENZA_CACHE, or ~/.cache/cadenza)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """List, tell, fetch or clean."""
    from model.corpora.catalogue import DATA_SETS, data_set
    from model.files import cache_folder

    if arguments.action == "list":
        rows = [f"{one.name:<12}{one.title} · {one.pieces} · {one.licence}" for one in DATA_SETS.values()]
        text = "\n".join([*rows, f"The cache is {cache_folder(arguments.cache)}."])
        return Outcome({name: _figures(one) for name, one in DATA_SETS.items()}, text)
    if arguments.action == "clean":
        return _clean(cache_folder(arguments.cache))
    if arguments.name is None:
        raise RequestError(f"Name a data set: python -m model data {arguments.action} NAME; `data list` shows them.")
    if arguments.action == "info":
        entry = data_set(arguments.name)
        return Outcome(_figures(entry), _page(entry))
    return _fetch(arguments)


def _clean(cache: Path) -> Outcome:
    """Delete all shards; downloads and conversions, which take longer, stay."""
    import shutil

    shards = cache / "encoded"
    size = sum(file.stat().st_size for file in shards.rglob("*") if file.is_file())
    try:
        if shards.exists():
            shutil.rmtree(shards)
    except OSError as error:
        raise DataError(f"{shards} cannot be deleted ({error.strerror}).") from error
    return Outcome({"cache": str(cache), "bytes": size}, f"{size / 1e6:.1f} MB of encoded music are gone from {cache}.")


def _fetch(arguments: argparse.Namespace) -> Outcome:
    from collections import Counter

    from model.corpora.catalogue import find_data
    from model.corpora.sources import read_sources

    found = find_data(arguments.name, arguments.local, arguments.cache)
    sources = [source for path in found.paths for source in read_sources(path)]
    styles = Counter(source.style for source in sources)
    splits = Counter(source.split or "none" for source in sources)
    figures = {
        "title": found.title,
        "paths": [str(path) for path in found.paths],
        "files": len(sources),
        "styles": dict(styles.most_common()),
        "splits": dict(splits),
        "licence": found.licence,
        "non_commercial": found.non_commercial,
    }
    named = ", ".join(f"{style or 'unknown'} {count}" for style, count in styles.most_common(8))
    text = (
        f"{found.title}: {len(sources)} MIDI files in {', '.join(map(str, found.paths))}.\nStyles: {named}.\n"
        f"Licence: {found.licence or 'unknown'}."
    )
    return Outcome(figures, text)


def _figures(entry: DataSet) -> dict:
    return {key: value for key, value in vars(entry).items() if key != "prepare"}


def _page(entry: DataSet) -> str:
    """A description of one corpus."""
    checked = f"SHA-256 {entry.sha256}" if entry.sha256 else entry.checked
    rows = {
        "Pieces": entry.pieces,
        "Styles": entry.styles,
        "Licence": entry.licence + (" (non-commercial: so is what is trained on it)" if entry.non_commercial else ""),
        "About": entry.home,
        "Address": entry.address or "none: it is installed with the package music21",
        "Size": f"{entry.size / 1e6:.1f} MB" if entry.size else "varies",
        "Checked": checked,
    }
    return "\n".join([entry.title, *(f"{key + ':':<9}{value}" for key, value in rows.items())])


COMMANDS = {
    "data": Command(HELP, EXAMPLES, add_arguments, run),
}
