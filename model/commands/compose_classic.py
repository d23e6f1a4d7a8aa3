"""What `python -m model compose` does for bundles of the classic kind: so many notes, from a start of one's own."""

from __future__ import annotations

import argparse
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from model.commands import Outcome

if TYPE_CHECKING:
    from model.bundles import Bundle
    from model.classic.composing import ClassicComposition
    from model.classic.starts import Start
    from model.representation import Notes

NOTES = 500  # as the tutorial composed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that only bundles of the classic kind have."""
    group = parser.add_argument_group("bundles of the classic kind (docs/classic.md)")
    group.add_argument("--notes", type=int, default=NOTES, help="notes and chords to compose (default: %(default)s)")
    group.add_argument("--start", help="notes ('C4 E4 G4'), a MIDI file, or 'random'; without it, from nothing")
    group.add_argument("--stride", type=int, default=1, help="notes for each reading of the window (default: 1)")
    group.add_argument("--argmax", action="store_true", help="always the likeliest note, as the tutorial did")


def run(arguments: argparse.Namespace, bundle: Bundle) -> Outcome:
    """Compose and write the files."""
    from model.classic.composing import ClassicComposer, ClassicRequest
    from model.midi import write_midi
    from model.pictures.asked import write_pictures
    from model.sampling.taste import Taste

    random_seed = arguments.random_seed if arguments.random_seed is not None else secrets.randbelow(2**32)
    top_k = 1 if arguments.argmax else getattr(arguments, "top_k", None) or 0
    taste = Taste(temperature=arguments.temperature, top_k=top_k)
    request = ClassicRequest(arguments.notes, taste, random_seed, arguments.stride)
    request.check()
    composer = ClassicComposer(bundle)
    composition = composer.compose(_start(arguments, composer.notes, random_seed), request)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_bytes(write_midi(composition.piece))
    written = write_pictures(composition.piece, arguments, title=bundle.name)
    return _outcome(arguments, bundle, composition, random_seed, written)


def _start(arguments: argparse.Namespace, notes: Notes, random_seed: int) -> Start:
    from model.classic.starts import start_of

    wish = arguments.start or (str(arguments.seed) if arguments.seed else None)
    start = start_of(wish, notes, Path(arguments.bundle), random_seed)
    return start if not arguments.without_seed else type(start)(start.notes, False, start.remarks)


def _outcome(
    arguments: argparse.Namespace,
    bundle: Bundle,
    composition: ClassicComposition,
    random_seed: int,
    written: list[str],
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
        "timings": {"sample": round(composition.seconds_taken, 4)},
        "pictures": written,
        "remarks": list(composition.remarks),
    }
    text = (
        f"{arguments.output}: {count} notes and chords after {composition.started} given ones, "
        f"{composition.piece.end_s:.1f} s, composed by {bundle.name} {bundle.version} with random seed {random_seed}."
    )
    return Outcome(figures, "\n".join([text, *written, *composition.remarks]))
