"""`python -m model evaluate`: how well a bundle predicts music it has not seen, beside simple floors."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.commands import Outcome
from model.errors import RequestError

PROTOCOLS = ("events", "jsb16")
HELP = "held-out likelihood of a bundle, beside unigram and 3-gram floors"
EXAMPLES = """examples:
  the published validation part, as MAESTRO's own table names it:
    python -m model evaluate --bundle piano --data maestro-v2.0.0-midi.zip
  any folder of MIDI files:
    python -m model evaluate --bundle runs/mine --data other_songs/ --json
  what the bundle was not trained on, of the folder it was trained on:
    python -m model evaluate --bundle runs/mine --data midi_songs/ --split heldout
  the chorales, as their likelihood is published:
    python -m model evaluate --bundle chorale --protocol jsb16 --data jsb-chorales-16th.json --split valid

Nats per event of the 388-event code of Performance RNN, sustain pedal applied; lower is better. Say which data and
which split when you quote it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    parser.add_argument(
        "--bundle", default="piano", help="name of a shipped bundle, or a folder (default: %(default)s)"
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder, zip or tar archive of MIDI files, or a data set by name (`data list`); for jsb16 the JSON",
    )
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="events",
        help="events: the 388 events of a performance; jsb16: four voices on sixteenths, from the JSON of the JSB "
        "chorales (default: %(default)s)",
    )
    parser.add_argument(
        "--split",
        default="auto",
        help="train, validation or test as a table in the data names them; heldout: what training without a table "
        "holds out; all; auto: validation where there is a table, else all; for jsb16 the name of a list in the JSON, "
        "auto: valid (default: %(default)s)",
    )
    parser.add_argument(
        "--rounded",
        action="store_true",
        help="with products in whole numbers of 8 bits, as notes are drawn on a CPU (default: in float32)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Evaluate on held-out pieces."""
    if arguments.protocol == "jsb16":
        return _chorales(arguments)
    from model.bundles import open_bundle
    from model.corpora.catalogue import find_data
    from model.evaluation.held_out import evaluate

    paths = find_data(str(arguments.data)).paths
    if len(paths) != 1:
        raise RequestError(f"'{arguments.data}' is several collections: name one of them to evaluate on.")
    figures = evaluate(open_bundle(arguments.bundle), paths[0], arguments.split, arguments.rounded)
    pieces = f"{figures['pieces']} pieces ({figures['split']})"
    if "nats_per_token" in figures:
        floor = f" (unigram {figures['unigram']:.3f})" if "unigram" in figures else ""
        per_token = f"{figures['nats_per_token']:.3f} nats per {figures['symbol']}"
        return Outcome(figures, f"{pieces}, {figures['tokens']} tokens: {per_token}{floor}.")
    text = (
        f"{pieces}, {figures['events']} events: {figures['nats_per_event']:.3f} nats per event "
        f"(unigram {figures['unigram']:.3f}, 3-gram {figures['trigram']:.3f}; floors fitted on "
        f"{figures['floors_fitted_on']})."
    )
    return Outcome(figures, text)


def _chorales(arguments: argparse.Namespace) -> Outcome:
    from model.bundles import open_bundle
    from model.evaluation.jsb16 import evaluate_jsb16

    split = "valid" if arguments.split == "auto" else arguments.split
    figures = evaluate_jsb16(open_bundle(arguments.bundle), arguments.data, split, arguments.rounded)
    text = (
        f"{figures['pieces']} chorales ({split}), {figures['tokens']} pitches: {figures['nll_per_token']:.4f} nats per "
        f"pitch, {figures['nll_per_step']:.3f} per sixteenth."
    )
    return Outcome(figures, text)
