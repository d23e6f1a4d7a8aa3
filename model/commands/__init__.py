"""The shell commands of `python -m model`, one module each.

train     fit a network to a folder or archive of MIDI files
compose   a new piece as a MIDI file, from nothing or after a seed
evaluate  held-out likelihood beside simple floors
report    many composed pieces measured beside real music
describe  what a MIDI file holds
info      a bundle's card
summary   the layers of a network and their weights
publish   put a trained bundle into a store, under a name
bundles   a store's bundles: versions, promotion, going back, handing on
data      the data sets known by name: what they are, and fetching them
dataset   the data sets that members gather
classic   the classic workflow: parse, train, compose

picture_options  the options of `compose` for pictures and sheets
compose_options  what a command line asks of a piece
compose_classic  what `compose` does for bundles of the classic kind
train_tuning  what `train` does with --mix, --minutes or --rate: fine-tuning to a small data set

Every module has `HELP` (one sentence), `EXAMPLES`, `add_arguments(parser)` and `run(arguments)`, which returns an
`Outcome`. Keras is imported inside `run` only, after the backend was chosen.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What a command has to say: `figures` for --json, `text` for people; `more` figures make a line each."""

    figures: dict
    text: str
    more: tuple[dict, ...] = ()
    status: int = 0  # exit status; not 0 where the answer is a refusal
