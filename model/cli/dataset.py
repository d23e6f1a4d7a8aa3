"""`python -m model dataset`: the data sets that members gather, from the shell."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from model.cli import Command, Outcome, read_file, write_file
from model.errors import RequestError

if TYPE_CHECKING:
    from model.uploads import BatchReport, DataSetInfo, DataSetStore

HELP = "gather MIDI files in data sets, look at them, hand them on"
EXAMPLES = """examples:
  a set, and what may be done with the music in it:
    python -m model dataset create waltzes --licence own-work --store sets/
  MIDI files, folders and zips into it; what is damaged or there already is left out and told:
    python -m model dataset add waltzes a.mid more.zip folder/ --store sets/
    python -m model dataset add waltzes --other polkas --store sets/
  what is there:
    python -m model dataset list --store sets/
    python -m model dataset show waltzes --picture waltzes.png --store sets/
  pieces by number, name or hash, or the whole set:
    python -m model dataset remove waltzes 3 0a1b2c3d --store sets/
    python -m model dataset delete waltzes --store sets/
  a zip to hand on, or a folder to train on:
    python -m model dataset export waltzes -o waltzes.zip --store sets/
    python -m model dataset export waltzes --folder waltzes/ --store sets/
then: python -m model train --data waltzes/ --out runs/waltzes

licences: own-work, public-domain, cc0, cc-by, cc-by-sa, cc-by-nc, cc-by-nc-sa, permission, composed"""
ACTIONS = ("create", "add", "list", "show", "remove", "delete", "export")
MOST_SHOWN = 30  # pieces of a listing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dataset`."""
    parser.add_argument("action", choices=ACTIONS, help="what to do")
    parser.add_argument("name", nargs="?", help="of the data set: up to 32 of a-z, 0-9, '-' and '_'")
    parser.add_argument("what", nargs="*", help="add: files, folders, zips; remove: numbers, names or hashes of pieces")
    parser.add_argument("--store", type=Path, required=True, help="the folder that the data sets lie in")
    parser.add_argument("--licence", help="create: under which the music may be used, see below")
    parser.add_argument("--note", default="", help="create: on the licence, such as who gave permission")
    parser.add_argument("--other", metavar="SET", help="add: take the pieces of this data set")
    parser.add_argument("--similar", action="store_true", help="add: let in what is nearly the same as a piece there")
    parser.add_argument("--picture", type=Path, metavar="PNG", help="show: draw the data set into this file")
    parser.add_argument("-o", "--output", type=Path, metavar="ZIP", help="export: the zip to write")
    parser.add_argument("--folder", type=Path, help="export: put the MIDI files into this folder")


def run(arguments: argparse.Namespace) -> Outcome:
    """Carry out the action on the data sets."""
    from model.uploads import DataSetStore

    store = DataSetStore(arguments.store)
    if arguments.action == "list":
        infos = store.infos()
        rows = [f"{one.name:<34}{_totals(one)}" for one in infos]
        return Outcome({"sets": [figures(one) for one in infos]}, "\n".join(rows) or "No data set is here.")
    if arguments.name is None:
        raise RequestError(f"Name a data set: python -m model dataset {arguments.action} NAME --store FOLDER.")
    action = {
        "create": _create, "add": _add, "show": _show, "remove": _remove, "delete": _delete, "export": _export
    }[arguments.action]  # fmt: skip
    return action(store, arguments)


def _create(store: DataSetStore, arguments: argparse.Namespace) -> Outcome:
    from model.uploads import LICENCES

    if arguments.licence is None:
        choices = "\n".join(f"  {key:<15}{one.words}" for key, one in LICENCES.items())
        raise RequestError(f"Say with --licence under which the music may be used:\n{choices}")
    info = store.create(arguments.name, arguments.licence, note=arguments.note)
    return Outcome(figures(info), f"'{info.name}' is there now, empty. Licence: {info.licence}.")


def _add(store: DataSetStore, arguments: argparse.Namespace) -> Outcome:
    if arguments.other is not None:
        return _reported(store.add_from(arguments.name, arguments.other))
    if not arguments.what:
        raise RequestError("Name MIDI files, folders or zips to add, or a data set with --other.")
    files = [file for path in arguments.what for file in _read(Path(path))]
    return _reported(store.add(arguments.name, files, "shell", keep_similar=arguments.similar))


def _read(path: Path) -> list[tuple[str, bytes]]:
    """The file, or every MIDI file in the folder and below."""
    if not path.is_dir():
        return [(path.name, read_file(path))]
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in (".mid", ".midi") and file.is_file())
    return [(file.name, read_file(file)) for file in found]


def _reported(report: BatchReport) -> Outcome:
    said = {
        "added": [piece.name for piece in report.accepted],
        "repaired": {name: list(repairs) for name, repairs in report.repaired.items()},
        "refused": [vars(one) for one in report.refused],
        "duplicates": [vars(one) for one in report.duplicates],
        "set": figures(report.info),
    }
    return Outcome(said, report.text())


def _show(store: DataSetStore, arguments: argparse.Namespace) -> Outcome:
    info = store.info(arguments.name)
    if arguments.picture is not None:
        from model.pictures.data_set import draw_data_set

        write_file(arguments.picture, draw_data_set(info), "The picture")
    rows = [
        f"{number:>4}  {piece.short}  {piece.facts.seconds / 60:5.1f} min  {piece.facts.notes:>7,} notes  "
        f"{piece.facts.key or '-':<9}  {piece.name}"
        for number, piece in enumerate(info.pieces[:MOST_SHOWN], start=1)
    ]
    more = [f"and {len(info.pieces) - MOST_SHOWN:,} more; --json lists all"] if len(info.pieces) > MOST_SHOWN else []
    text = "\n".join([f"{info.name}: {_totals(info)}", f"Licence: {info.licence}.", *rows, *more])
    return Outcome(figures(info) | {"pieces": [piece.model_dump() for piece in info.pieces]}, text)


def _remove(store: DataSetStore, arguments: argparse.Namespace) -> Outcome:
    if not arguments.what:
        raise RequestError("Name the pieces to take out, by number, name or hash: `dataset show` lists them.")
    removed = store.remove(arguments.name, arguments.what)
    names = [piece.name for piece in removed]
    return Outcome({"removed": names}, f"Taken out of '{arguments.name}': {', '.join(names)}.")


def _delete(store: DataSetStore, arguments: argparse.Namespace) -> Outcome:
    info = store.delete(arguments.name)
    return Outcome(figures(info), f"'{info.name}' is gone: {info.totals}.")


def _export(store: DataSetStore, arguments: argparse.Namespace) -> Outcome:
    if arguments.folder is None and arguments.output is None:
        raise RequestError("Say where to: -o FILE.zip to hand it on, or --folder FOLDER to train on it.")
    written = []
    if arguments.output is not None:
        write_file(arguments.output, store.export(arguments.name), "The data set")
        written.append(str(arguments.output))
    if arguments.folder is not None:
        written.append(str(store.materialise(arguments.name, arguments.folder)))
    return Outcome({"written": written}, f"'{arguments.name}' is in {' and '.join(written)}.")


def figures(info: DataSetInfo) -> dict:
    """The figures of a data set, without its pieces."""
    return {
        "name": info.name,
        "licence": info.licence,
        "non_commercial": info.non_commercial,
        "pieces": len(info.pieces),
        "notes": info.notes,
        "minutes": round(info.minutes, 1),
        "bytes": info.bytes,
        "keys": dict(info.keys.most_common()),
        "instruments": dict(info.instruments.most_common()),
    }


def _totals(info: DataSetInfo) -> str:
    return f"{info.totals}, {info.bytes / 1e6:.1f} MB"


COMMANDS = {
    "dataset": Command(HELP, EXAMPLES, add_arguments, run),
}
