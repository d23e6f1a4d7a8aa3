"""`python -m model compose`: a new piece as a MIDI file, from nothing or out of a seed."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from model.commands import Outcome, compose_classic, compose_options
from model.errors import RequestError
from model.pictures import asked as pictures

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.composing import ComposeOptions, Composition

HELP = "compose a piece: from nothing, or continuing, varying or accompanying a MIDI file"
EXAMPLES = """examples:
  half a minute of piano, which begins and ends:
    python -m model compose --seconds 30 -o out.mid
  continue a file; the same random seed gives the same piece again:
    python -m model compose --seed mine.mid --seconds 30 --random-seed 7 -o out.mid
  keep its rhythm, and about half of its pitches:
    python -m model compose --seed mine.mid --mode vary --strength 0.5 -o out.mid
  play around a melody; the accompaniment alone:
    python -m model compose --seed tune.mid --mode accompany --no-seed -o out.mid
  say what the music is to be like (each model knows some of these; `info` says which):
    python -m model compose --bundle ensemble --key 'E minor' --tempo 96 --meter 3/4 --bars 16 \\
        --instruments strings,reed --density 2 -o out.mid
  bolder melodies in a steady rhythm:
    python -m model compose --temperature 1 --temperature pitch=1.15 --temperature shift=0.9 -o out.mid
  500 notes by a bundle of the classic kind (docs/classic.md):
    python -m model compose --bundle runs/classic --notes 500 -o test_output.mid"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compose`."""
    parser.add_argument(
        "--bundle", default="piano", help="name of a shipped bundle, or a folder (default: %(default)s)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("out.mid"), help="file to write (default: %(default)s)"
    )
    compose_options.add_arguments(parser)
    compose_classic.add_arguments(parser)
    pictures.add_arguments(parser)


def run(arguments: argparse.Namespace) -> Outcome:
    """Compose and write the files."""
    options = compose_options.options_of(arguments)
    options.check()
    from model.bundles import open_bundle

    bundle = open_bundle(arguments.bundle)
    if bundle.is_classic:
        return compose_classic.run(arguments, bundle, options)
    compose_classic.refuse(arguments)
    return _composed(arguments, bundle, options)


def _composed(arguments: argparse.Namespace, bundle: Bundle, options: ComposeOptions) -> Outcome:
    from model.composing import Composer
    from model.midi import read_midi, write_midi

    read = read_midi(_read_seed(arguments.seed)) if arguments.seed else None
    composition = Composer(bundle).compose(read.piece if read else None, options)
    pictures.write_file(arguments.output, write_midi(composition.piece), "The piece")
    written = pictures.write_pictures(composition.piece, arguments, composition.seed_s, bundle.name)
    remarks = [*(read.repairs if read else ()), *composition.remarks]
    figures = {
        "output": str(arguments.output),
        "bundle": bundle.name,
        "version": bundle.version,
        "random_seed": options.random_seed,
        **_figures(composition),
        "pictures": written,
        "remarks": remarks,
    }
    text = (
        f"{arguments.output}: {composition.notes} notes, {composition.piece.end_s:.1f} s, composed by "
        f"{bundle.name} {bundle.version} with random seed {options.random_seed}."
    )
    return Outcome(figures, "\n".join([text, *written, *remarks]))


def _figures(composition: Composition) -> dict:
    originality = composition.originality
    return {
        "notes": composition.notes,
        "composed_notes": composition.composed_notes,
        "seconds": round(composition.piece.end_s, 3),
        "seed_seconds": round(composition.seed_s, 3),
        "ended": composition.ended,
        "controls": composition.controls.model_dump(exclude_defaults=True),
        "originality": None if originality is None else asdict(originality),
        "timings": {name: round(value, 4) for name, value in composition.timings.items()},
    }


def _read_seed(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RequestError(f"The seed {path} cannot be read: {error.strerror}.") from error
