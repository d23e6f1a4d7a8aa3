"""`python -m model train`: fits a network to MIDI files, or fine-tunes a bundle (with --mix, --minutes or --rate)."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from pydantic import ValidationError

from model.cli import Command, Outcome
from model.cli.data import add_data_options
from model.errors import RequestError
from model.files import make_folder
from model.training.finetuning.settings import Rate, TuningSettings
from model.training.settings import TrainingSettings

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.bundles.training_artifacts import Sample, TrainingArtifacts
    from model.corpora.catalogue import FoundData
    from model.corpora.corpus import Encoded
    from model.network import NetworkConfig, NoteNetwork
    from model.representation import Representation
    from model.training.finetuning import TuningProgress
    from model.training.loop import Progress

MOST_DRAWN = 6000  # pieces that say what training music is like
LONGEST_TITLE = 80  # letters that a card has room for
CLASSIC_COMMAND = "python -m model classic --data FOLDER --out RUN --cell lstm|gru|conv|transformer"
HELP = "fit a network to MIDI files; writes a bundle after every better epoch"
EXAMPLES = """examples:
  try it, some minutes on a laptop:
    python -m model train --data midi_songs/ --out runs/mine --preset small --epochs 4
  as the shipped piano was made (`info --bundle piano` has the very command; `make train` installs PyTorch):
    python -m model train --data maestro-v2.0.0-midi.zip --out runs/piano \\
        --backend torch --precision bfloat16 --dropout 0.1
  the shipped piano fitted to thirty rags, with a verdict at its end (docs/fine-tuning.md):
    python -m model train --base piano --data rags/ --out runs/rags --rate normal --minutes 10
  stopped with Ctrl-C, or killed? go on where the last epoch ended:
    (the same command with --resume)
then: python -m model compose --bundle runs/mine --seconds 30 -o out.mid"""
SWITCHES = ("mix", "minutes", "rate")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `train`."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder, zip or tar archive of MIDI files, or a data set by name (`data list`); several with commas",
    )
    add_data_options(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for the bundle and the checkpoint")
    parser.add_argument("--preset", default="cadenza", help="sizes of the network (default: %(default)s)")
    parser.add_argument(
        "--base", help="begin with the weights of this bundle, a name or a folder; its sizes take the preset's place"
    )
    parser.add_argument(
        "--dropout", type=float, help="share of outputs dropped in training, 0 to 1 (default: the preset's)"
    )
    parser.add_argument(
        "--add-styles", action="store_true", help="with --base: also learn the data's styles that the base doesn't know"
    )
    for name, field in TrainingSettings.model_fields.items():
        choices = get_args(field.annotation)
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=type(field.default),
            choices=choices or None,
            default=argparse.SUPPRESS,
            help=f"{field.description} (default: {field.default})",
        )
    _add_tuning_arguments(parser)
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--title", default="", help="title on the bundle's card")
    parser.add_argument("--licence", default="", help="licence of the data, kept on the card")
    parser.add_argument("--non-commercial", action="store_true", help="the data's licence bars commercial use")


def run(arguments: argparse.Namespace) -> Outcome:
    """Train, writing `--out` as it goes."""
    from model.bundles.training_artifacts import training_artifacts
    from model.corpora.catalogue import find_data
    from model.corpora.corpus import encode_corpus
    from model.network.config import preset
    from model.representation import representation_of
    from model.training.loop import train, with_more_styles

    base = _base(arguments)
    config = preset(arguments.preset, dropout=arguments.dropout) if base is None else base.config
    if config.window:
        raise RequestError(f"The preset {arguments.preset} is trained by: {CLASSIC_COMMAND}")
    if _is_tuning(arguments):
        return _tune(arguments, base)
    settings = _settings(arguments)
    make_folder(arguments.out)
    found = find_data(str(arguments.data), arguments.local, arguments.cache)
    data = encode_corpus(found.paths, config.representation, cache=arguments.cache)
    if base is None:
        config = config.model_copy(update={"styles": data.styles})
    weights = None if base is None else [weight.astype("float32") for weight in base.weights]
    if weights is not None and arguments.add_styles:
        config, weights = with_more_styles(config, weights, data.styles)
    sys.stderr.write(f"{len(data.train)} pieces to train on, {len(data.validation)} held out\n")
    for name, reason in data.refused.items():
        sys.stderr.write(f"left out {name}: {reason}\n")
    for name, twin in data.duplicates.items():
        sys.stderr.write(f"nearly the same as the held-out {twin}: {name}\n")

    representation = representation_of(config.representation, config.styles, config.vocabulary)
    learnt = training_artifacts(representation, data, _as_trained(representation, data, settings))

    def keep(network: NoteNetwork, progress: Progress) -> None:
        _write_bundle(arguments, found, network, progress, learnt)

    progress = train(config, settings, data, arguments.out, keep, arguments.resume, weights)
    text = f"The best of {progress.epoch} epochs is number {progress.best_epoch:g}; its bundle is in {arguments.out}."
    return Outcome({"out": str(arguments.out), "epochs": progress.epoch, "best": progress.best_figures}, text)


def _as_trained(representation: Representation, data: Encoded, settings: TrainingSettings) -> Sample | None:
    """A sample of the pieces as they come up in training; None if that is each piece unchanged."""
    from model.bundles.training_artifacts import Sample
    from model.corpora.windows import WindowStreams
    from model.training.loop import augmentation

    how = augmentation(settings)
    if not how.instruments.is_any and not how.style_weights:
        return None
    streams = WindowStreams(representation, data.train, 1, settings.window, data.train_styles)
    drawn = islice(streams.drawn(np.random.default_rng(settings.random_seed), how), MOST_DRAWN)
    pieces, styles = zip(*drawn, strict=True)
    return Sample(list(pieces), list(styles))


def _base(arguments: argparse.Namespace) -> Bundle | None:
    """The base bundle with the requested dropout; None to train from scratch."""
    from dataclasses import replace

    from model.bundles import open_bundle
    from model.network.config import with_dropout

    if arguments.base is None:
        return None
    bundle = open_bundle(arguments.base)
    if bundle.is_classic:
        raise RequestError(f"'{arguments.base}' is of the classic kind: --resume goes on with it in its own folder.")
    return replace(bundle, config=with_dropout(bundle.config, arguments.dropout))


def _settings(arguments: argparse.Namespace) -> TrainingSettings:
    try:
        return TrainingSettings(**_given(arguments))
    except ValidationError as error:
        wrong = (f"--{str(one['loc'][0]).replace('_', '-')}: {one['msg']}." for one in error.errors())
        raise RequestError(" ".join(wrong)) from error


def _given(arguments: argparse.Namespace) -> dict:
    """The settings that were given."""
    given = vars(arguments)
    return {name: given[name] for name in TrainingSettings.model_fields if name in given}


def _write_bundle(
    arguments: argparse.Namespace,
    found: FoundData,
    network: NoteNetwork,
    progress: Progress,
    learnt: TrainingArtifacts,
) -> None:
    from model.bundles import Card, pack
    from model.bundles.store import write_folder

    best = progress.history[-1]
    card = Card(
        title=arguments.title or _shortened(f"trained on {found.title}"),
        description=_description(network.config),
        data=f"{found.title}, split by piece",
        licence=arguments.licence or found.licence or "as the data's",
        non_commercial=arguments.non_commercial or found.non_commercial,
        figures={
            f"validation nats per {network.representation.symbol}": round(best["val_nats_per_event"], 4),
            "validation nats per note": round(best["val_nats"], 4),
            "epoch": best["epoch"],
        },
        command="python -m model " + shlex.join(sys.argv[1:]),
    )
    write_folder(arguments.out, pack(network, card, arguments.out.name, progress.history, *learnt))


def _shortened(title: str) -> str:
    return title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"


def _description(config: NetworkConfig) -> str:
    return f"{config.layers} x LSTM {config.units} on the '{config.representation}' representation."


def _add_tuning_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that switch to fine-tuning."""
    group = parser.add_argument_group(
        "fine-tuning (docs/fine-tuning.md)",
        "any of these fits the network to a small data set, some ten to some hundred pieces, and says what came of it; "
        "of the options above --epochs, --patience and --random-seed go with them",
    )
    fields = TuningSettings.model_fields
    group.add_argument("--mix", type=float, default=argparse.SUPPRESS, help=_help("mix"))
    group.add_argument("--minutes", type=float, default=argparse.SUPPRESS, help=fields["minutes"].description)
    group.add_argument("--rate", choices=get_args(Rate), default=argparse.SUPPRESS, help=_help("rate"))


def _help(name: str) -> str:
    field = TuningSettings.model_fields[name]
    return f"{field.description} (default: {field.default})"


def _is_tuning(arguments: argparse.Namespace) -> bool:
    """Whether an option of fine-tuning was given."""
    return any(name in arguments for name in SWITCHES)


def _tune(arguments: argparse.Namespace, base: Bundle | None) -> Outcome:
    """Fine-tune, writing `--out` as it goes."""
    from model.corpora.catalogue import find_data
    from model.training.finetuning import CardText, tune
    from model.training.finetuning.run import forget

    settings = _tuning_settings(arguments)
    found = find_data(str(arguments.data), arguments.local, arguments.cache)
    about = CardText(
        title=arguments.title or f"tuned on {found.title}"[:80],
        data=found.title,
        licence=arguments.licence or found.licence,
        non_commercial=arguments.non_commercial or found.non_commercial,
        command="python -m model " + shlex.join(sys.argv[1:]),
    )
    if not arguments.resume:
        forget(arguments.out)
    with _stopped_by_ctrl_c() as stop:
        start = arguments.preset if base is None else base
        verdict = tune(start, found.paths, arguments.out, settings, about, _Printed().say, stop.is_set)
    written = f"The bundle, verdict.json, curve.png and listening/ are in {arguments.out}."
    return Outcome(verdict.model_dump(), "\n".join([*verdict.sentences, written]))


def _tuning_settings(arguments: argparse.Namespace) -> TuningSettings:
    given = vars(arguments)
    known = TuningSettings.model_fields.keys()
    if wrong := sorted(given.keys() & (TrainingSettings.model_fields.keys() - known)):
        raise RequestError(
            f"--{wrong[0].replace('_', '-')} is no option of fine-tuning: leave it out, or leave out "
            "--mix, --minutes and --rate."
        )
    try:
        return TuningSettings(**{name: given[name] for name in known if name in given})
    except ValidationError as error:
        sentences = (f"--{str(one['loc'][0]).replace('_', '-')}: {one['msg']}." for one in error.errors())
        raise RequestError(" ".join(sentences)) from error


class _Printed:
    """Prints the figures of each epoch to standard error."""

    def __init__(self) -> None:
        self._epochs = 0

    def say(self, progress: TuningProgress) -> None:
        """Print the epochs that are new in `progress`."""
        for figures in progress.history[self._epochs :]:
            old = "" if figures.base_nats is None else f", the base's own music {figures.base_nats:.3f}"
            sys.stderr.write(
                f"epoch {figures.epoch}: held-out pieces {figures.val_nats:.3f} nats per note{old}; "
                f"{figures.seconds:.0f} s\n"
            )
        self._epochs = len(progress.history)


@contextmanager
def _stopped_by_ctrl_c() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C interrupts as usual."""
    stop = threading.Event()
    before = signal.getsignal(signal.SIGINT)

    def on_ctrl_c(number: int, frame: object) -> None:
        sys.stderr.write("\nStopping after this update; then the best so far is judged. Ctrl-C again ends it.\n")
        stop.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, on_ctrl_c)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


COMMANDS = {
    "train": Command(HELP, EXAMPLES, add_arguments, run),
}
