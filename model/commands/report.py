"""`python -m model report`: what a bundle composes beside real music, and how well it obeys."""

from __future__ import annotations

import argparse
from pathlib import Path

from model.commands import Outcome
from model.errors import RequestError

HELP = "compose many pieces and measure them beside real music: failures, set metrics, originality, controls"
EXAMPLES = """examples:
  the shipped piano beside the published validation part; writes report-piano.html, some minutes:
    python -m model report --bundle piano --pieces 200 --reference maestro-v2.0.0-midi.zip
  the figures alone, as JSON:
    python -m model report --bundle piano --pieces 200 --reference other_songs/ --json
  a bundle of one's own, its originality against every note it learnt from:
    python -m model report --bundle runs/mine --reference held_out/ --training midi_songs/ -o mine.html"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
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


def run(arguments: argparse.Namespace) -> Outcome:
    """Compose, measure and write the page."""
    from model.bundles import open_bundle
    from model.evaluation.html_report import render_report
    from model.evaluation.report_data import Plan, report_data

    bundle = open_bundle(arguments.bundle)
    plan = Plan(arguments.pieces, arguments.seconds)
    figures = report_data(bundle, arguments.reference, plan, arguments.split, arguments.training)
    output = arguments.output or (None if arguments.json else Path(f"report-{bundle.name}.html"))
    if output is not None:
        _write(output, render_report(figures))
    missed = [row["figure"] for row in figures["verdicts"] if not row["meets"]]
    said = f"missed: {'; '.join(missed)}" if missed else "every goal met"
    where = f" {output}" if output is not None else ""
    return Outcome(figures, f"{figures['pieces']} pieces by {bundle.name} {bundle.version}: {said}.{where}")


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RequestError(f"The report cannot be written to {path}: {error.strerror}.") from error
