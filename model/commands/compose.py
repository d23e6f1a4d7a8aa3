"""`python -m model compose`: a new piece as a MIDI file, from nothing or after a seed."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path

from model.commands import Outcome
from model.errors import RequestError

HELP = "compose a piece, from nothing or continuing a MIDI file"
EXAMPLES = """examples:
  half a minute of piano:
    python -m model compose --seconds 30 -o out.mid
  continue a file; the same random seed gives the same piece again:
    python -m model compose --seed mine.mid --seconds 30 --random-seed 7 -o out.mid
  what training wrote, a little safer than the default:
    python -m model compose --bundle runs/mine --temperature 0.9 -o out.mid"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compose`."""
    parser.add_argument(
        "--bundle", default="piano", help="name of a shipped bundle, or a folder (default: %(default)s)"
    )
    parser.add_argument("--seed", type=Path, help="MIDI file to continue")
    parser.add_argument(
        "--seconds", type=float, default=30.0, help="length of the new music, 5 to 300 (default: %(default)g)"
    )
    parser.add_argument("--temperature", type=float, default=1.0, help="0.1 to 2; below 1 safer, above 1 wilder")
    parser.add_argument("--random-seed", type=int, help="names the piece, from 0 on; drawn and printed if not given")
    parser.add_argument("--without-seed", action="store_true", help="leave the seed out of the file")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("out.mid"), help="file to write (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> Outcome:
    """Compose and write the file."""
    from model.bundles import open_bundle
    from model.composing import Composer
    from model.midi import read_midi, write_midi

    read = read_midi(_read_seed(arguments.seed)) if arguments.seed else None
    random_seed = arguments.random_seed if arguments.random_seed is not None else secrets.randbelow(2**32)
    bundle = open_bundle(arguments.bundle)
    composition = Composer(bundle).compose(
        read.piece if read else None,
        arguments.seconds,
        arguments.temperature,
        random_seed,
        include_seed=not arguments.without_seed,
    )
    _write(arguments.output, write_midi(composition.piece))
    remarks = [*(read.repairs if read else ()), *composition.remarks]
    figures = {
        "output": str(arguments.output),
        "bundle": bundle.name,
        "version": bundle.version,
        "random_seed": random_seed,
        "notes": composition.notes,
        "composed_notes": composition.composed_notes,
        "seconds": round(composition.piece.end_s, 3),
        "seed_seconds": round(composition.seed_s, 3),
        "timings": {name: round(value, 4) for name, value in composition.timings.items()},
        "remarks": remarks,
    }
    text = (
        f"{arguments.output}: {composition.notes} notes, {composition.piece.end_s:.1f} s, composed by "
        f"{bundle.name} {bundle.version} with random seed {random_seed}."
    )
    return Outcome(figures, "\n".join([text, *remarks]))


def _read_seed(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RequestError(f"The seed {path} cannot be read: {error.strerror}.") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise RequestError(f"The piece cannot be written to {path}: {error.strerror}.") from error
