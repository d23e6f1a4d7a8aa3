"""What `python -m model train` does for the classic presets: music21, a vocabulary, windows, one softmax."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import ValidationError

from model.classic.settings import ClassicSettings
from model.commands import Outcome
from model.errors import RequestError
from model.training.settings import TrainingSettings

if TYPE_CHECKING:
    from model.classic.corpus import NamedCorpus
    from model.corpora.catalogue import Found
    from model.network import ClassicNetwork, NetworkConfig
    from model.training.loop import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
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


def run(arguments: argparse.Namespace, config: NetworkConfig) -> Outcome:
    """Train, writing `--out` as it goes."""
    from model.classic.corpus import read_corpus
    from model.classic.starts import write_starts
    from model.classic.training import train
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

    progress = train(config, settings, train_part, held_out, arguments.out, keep, arguments.resume)
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


def _write_bundle(arguments: argparse.Namespace, found: Found, network: ClassicNetwork, progress: Progress) -> None:
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
