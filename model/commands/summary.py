"""`python -m model summary`: the layers of a network and how many weights each has."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from model.commands import Outcome
from model.errors import RequestError

if TYPE_CHECKING:
    import keras

    from model.network import ClassicNetwork, NoteNetwork

HELP = "print the layers of a preset or a bundle"
EXAMPLES = """examples:
  python -m model summary --preset cadenza
  python -m model summary --preset classic --vocabulary 358
  python -m model summary --bundle piano"""


PLUMBING = ("InputLayer", "GetItem", "OnesLike", "Cumsum", "Subtract")  # what functional models need and nobody counts


def add_arguments(parser: argparse.ArgumentParser) -> None:
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


def run(arguments: argparse.Namespace) -> Outcome:
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
    """What the layer is to Keras' users: an LSTM that carries its state is an LSTM."""
    return type(layer).__name__.removeprefix("Carried")
