"""`python -m model evaluate` and `report`: how a bundle predicts music, and how its pieces compare with real music."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.cli import Command, Outcome, write_file
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
REPORT_HELP = "compose many pieces and measure them beside real music: failures, set metrics, originality, controls"
REPORT_EXAMPLES = """examples:
  the shipped piano beside the published validation part; writes report-piano.html, some minutes:
    python -m model report --bundle piano --pieces 200 --reference maestro-v2.0.0-midi.zip
  the figures alone, as JSON:
    python -m model report --bundle piano --pieces 200 --reference other_songs/ --json
  a bundle of one's own, its originality against every note it learnt from:
    python -m model report --bundle runs/mine --reference held_out/ --training midi_songs/ -o mine.html"""


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
    from model.evaluation.held_out import evaluate_jsb16

    split = "valid" if arguments.split == "auto" else arguments.split
    figures = evaluate_jsb16(open_bundle(arguments.bundle), arguments.data, split, arguments.rounded)
    text = (
        f"{figures['pieces']} chorales ({split}), {figures['tokens']} pitches: {figures['nll_per_token']:.4f} nats per "
        f"pitch, {figures['nll_per_step']:.3f} per sixteenth."
    )
    return Outcome(figures, text)


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `report`."""
    parser.add_argument(
        "--bundle", default="piano", help="name of a shipped bundle, or a folder (default: %(default)s)"
    )
    parser.add_argument(
        "--reference", type=Path, required=True, help="folder, zip or tar archive of real music it was not trained on"
    )
    parser.add_argument(
        "--split",
        default="auto",
        help="part of the reference: train, validation or test as a table in it names them; heldout; all; auto: "
        "validation where there is a table, else all (default: %(default)s)",
    )
    parser.add_argument("--pieces", type=int, default=200, help="pieces to compose (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each, 10 to 150 (default: %(default)g)")
    parser.add_argument(
        "--training", type=Path, help="the training set, for exact originality (default: the bundle's own index)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, help="page to write (default: report-BUNDLE.html; none with --json)"
    )


def run_report(arguments: argparse.Namespace) -> Outcome:
    """Compose, measure and write the page."""
    from model.bundles import open_bundle
    from model.evaluation.html_report import render_report
    from model.evaluation.report_data import ReportPlan, report_data

    bundle = open_bundle(arguments.bundle)
    plan = ReportPlan(arguments.pieces, arguments.seconds)
    figures = report_data(bundle, arguments.reference, plan, arguments.split, arguments.training)
    output = arguments.output or (None if arguments.json else Path(f"report-{bundle.name}.html"))
    if output is not None:
        write_file(output, render_report(figures).encode(), "The report")
    missed = [row["figure"] for row in figures["verdicts"] if not row["meets"]]
    said = f"missed: {'; '.join(missed)}" if missed else "every goal met"
    where = f" {output}" if output is not None else ""
    return Outcome(figures, f"{figures['pieces']} pieces by {bundle.name} {bundle.version}: {said}.{where}")


COMMANDS = {
    "evaluate": Command(HELP, EXAMPLES, add_arguments, run),
    "report": Command(REPORT_HELP, REPORT_EXAMPLES, add_report_arguments, run_report),
}
