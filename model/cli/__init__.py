"""The commands of `python -m model`.

train      fits a network to a folder or archive of MIDI files; fine-tunes a bundle
compose    a new piece as a MIDI file, from nothing or from a seed; `compose_options` holds most of its options,
           `compose_classic` what it does for bundles of the classic kind
classic    the classic workflow: parse, train, compose
evaluate   held-out likelihood beside n-gram baselines; `report`: composed pieces measured beside real music
info       a bundle's card; `summary`: the layers of a network; `describe`: what a MIDI file holds
bundles    a store's bundles: versions, promotion, rollback, export, import; `publish`: a new version
data       the corpora known by name: what they are, and fetching them
dataset    the data sets that members gather

Every module has `COMMANDS`: its commands by name. Keras is imported inside `run` only, after the backend was chosen.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from model.errors import RequestError


@dataclass(frozen=True)
class Outcome:
    """A command's outcome: `figures` for --json, `text` for people; each entry of `more` is a further line of JSON."""

    figures: dict
    text: str
    more: tuple[dict, ...] = ()
    status: int = 0  # exit status; not 0 where the answer is a refusal


@dataclass(frozen=True)
class Command:
    """One command: a sentence of help, examples, what adds its options to a parser, and what runs it."""

    help: str
    examples: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], Outcome]


def read_file(path: Path) -> bytes:
    """The file's bytes; raises RequestError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}.") from error


def write_file(path: Path, data: bytes, what: str) -> None:
    """Write `data`, making its folder; raises RequestError if `what` cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise RequestError(f"{what} cannot be written to {path}: {error.strerror}.") from error
