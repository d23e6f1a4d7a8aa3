"""`python -m model info`: what a bundle is: its card, sizes and figures."""

from __future__ import annotations

import argparse

from model.commands import Outcome

HELP = "show a bundle's card, or list the bundles that are here"
EXAMPLES = """examples:
  python -m model info
  python -m model info --bundle piano
  python -m model info --bundle runs/mine --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `info`."""
    parser.add_argument("--bundle", help="name of a shipped bundle, or a folder; without it all are listed")


def run(arguments: argparse.Namespace) -> Outcome:
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
    """A setting in a few words: of a long list, such as a vocabulary, only how long it is."""
    return f"of {len(value)}" if isinstance(value, tuple) and len(value) > 8 else str(value)
