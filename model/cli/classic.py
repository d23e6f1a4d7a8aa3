"""What `python -m model train` and `compose` do for presets and bundles of the classic kind."""

from __future__ import annotations

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import ValidationError

from model.classic.settings import ClassicSettings
from model.cli import Outcome, write_file
from model.cli.compose_options import write_pictures
from model.errors import RequestError
from model.training.settings import TrainingSettings

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.classic.composing import ClassicComposition
    from model.classic.corpus import NamedCorpus
    from model.classic.starts import Start
    from model.corpora.catalogue import FoundData
    from model.generation import ComposeOptions
    from model.network import ClassicNetwork, NetworkConfig
    from model.representation import Notes
    from model.training.loop import Progress

NOTES = 500  # as the tutorial composed


def add_compose_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that only bundles of the classic kind have."""
    group = parser.add_argument_group("bundles of the classic kind (docs/classic.md)")
    group.add_argument(
        "--notes", type=int, help=f"notes and chords to compose (default: {NOTES}, or as --seconds says)"
    )
    group.add_argument("--start", help="notes ('C4 E4 G4'), a MIDI file, or 'random'; without it, from nothing")
    group.add_argument("--stride", type=int, default=1, help="notes for each reading of the window (default: 1)")
    group.add_argument("--argmax", action="store_true", help="always the likeliest note, as the tutorial did")


def refuse(arguments: argparse.Namespace) -> None:
    """Raise RequestError for options that only a bundle of the classic kind has; for the other kinds."""
    given = {"--notes": arguments.notes, "--start": arguments.start, "--argmax": arguments.argmax}
    if wrong := [name for name, value in given.items() if value]:
        raise RequestError(
            f"{wrong[0]} is for bundles of the classic kind: give a length with --seconds, a seed by --seed."
        )


def compose(arguments: argparse.Namespace, bundle: Bundle, options: ComposeOptions) -> Outcome:
    """Compose and write the files."""
    from model.classic.composing import ClassicComposer, ClassicRequest
    from model.midi import write_midi

    if options.mode != "continue":
        raise RequestError("A bundle of the classic kind can only continue a seed: leave --mode out.")
    sampling = replace(options.sampling, top_k=1) if arguments.argmax else options.sampling
    request = ClassicRequest(_notes(arguments), sampling, options.random_seed, arguments.stride)
    request.check()
    composer = ClassicComposer(bundle)
    start = _start(arguments, composer.notes, options.random_seed)
    composition = composer.compose(start, request)
    write_file(arguments.output, write_midi(composition.piece), "The piece")
    written = write_pictures(composition.piece, arguments, title=bundle.name)
    asked = options.controls.asked
    unheeded = (f"Bundles of the classic kind know no {' and no '.join(asked)}.",) if asked else ()
    return _outcome(arguments, bundle, composition, options.random_seed, [*written, *composition.remarks, *unheeded])


def _notes(arguments: argparse.Namespace) -> int:
    from model.representation import Notes

    if arguments.notes is not None or arguments.seconds is None:
        return NOTES if arguments.notes is None else int(arguments.notes)
    return round(arguments.seconds * Notes.units_per_second)


def _start(arguments: argparse.Namespace, notes: Notes, random_seed: int) -> Start:
    from model.classic.starts import start_of

    wish = arguments.start or (str(arguments.seed) if arguments.seed else None)
    start = start_of(wish, notes, Path(arguments.bundle), random_seed)
    return replace(start, is_part_of_piece=False) if arguments.without_seed else start


def _outcome(
    arguments: argparse.Namespace,
    bundle: Bundle,
    composition: ClassicComposition,
    random_seed: int,
    remarks: list[str],
) -> Outcome:
    count = len(composition.composed)
    figures = {
        "output": str(arguments.output),
        "bundle": bundle.name,
        "version": bundle.version,
        "random_seed": random_seed,
        "notes": composition.started + count,
        "composed_notes": count,
        "distinct_notes": len(set(composition.composed.tolist())),
        "seconds": round(composition.piece.end_s, 3),
        "timings": {"sample": round(composition.seconds_taken, 4)},
        "remarks": remarks,
    }
    text = (
        f"{arguments.output}: {count} notes and chords after {composition.started} given ones, "
        f"{composition.piece.end_s:.1f} s, composed by {bundle.name} {bundle.version} with random seed {random_seed}."
    )
    return Outcome(figures, "\n".join([text, *remarks]))


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that only the classic presets have."""
    group = parser.add_argument_group(
        "classic presets",
        "their defaults are the tutorial's: " + ", ".join(f"{n} {f.default}" for n, f in _fields().items()),
    )
    for name, field in _fields().items():
        if name not in TrainingSettings.model_fields:
            group.add_argument(
                f"--{name.replace('_', '-')}",
                type=type(field.default),
                choices=get_args(field.annotation) or None,
                default=argparse.SUPPRESS,
                help=f"{field.description} (default: {field.default})",
            )


def train(arguments: argparse.Namespace, config: NetworkConfig) -> Outcome:
    """Train, writing `--out` as it goes."""
    from model.classic import training
    from model.classic.corpus import read_corpus
    from model.classic.starts import write_starts
    from model.corpora.catalogue import find_data
    from model.representation import Notes

    settings = _settings(arguments)
    make_folder(arguments.out)
    found = find_data(str(arguments.data), arguments.local, arguments.cache)
    corpus = read_corpus(found.paths, cache=arguments.cache)
    config = config.model_copy(update={"vocabulary": corpus.vocabulary, "window": settings.window})
    _say(corpus)
    notes = Notes(vocabulary=corpus.vocabulary)
    train_part, held_out = (
        [notes.indices(piece.names)[:, 0] for piece in part] for part in (corpus.train, corpus.validation)
    )

    write_starts(arguments.out, [piece.names for piece in corpus.train], settings.window)

    def keep(network: ClassicNetwork, progress: Progress) -> None:
        _write_bundle(arguments, found, network, progress)

    progress = training.train(config, settings, train_part, held_out, arguments.out, keep, arguments.resume)
    best = next((epoch for epoch in progress.history if epoch["epoch"] == progress.best_epoch), {})
    text = f"The best of {progress.epoch} epochs is number {progress.best_epoch}; its bundle is in {arguments.out}."
    figures = {"vocabulary": len(corpus.vocabulary), "left_out": corpus.refused, "best": best}
    return Outcome({"out": str(arguments.out), "epochs": progress.epoch, **figures}, text)


def _fields() -> dict:
    return ClassicSettings.model_fields


def _settings(arguments: argparse.Namespace) -> ClassicSettings:
    given = vars(arguments)
    if wrong := sorted(given.keys() & (TrainingSettings.model_fields.keys() - _fields().keys())):
        raise RequestError(f"--{wrong[0].replace('_', '-')} is no option of the classic presets.")
    try:
        return ClassicSettings(**{name: given[name] for name in _fields() if name in given})
    except ValidationError as error:
        sentences = (f"--{str(one['loc'][0]).replace('_', '-')}: {one['msg']}." for one in error.errors())
        raise RequestError(" ".join(sentences)) from error


def make_folder(folder: Path) -> None:
    """Make the folder now, not after the first epoch, which may take an hour; raises RequestError where it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"Nothing can be written to the folder {folder}: {error.strerror}.") from error


def _say(corpus: NamedCorpus) -> None:
    notes = sum(len(piece.names) for piece in corpus.train)
    sys.stderr.write(
        f"{len(corpus.train)} pieces with {notes:,} notes and chords to train on, {len(corpus.validation)} held out; "
        f"a vocabulary of {len(corpus.vocabulary)}\n"
    )
    for name, reason in corpus.refused.items():
        sys.stderr.write(f"left out {name}: {reason}\n")


def _write_bundle(arguments: argparse.Namespace, found: FoundData, network: ClassicNetwork, progress: Progress) -> None:
    from model.bundles import Card, pack
    from model.bundles.store import write_folder

    best = progress.history[-1]
    config = network.config
    card = Card(
        title=arguments.title or f"trained on {found.title}",
        description=f"{config.layers} x LSTM {config.units} on windows of {config.window} notes and chords, as in the "
        f"classic tutorial; {len(config.vocabulary)} of them in its vocabulary.",
        data=f"{found.title}, split by piece",
        licence=arguments.licence or found.licence or "as the data's",
        non_commercial=arguments.non_commercial or found.non_commercial,
        figures={
            "validation nats per note or chord": round(best["val_nats"], 4),
            "by frequency alone": round(best["val_unigram"], 4),
            "epoch": best["epoch"],
        },
        command="python -m model " + shlex.join(sys.argv[1:]),
    )
    write_folder(arguments.out, pack(network, card, arguments.out.name, progress.history))
