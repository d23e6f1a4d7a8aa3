"""What `python -m model compose` does for bundles of the classic kind: so many notes, from a start of one's own."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from model.cli import Outcome, write_file
from model.cli.compose_options import write_pictures
from model.errors import RequestError

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.classic.composing import ClassicComposition
    from model.classic.starts import Start
    from model.generation import ComposeOptions
    from model.representation import Notes

NOTES = 500  # as the tutorial composed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that only bundles of the classic kind have."""
    group = parser.add_argument_group("bundles of the classic kind (docs/classic.md)")
    group.add_argument(
        "--notes", type=int, help=f"notes and chords to compose (default: {NOTES}, or as --seconds says)"
    )
    group.add_argument("--start", help="notes ('C4 E4+G4+C5 R'), a MIDI file, or 'random'; without it, from nothing")
    group.add_argument("--stride", type=int, default=1, help="notes for each reading of the window (default: 1)")
    group.add_argument("--argmax", action="store_true", help="always the likeliest note, as the tutorial did")
    group.add_argument("--until-end", action="store_true", help="the piece may end itself before (classic --endings)")


def refuse(arguments: argparse.Namespace) -> None:
    """Raise RequestError for options that only a bundle of the classic kind has; for the other kinds."""
    given = {"--notes": arguments.notes, "--start": arguments.start, "--argmax": arguments.argmax}
    if wrong := [name for name, value in given.items() if value]:
        raise RequestError(
            f"{wrong[0]} is for bundles of the classic kind: give a length with --seconds, a seed by --seed."
        )


def run(arguments: argparse.Namespace, bundle: Bundle, options: ComposeOptions) -> Outcome:
    """Compose and write the files."""
    from model.classic.composing import ClassicComposer, ClassicRequest
    from model.midi import write_midi

    if options.mode != "continue":
        raise RequestError("A bundle of the classic kind can only continue a seed: leave --mode out.")
    sampling = replace(options.sampling, top_k=1) if arguments.argmax else options.sampling
    request = ClassicRequest(_notes(arguments), sampling, options.random_seed, arguments.stride, arguments.until_end)
    request.check()
    composer = ClassicComposer(bundle)
    start = _start(arguments, composer.notes, options.random_seed)
    composition = composer.write(start, request)
    write_file(arguments.output, write_midi(composition.piece), "The piece")
    written = write_pictures(composition.piece, arguments, title=bundle.name)
    asked = options.controls.asked
    unheeded = (f"Bundles of the classic kind know no {' and no '.join(asked)}.",) if asked else ()
    return _outcome(arguments, bundle, composition, options.random_seed, [*written, *composition.remarks, *unheeded])


def _notes(arguments: argparse.Namespace) -> int:
    from model.representation import Notes

    if arguments.notes is not None or arguments.seconds is None:
        return NOTES if arguments.notes is None else int(arguments.notes)
    return round(arguments.seconds * Notes.units_per_second)


def _start(arguments: argparse.Namespace, notes: Notes, random_seed: int) -> Start:
    from model.classic.starts import start_of

    text = arguments.start or (str(arguments.seed) if arguments.seed else None)
    start = start_of(text, notes, Path(arguments.bundle), random_seed)
    return replace(start, is_part_of_piece=False) if arguments.without_seed else start


def _outcome(
    arguments: argparse.Namespace,
    bundle: Bundle,
    composition: ClassicComposition,
    random_seed: int,
    remarks: list[str],
) -> Outcome:
    count = len(composition.composed)
    figures = {
        "output": str(arguments.output),
        "bundle": bundle.name,
        "version": bundle.version,
        "random_seed": random_seed,
        "notes": composition.started + count,
        "composed_notes": count,
        "distinct_notes": len(set(composition.composed.tolist())),
        "seconds": round(composition.piece.end_s, 3),
        "originality": None if composition.originality is None else asdict(composition.originality),
        "timings": {"sample": round(composition.seconds_taken, 4)},
        "remarks": remarks,
    }
    text = (
        f"{arguments.output}: {count} notes and chords after {composition.started} given ones, "
        f"{composition.piece.end_s:.1f} s, composed by {bundle.name} {bundle.version} with random seed {random_seed}."
    )
    return Outcome(figures, "\n".join([text, *remarks]))
