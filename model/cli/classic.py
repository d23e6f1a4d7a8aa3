"""`python -m model classic`: the classic workflow in one command, or step by step: parse, train, compose."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import ValidationError

from model.classic.settings import ClassicSettings
from model.cli import Command, Outcome
from model.cli.data import add_data_options
from model.errors import DataError, RequestError
from model.network.config import PRESETS, NetworkConfig

if TYPE_CHECKING:
    from model.classic.composing import ClassicRequest
    from model.corpora.catalogue import FoundData

STEPS = ("all", "parse", "train", "compose")
CELLS = {"lstm": "classic", "gru": "gru", "conv": "conv", "transformer": "transformer"}  # the preset of each
NOTES = 500  # as the tutorial composed
HELP = "the classic workflow: parse a folder of MIDI files with music21, train on windows of 100 notes, compose 500"
EXAMPLES = """examples:
  all of it: RUN gets notes.json, weights after every epoch, model.keras, test_output.mid, .png, .musicxml and .mp3
    python -m model classic --data midi_songs/ --out runs/first
  try it, a minute on a laptop:
    python -m model classic --data midi_songs/ --out runs/try --epochs 1 --units 64 --layers 2 --cell gru
  stopped with Ctrl-C, or 20 epochs more:
    python -m model classic --out runs/first --step train --resume --epochs 30
  compose again, with the weights of epoch 3, after notes of your own:
    python -m model classic --out runs/first --step compose --epoch 3 --start "C4 E4+G4+C5 R"
  rests and lengths too:
    python -m model classic --data midi_songs/ --out runs/rhythm --rests --durations
  performances, in waits of 10 ms:
    python -m model classic --data maestro-v1 --year 2004 --out runs/piano --time-shift 0.01
then: python -m model compose --bundle runs/first --notes 500 -o test_output.mid"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `classic`."""
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--step", choices=STEPS, default="all", help="do one step alone (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on with the training in --out")
    _add_data(parser.add_argument_group("parsing"))
    _add_network(parser.add_argument_group("the network; an option left out is the tutorial's"))
    group = parser.add_argument_group("training")
    for name, field in ClassicSettings.model_fields.items():
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(field.default),
            choices=get_args(field.annotation) or None,
            default=field.default,
            help=f"{field.description} (default: %(default)s)",
        )
    group.add_argument("--title", default="", help="title on the bundle's card")
    group.add_argument("--licence", default="", help="licence of the data, kept on the card")
    group.add_argument("--non-commercial", action="store_true", help="the data's licence bars commercial use")
    _add_composing(parser.add_argument_group("composing"))


def _add_data(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--data", help="folder, zip or tar archive of MIDI files, or a data set by name (`data list`); for parsing"
    )
    add_data_options(group)
    group.add_argument("--year", type=int, default=0, help="only files in a folder of this name, as MAESTRO has")
    group.add_argument("--pieces", type=int, default=0, help="only so many files, spread evenly (default: all)")
    group.add_argument("--instrument", default="", help="which to read of each file: piano, flute (default: the first)")
    group.add_argument(
        "--chords",
        choices=("classes", "pitches"),
        default="classes",
        help="how chords are named: 0.4.7, or E4+G4+C5 (default: %(default)s)",
    )
    group.add_argument("--rests", action="store_true", help="keep silences, as the word R")
    group.add_argument("--durations", action="store_true", help="keep lengths: C4:0.5, R:1")
    group.add_argument(
        "--time-shift", type=float, default=0.0, metavar="SECONDS", help="keep time in waits of this unit: 1.0 … 0.01"
    )
    group.add_argument("--endings", action="store_true", help="keep where pieces end, as the word END")


def _add_network(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--cell", choices=tuple(CELLS), help="what reads the window (default: lstm)")
    group.add_argument("--layers", type=int, help="layers of it (default: 3)")
    group.add_argument("--units", type=int, help="width of a layer (default: 512; conv and transformer 256)")
    group.add_argument("--dense", type=int, help="units of the hidden layer after it (default: 256)")
    group.add_argument("--dropout", type=float, help="share dropped between layers in training (default: 0.3)")
    group.add_argument("--window", type=int, help="notes that it looks at (default: 100)")
    group.add_argument(
        "--embedding", type=int, help="numbers that a note is read as; 0 = one, its index (default: 0; conv and "
        "transformer 64)"
    )  # fmt: skip


def _add_composing(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--notes", type=int, default=NOTES, help="words to compose (default: %(default)s)")
    group.add_argument("--start", help="notes ('C4 E4+G4+C5 R'), a MIDI file, or 'random'; without it, from nothing")
    group.add_argument("--epoch", type=int, default=0, help="compose with this epoch's weights (default: the best)")
    group.add_argument("--stride", type=int, default=1, help="notes for each reading of the window (default: 1)")
    group.add_argument("--argmax", action="store_true", help="always the likeliest note, as the tutorial did")
    group.add_argument("--temperature", type=float, default=1.0, help="0.1 to 2 (default: %(default)g)")
    group.add_argument("--until-end", action="store_true", help="the piece may end itself before (see --endings)")


def run(arguments: argparse.Namespace) -> Outcome:
    """Do the steps that are asked for."""
    step = arguments.step
    request = _request(arguments)
    settings = _validated(ClassicSettings, {name: getattr(arguments, name) for name in ClassicSettings.model_fields})
    config = network_of(arguments)
    figures: dict[str, Any] = {"out": str(arguments.out)}
    lines: list[str] = []
    if step in ("all", "parse") and not (arguments.resume and arguments.data is None):
        _parse(arguments, figures, lines)
    if step in ("all", "train"):
        _train(arguments, config, settings, figures, lines)
    if step in ("all", "compose"):
        _compose(arguments, request, figures, lines)
    return Outcome(figures, "\n".join(lines))


def network_of(arguments: argparse.Namespace) -> NetworkConfig:
    """The network that the options describe.

    Raises:
        RequestError: a size is out of range.
    """
    if arguments.window is not None and not 1 <= arguments.window <= 1000:
        raise RequestError("--window: from 1 to 1000 notes.")
    base = PRESETS[CELLS[arguments.cell or "lstm"]]
    return _validated(NetworkConfig, base.model_dump() | _sizes(arguments))


def _sizes(arguments: argparse.Namespace) -> dict[str, Any]:
    """The sizes that were given, by the names of `NetworkConfig`."""
    options = {
        "layers": arguments.layers, "units": arguments.units, "head_units": arguments.dense,
        "dropout": arguments.dropout, "window": arguments.window, "embedding": arguments.embedding or None,
        "note_input": None if arguments.embedding is None else "embedding" if arguments.embedding else "number",
    }  # fmt: skip
    return {name: value for name, value in options.items() if value is not None}


def _begun(arguments: argparse.Namespace) -> NetworkConfig | None:
    """The network of the training that is resumed; None where none is.

    Raises:
        RequestError: another one was asked for.
    """
    from model.bundles import open_bundle
    from model.bundles.bundle import CONFIG

    if not arguments.resume or not (arguments.out / CONFIG).exists():
        return None
    config = open_bundle(str(arguments.out)).config
    asked = _sizes(arguments) | ({"stack": arguments.cell} if arguments.cell else {})
    if changed := [name for name, value in asked.items() if getattr(config, name) != value]:
        raise RequestError(
            f"The training in {arguments.out} has {changed[0]} {getattr(config, changed[0])} and goes on with the "
            "sizes it began with. Leave the option out, or name another --out."
        )
    return config


def _parse(arguments: argparse.Namespace, figures: dict[str, Any], lines: list[str]) -> None:
    from model.classic.corpus import Selection
    from model.classic.run import parse
    from model.representation.spelling import Spelling

    if arguments.data is None:
        raise DataError("Parsing needs music: name a folder of MIDI files with --data.")
    found = find(arguments)
    spelling = Spelling(
        arguments.chords, arguments.rests, arguments.durations, _time_shift(arguments), arguments.endings
    )
    selection = Selection(arguments.pieces, arguments.instrument, arguments.year)
    corpus = parse(arguments.out, found.paths, spelling, selection, arguments.cache)
    notes = sum(len(piece.names) for piece in corpus.train)
    for name, reason in corpus.refused.items():
        sys.stderr.write(f"left out {name}: {reason}\n")
    figures |= {
        "pieces": len(corpus.pieces),
        "held_out": len(corpus.validation),
        "words": notes,
        "vocabulary": len(corpus.vocabulary),
        "left_out": corpus.refused,
    }
    lines.append(
        f"{arguments.out}/notes.json: {len(corpus.train)} pieces with {notes:,} words to train on, "
        f"{len(corpus.validation)} held out, {len(corpus.refused)} left out; a vocabulary of {len(corpus.vocabulary)}."
    )


def _time_shift(arguments: argparse.Namespace) -> float:
    if arguments.time_shift and not 0.01 <= arguments.time_shift <= 4:
        raise RequestError("--time-shift: from 0.01 to 4 seconds.")
    return float(arguments.time_shift)


def find(arguments: argparse.Namespace) -> FoundData:
    """The data that --data and --from name."""
    from model.corpora.catalogue import find_data

    return find_data(str(arguments.data), arguments.local, arguments.cache)


def _train(
    arguments: argparse.Namespace,
    config: NetworkConfig,
    settings: ClassicSettings,
    figures: dict[str, Any],
    lines: list[str],
) -> None:
    from model.classic.run import DataCard, fit

    title, licence, bars = _about_data(arguments)
    card = DataCard(
        title=title,
        licence=arguments.licence or licence,
        non_commercial=arguments.non_commercial or bars,
        heading=arguments.title,
        command="python -m model " + shlex.join(sys.argv[1:]),
    )
    progress = fit(arguments.out, _begun(arguments) or config, settings, card, arguments.resume)
    if not progress.history:
        raise RequestError(
            "Training was stopped before the first epoch ended, so there is nothing to compose with yet."
        )
    figures |= {"epochs": progress.epoch, "best_epoch": progress.best_epoch, "best": progress.best_figures}
    lines.append(
        f"{arguments.out}/model.keras: the best of {progress.epoch} epochs is number {progress.best_epoch}, with "
        f"{progress.best:.3f} nats per note on held-out pieces, {progress.best_figures['val_unigram']:.3f} by "
        "frequency alone."
    )


def _about_data(arguments: argparse.Namespace) -> tuple[str, str, bool]:
    """Title, licence and whether it bars commercial use; of a step alone what the folder tells."""
    if arguments.data is None:
        return f"the music of {arguments.out.resolve().name}", "", False
    if Path(arguments.data).exists() and arguments.local is None:
        return Path(arguments.data).resolve().name, "", False
    from model.corpora.catalogue import data_set

    known = [data_set(name) for name in arguments.data.split(",") if name]
    return (
        ", ".join(one.title for one in known),
        "; ".join(dict.fromkeys(one.licence for one in known)),
        any(one.non_commercial for one in known),
    )


def _compose(arguments: argparse.Namespace, request: ClassicRequest, figures: dict[str, Any], lines: list[str]) -> None:
    from model.classic.run import compose, trained

    made = compose(arguments.out, trained(arguments.out, arguments.epoch), request, arguments.start)
    figures |= made
    lines += [f"{made['output']}: {made['composed_notes']} words, {made['seconds']:.1f} s.", *made["files"][1:]]
    lines += made["remarks"]


def _request(arguments: argparse.Namespace) -> ClassicRequest:
    from model.classic.composing import ClassicRequest
    from model.generation.options import SamplingParameters

    sampling = SamplingParameters(temperature=arguments.temperature)
    if arguments.argmax:
        sampling = replace(sampling, top_k=1)
    request = ClassicRequest(arguments.notes, sampling, arguments.random_seed, arguments.stride, arguments.until_end)
    request.check()
    return request


def _validated(kind: type, values: dict[str, Any]) -> Any:
    try:
        return kind(**values)
    except ValidationError as error:
        sentences = (f"--{'-'.join(map(str, one['loc'])).replace('_', '-')}: {one['msg']}." for one in error.errors())
        raise RequestError(" ".join(sentences)) from error


COMMANDS = {"classic": Command(HELP, EXAMPLES, add_arguments, run)}
