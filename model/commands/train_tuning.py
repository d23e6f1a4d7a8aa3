"""What `train` does with --mix, --minutes or --rate: fine-tuning to a small data set, with a verdict at its end."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, get_args

from pydantic import ValidationError

from model.commands import Outcome
from model.errors import RequestError
from model.training.finetuning.settings import Rate, TuningSettings
from model.training.settings import TrainingSettings

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.training.finetuning import TuningProgress

SWITCHES = ("mix", "minutes", "rate")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that switch to fine-tuning."""
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


def is_asked(arguments: argparse.Namespace) -> bool:
    """Whether an option of fine-tuning was given."""
    return any(name in arguments for name in SWITCHES)


def run(arguments: argparse.Namespace, base: Bundle | None) -> Outcome:
    """Tune, writing `--out` as it goes."""
    from model.corpora.catalogue import find_data
    from model.training.finetuning import About, tune
    from model.training.finetuning.run import forget

    settings = _settings(arguments)
    found = find_data(str(arguments.data), arguments.local, arguments.cache)
    about = About(
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


def _settings(arguments: argparse.Namespace) -> TuningSettings:
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
    """Says each epoch's figures once, on standard error."""

    def __init__(self) -> None:
        self._epochs = 0

    def say(self, progress: TuningProgress) -> None:
        """Take a report."""
        for figures in progress.history[self._epochs :]:
            old = "" if figures.base_nats is None else f", the base's own music {figures.base_nats:.3f}"
            sys.stderr.write(
                f"epoch {figures.epoch}: held-out pieces {figures.val_nats:.3f} nats per note{old}; "
                f"{figures.seconds:.0f} s\n"
            )
        self._epochs = len(progress.history)


@contextmanager
def _stopped_by_ctrl_c() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; once more, and it interrupts as ever."""
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
