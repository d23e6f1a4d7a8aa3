"""`python -m model evaluate`: how well a bundle predicts music it has not seen, beside simple floors."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.commands import Outcome

HELP = "held-out likelihood of a bundle, beside unigram and 3-gram floors"
EXAMPLES = """examples:
  the published validation part, as MAESTRO's own table names it:
    python -m model evaluate --bundle piano --data maestro-v2.0.0-midi.zip
  any folder of MIDI files:
    python -m model evaluate --bundle runs/mine --data other_songs/ --json
  what the bundle was not trained on, of the folder it was trained on:
    python -m model evaluate --bundle runs/mine --data midi_songs/ --split heldout

Nats per event of the 388-event code of Performance RNN, sustain pedal applied; lower is better. Say which data and
which split when you quote it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `evaluate`."""
    parser.add_argument(
        "--bundle", default="piano", help="name of a shipped bundle, or a folder (default: %(default)s)"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder, zip or tar archive of MIDI files")
    parser.add_argument(
        "--split",
        default="auto",
        help="train, validation or test as a table in the data names them; heldout: what training without a table "
        "holds out; all; auto: validation where there is a table, else all (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Evaluate on held-out pieces."""
    from model.bundles import open_bundle
    from model.evaluation.report import evaluate

    figures = evaluate(open_bundle(arguments.bundle), arguments.data, arguments.split)
    text = (
        f"{figures['pieces']} pieces ({figures['split']}), {figures['events']} events: "
        f"{figures['nats_per_event']:.3f} nats per event "
        f"(unigram {figures['unigram']:.3f}, 3-gram {figures['trigram']:.3f}; floors fitted on "
        f"{figures['floors_fitted_on']})."
    )
    return Outcome(figures, text)
