"""`python -m model`: the commands of `model.cli`."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import sys

from model.cli import Command
from model.errors import ModelError, RequestError

COMMANDS = {  # the module of `model.cli` that has each
    "train": "train", "compose": "compose", "evaluate": "evaluate", "report": "evaluate", "describe": "info",
    "info": "info", "summary": "info", "publish": "bundles", "bundles": "bundles", "data": "data", "dataset": "dataset",
    "classic": "classic",
}  # fmt: skip
BACKENDS = ("tensorflow", "torch", "jax")


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 on success, 1 with a sentence on stderr on failure, 2 for bad usage or for a file that `describe` refuses, 130
        after Ctrl-C.
    """
    argv = sys.argv[1:] if argv is None else argv
    arguments = _parser(argv[:1]).parse_args(argv)
    try:
        _choose_backend(getattr(arguments, "backend", "tensorflow"))
        if arguments.command in ("train", "classic"):
            os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # batches are large here: its kernels save a fifth of the time
        outcome = _command(arguments.command).run(arguments)
    except ModelError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    lines = (json.dumps(figures) for figures in (outcome.figures, *outcome.more))
    print("\n".join(lines) if arguments.json else outcome.text)
    return outcome.status


def _choose_backend(name: str) -> None:
    """Set the backend of Keras, which is imported later."""
    if importlib.util.find_spec(name) is None:
        raise RequestError(f"{name} is not installed here: install it, or choose another --backend.")
    os.environ["KERAS_BACKEND"] = name


def _command(name: str) -> Command:
    commands: dict[str, Command] = importlib.import_module(f"model.cli.{COMMANDS[name]}").COMMANDS
    return commands[name]


def _parser(asked: list[str]) -> argparse.ArgumentParser:
    """The parser of the given command, whose module alone is imported; of all commands if none is given."""
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in asked if asked and asked[0] in COMMANDS else COMMANDS:
        command = _command(name)
        options = commands.add_parser(
            name,
            help=command.help,
            description=command.help[0].upper() + command.help[1:] + ".",
            epilog=command.examples,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_arguments(options)
        options.add_argument("--json", action="store_true", help="print one JSON object instead of sentences")
        if name in ("train", "evaluate", "summary", "classic"):
            options.add_argument("--backend", choices=BACKENDS, default="tensorflow", help="what Keras runs on")
    return parser


if __name__ == "__main__":
    sys.exit(main())
