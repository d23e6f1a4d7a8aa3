"""`python -m model compose`: a new piece as a MIDI file, from nothing or out of a seed."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from model.bundles import Bundle, BundleStore, open_bundle
from model.bundles.abilities import candidate
from model.cli import Command, Outcome, compose_classic, compose_options, read_file, write_file
from model.cli.compose_options import write_pictures
from model.controls import ATTRIBUTES
from model.errors import RequestError
from model.midi import read_midi, write_midi
from model.midi.reading import ReadMidi
from model.model_choice import ModelRequirements, choose

if TYPE_CHECKING:
    from model.generation import ComposeOptions, Composition

DEFAULT_BUNDLE = "piano"  # where nothing that is asked tells the shipped ones apart
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
  twenty pieces by a band, drawn side by side, and a line of JSON about each:
    python -m model compose --instruments piano,flute --count 20 --random-seed 1 --out-dir pieces --json
  bolder melodies in a steady rhythm:
    python -m model compose --temperature 1 --temperature pitch=1.15 --temperature shift=0.9 -o out.mid
  500 notes by a bundle of the classic kind (docs/classic.md):
    python -m model compose --bundle runs/classic --notes 500 -o test_output.mid"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `compose`."""
    parser.add_argument(
        "--bundle", help="name of a shipped bundle, or a folder (default: the shipped one that fits what is asked)"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("out.mid"), help="file to write (default: %(default)s)"
    )
    parser.add_argument(
        "--count", type=int, default=1, help="how many pieces, with the random seeds K, K+1, … (default: %(default)s)"
    )
    parser.add_argument("--out-dir", type=Path, help="folder to write them to, each as BUNDLE-RANDOM_SEED.mid")
    compose_options.add_arguments(parser)
    compose_classic.add_arguments(parser)
    compose_options.add_picture_arguments(parser)


def run(arguments: argparse.Namespace) -> Outcome:
    """Compose and write the files."""
    options = compose_options.options_of(arguments)
    options.check()
    if arguments.count < 1:
        raise RequestError("Give a `--count` of 1 or more.")
    if arguments.count > 1 and arguments.out_dir is None:
        raise RequestError("Several pieces need a folder: give `--out-dir`.")
    named = open_bundle(arguments.bundle) if arguments.bundle is not None else None
    if named is not None and named.is_classic:
        return compose_classic.run(arguments, named, options)
    compose_classic.refuse(arguments)
    read = None if arguments.seed is None else read_midi(read_file(arguments.seed))
    bundle, reason = (named, None) if named is not None else _chosen(options, read)
    return _composed(arguments, bundle, reason, read, options)


def _chosen(options: ComposeOptions, read: ReadMidi | None) -> tuple[Bundle, str | None]:
    """The shipped bundle that fits the request, chosen as the bot does, and the reason."""
    store, asked = BundleStore(), options.controls
    bundles = [store.load(name) for name in store.names()]
    models = [
        candidate(bundle, is_default=bundle.name == DEFAULT_BUNDLE) for bundle in bundles if not bundle.is_classic
    ]
    wanted = ModelRequirements(
        mode=options.mode,
        bars=options.bars is not None,
        asked={ATTRIBUTES[name]: getattr(asked, ATTRIBUTES[name]) for name in asked.asked},
    )
    chosen, reason = choose(models, wanted, read.piece if read else None)
    return next(bundle for bundle in bundles if bundle.name == chosen.name), reason


def _composed(
    arguments: argparse.Namespace, bundle: Bundle, reason: str | None, read: ReadMidi | None, options: ComposeOptions
) -> Outcome:
    from model.generation import Composer  # loads TensorFlow

    seed = read.piece if read else None
    every = [replace(options, random_seed=options.random_seed + place) for place in range(arguments.count)]
    composer = Composer(bundle)
    try:
        found = dict(composer.compose_all((seed, one) for one in every))
    finally:
        composer.close()
    said = (*([reason] if reason else []), *(read.repairs if read else ()))
    outcomes = [_written(arguments, bundle, one, found[place], said) for place, one in enumerate(every)]
    figures = [outcome.figures for outcome in outcomes]
    return Outcome(figures[0], "\n".join(outcome.text for outcome in outcomes), tuple(figures[1:]))


def _written(
    arguments: argparse.Namespace,
    bundle: Bundle,
    options: ComposeOptions,
    composition: Composition,
    said: tuple[str, ...],
) -> Outcome:
    """Write the files of one piece; returns the outcome."""
    output = _output(arguments, bundle, options)
    write_file(output, write_midi(composition.piece), "The piece")
    written = []
    if arguments.count == 1:
        written = write_pictures(composition.piece, arguments, composition.seed_s, bundle.name)
    remarks = [*said, *composition.remarks]
    figures = {
        "output": str(output),
        "model": bundle.name,
        "bundle": bundle.name,
        "version": bundle.version,
        "random_seed": options.random_seed,
        **_figures(composition),
        "pictures": written,
        "remarks": remarks,
    }
    text = (
        f"{output}: {composition.notes} notes, {composition.piece.end_s:.1f} s, composed by "
        f"{bundle.name} {bundle.version} with random seed {options.random_seed}."
    )
    return Outcome(figures, "\n".join([text, *written, *(missed.reason for missed in composition.missed), *remarks]))


def _output(arguments: argparse.Namespace, bundle: Bundle, options: ComposeOptions) -> Path:
    """The output path of a piece."""
    if arguments.out_dir is None:
        return Path(arguments.output)
    try:
        arguments.out_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"The folder {arguments.out_dir} can't be made: {error.strerror}.") from error
    return Path(arguments.out_dir) / f"{bundle.name}-{options.random_seed}.mid"


def _figures(composition: Composition) -> dict:
    originality = composition.originality
    return {
        "notes": composition.notes,
        "composed_notes": composition.composed_notes,
        "seconds": round(composition.piece.end_s, 3),
        "seed_seconds": round(composition.seed_s, 3),
        "ended": composition.ended,
        "controls": composition.controls.model_dump(exclude_defaults=True),
        "missed": [asdict(missed) for missed in composition.missed],
        "originality": None if originality is None else asdict(originality),
        "timings": {name: round(value, 4) for name, value in composition.timings.items()},
    }


COMMANDS = {
    "compose": Command(HELP, EXAMPLES, add_arguments, run),
}
