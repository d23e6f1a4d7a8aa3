"""`python -m model info`, `summary` and `describe`: what a bundle, a network or a MIDI file is."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model.cli import Command, Outcome, read_file
from model.errors import MidiError, RequestError

if TYPE_CHECKING:
    import keras

    from model.network import ClassicNetwork, NoteNetwork

INFO_HELP = "show a bundle's card, or list the bundles that are here"
INFO_EXAMPLES = """examples:
  python -m model info
  python -m model info --bundle piano
  python -m model info --bundle runs/mine --json"""
SUMMARY_HELP = "print the layers of a preset or a bundle"
SUMMARY_EXAMPLES = """examples:
  python -m model summary --preset cadenza
  python -m model summary --preset classic --vocabulary 358
  python -m model summary --bundle piano"""
DESCRIBE_HELP = "say what a MIDI file holds: notes, tempo, meters, key, instruments"
DESCRIBE_EXAMPLES = """examples:
  python -m model describe mine.mid
  python -m model describe mine.mid --json"""
REFUSED_STATUS = 2


def add_info_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `info`."""
    parser.add_argument("--bundle", help="name of a shipped bundle, or a folder; without it all are listed")


def run_info(arguments: argparse.Namespace) -> Outcome:
    """Read the card; no network is built."""
    from model.bundles import BundleStore, open_bundle

    if arguments.bundle is None:
        store = BundleStore()
        bundles = [store.load(name) for name in store.names()]
        text = "\n".join(f"{bundle.name} {bundle.version}: {bundle.card.title}" for bundle in bundles)
        return Outcome({"bundles": {bundle.name: bundle.version for bundle in bundles}}, text or "No bundle is here.")
    bundle = open_bundle(arguments.bundle)
    weights = sum(weight.size for weight in bundle.weights)
    figures = {
        "name": bundle.name,
        "version": bundle.version,
        "weights": weights,
        "config": bundle.config.model_dump(),
        "card": bundle.card.model_dump(),
        "epochs": len(bundle.history),
    }
    sizes = ", ".join(f"{name} {_short(value)}" for name, value in bundle.config.model_dump().items())
    text = f"{bundle.card.page(bundle.name)}\n## Network\n{weights:,} weights; {sizes}; version {bundle.version}"
    return Outcome(figures, text)


def _short(value: object) -> str:
    """A setting in a few words; a long list, such as a vocabulary, as its length."""
    return f"of {len(value)}" if isinstance(value, tuple) and len(value) > 8 else str(value)


def add_summary_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `summary`."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--preset", default="cadenza", help="named sizes (default: %(default)s)")
    which.add_argument("--bundle", help="name of a shipped bundle, or a folder")
    parser.add_argument(
        "--vocabulary",
        type=int,
        default=358,
        help="notes and chords that a classic preset knows (default: %(default)s)",
    )


PLUMBING = ("InputLayer", "GetItem", "OnesLike", "Cumsum", "Subtract")  # what functional models need and nobody counts


def run_summary(arguments: argparse.Namespace) -> Outcome:
    """Build the network and count."""
    from model.network import NoteNetwork

    network = _network(arguments)
    layers = network.layers if isinstance(network, NoteNetwork) else network.model.layers
    rows = [
        (layer.name, _kind(layer), layer.count_params() if layer.weights else 0)
        for layer in layers
        if _kind(layer) not in PLUMBING
    ]
    total = network.count_params()
    lines = [f"{'layer':<20} {'kind':<20} {'weights':>10}", "-" * 52]
    lines += [f"{name:<20} {kind:<20} {count:>10,}" for name, kind, count in rows]
    lines += ["-" * 52, f"{'total':<41} {total:>10,}"]
    return Outcome(
        {"layers": [{"name": n, "kind": k, "weights": c} for n, k, c in rows], "total": total}, "\n".join(lines)
    )


def _network(arguments: argparse.Namespace) -> NoteNetwork | ClassicNetwork:
    from model.bundles import open_bundle
    from model.network import ClassicNetwork, NoteNetwork
    from model.network.config import preset

    if arguments.bundle:
        bundle = open_bundle(arguments.bundle)
        return bundle.classic_network() if bundle.is_classic else bundle.network()
    config = preset(arguments.preset)
    if not config.window:
        return NoteNetwork(config)
    if arguments.vocabulary < 1:
        raise RequestError("A vocabulary has at least one note.")
    names = tuple(str(index) for index in range(arguments.vocabulary))
    return ClassicNetwork(config.model_copy(update={"vocabulary": names}))


def _kind(layer: keras.Layer) -> str:
    """The layer's kind in Keras' terms."""
    return type(layer).__name__.removeprefix("Carried")


def add_describe_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `describe`."""
    parser.add_argument("file", type=Path, help="a MIDI file")


def run_describe(arguments: argparse.Namespace) -> Outcome:
    """Read the file; a refusal is an outcome with exit status 2."""
    from model.midi import read_midi

    try:
        figures = described(read_midi(read_file(arguments.file)))
    except MidiError as error:
        return Outcome({"refused": error.sentence}, error.sentence, status=REFUSED_STATUS)
    return Outcome(figures, _text(figures))


def described(read: Any) -> dict[str, Any]:
    """The content of a piece as plain JSON; tempi and meters have positions in quarter notes from the start."""
    import numpy as np

    from model.instruments import instrument_name

    piece = read.piece
    quarter = piece.ticks_per_quarter
    counts = np.bincount(piece.notes["instrument"], minlength=len(piece.instruments)).tolist()
    return {
        "notes": len(piece),
        "seconds": round(piece.end_s, 3),
        "tempo": [
            [round(tick / quarter, 4), round(60e6 / quarter_us, 3)] for tick, quarter_us in piece.tempos.tolist()
        ],
        "meters": [
            [round(tick / quarter, 4), f"{numerator}/{denominator}"]
            for tick, numerator, denominator in piece.meters.tolist()
        ],
        "key": key_name(piece),
        "instruments": [
            {
                "name": instrument.name or instrument_name(instrument),
                "program": instrument.program,
                "is_drum": instrument.is_drum,
                "notes": count,
            }
            for instrument, count in zip(piece.instruments, counts, strict=True)
        ],
        "title": piece.title,
        "remarks": list(read.repairs),
    }


def key_name(piece: Any) -> str:
    """The name of the first key signature, or else of the key that fits the notes best; '' if none fits."""
    from model.keys import key_of, signature_name

    if len(piece.key_signatures):
        return signature_name(int(piece.key_signatures["sharps"][0]), bool(piece.key_signatures["is_minor"][0]))
    import numpy as np

    is_pitched = ~np.array([instrument.is_drum for instrument in piece.instruments])[piece.notes["instrument"]]
    return signature_name(*key_of(piece.notes[is_pitched])) if is_pitched.any() else ""


def _text(figures: dict[str, Any]) -> str:
    lines = [f"{figures['title']}: " if figures["title"] else ""]
    lines[0] += f"{figures['notes']:,} notes, {figures['seconds']:.1f} s, {figures['key'] or 'no key'}."
    lines += [f"  {one['name']}: {one['notes']:,} notes" for one in figures["instruments"]]
    tempos = ", ".join(f"{bpm:g} from quarter {at:g}" for at, bpm in figures["tempo"][:5])
    meters = ", ".join(f"{meter} from quarter {at:g}" for at, meter in figures["meters"][:5])
    lines += [f"Tempo: {tempos}{' …' if len(figures['tempo']) > 5 else ''}", f"Meter: {meters}", *figures["remarks"]]
    return "\n".join(lines)


COMMANDS = {
    "info": Command(INFO_HELP, INFO_EXAMPLES, add_info_arguments, run_info),
    "summary": Command(SUMMARY_HELP, SUMMARY_EXAMPLES, add_summary_arguments, run_summary),
    "describe": Command(DESCRIBE_HELP, DESCRIBE_EXAMPLES, add_describe_arguments, run_describe),
}
