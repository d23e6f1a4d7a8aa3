"""Bundles that have learnt nothing, published as training publishes one."""

from __future__ import annotations

from collections.abc import Sequence

from model.piece import Piece


def publish(
    url: str,
    name: str,
    representation: str = "performance",
    styles: tuple[str, ...] = (),
    seed: int = 1,
    replayed: Sequence[Piece] = (),
) -> str:
    """The version that `name` means from now on; it carries a replay sample of the pieces in `replayed`, if any."""
    import keras  # late: it takes seconds

    from model.bundles import BundleStore, Card, pack
    from model.bundles.training_artifacts import Sample, replay_sample_of
    from model.network import NetworkConfig, NoteNetwork

    keras.utils.set_random_seed(seed)
    network = NoteNetwork(NetworkConfig(units=16, layers=1, representation=representation, styles=styles))
    sample = Sample([network.representation.encode(piece) for piece in replayed], [""] * len(replayed))
    replay_sample = replay_sample_of(network.representation, sample, sample) if replayed else None
    card = Card(title="Tiny", description="untrained", data="none", licence="MIT")
    store = BundleStore(url)
    version = store.add(name, pack(network, card, name, [], replay_sample=replay_sample))
    store.point(name, version)
    return version
