"""A tuned network as the files of a bundle: its card, its index of the set, its habits, the base's replay sample."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from model.bundles import Bundle, Card, pack
from model.bundles.habits import Habits, habits_of
from model.bundles.replay_sample import ReplaySample, Sample, replay_sample_of
from model.network import NoteNetwork
from model.similarity.originality import OriginalityIndex, index_training_set
from model.training.finetuning.data import Pieces
from model.training.finetuning.selection import chosen_epoch
from model.training.finetuning.settings import LONGEST_TITLE, About, EpochFigures


class Packer:
    """Makes the files of a run's bundle; what does not change from epoch to epoch is made once."""

    def __init__(self, base: Bundle | None, network: NoteNetwork, pieces: Pieces, about: About) -> None:
        """`network` is packed with weights that are given each time; its own come back afterwards."""
        self._base, self._network, self._pieces, self._about = base, network, pieces, about

    def files(self, weights: Sequence[NDArray], figures: Sequence[EpochFigures], name: str) -> dict[str, bytes]:
        """The bundle of `weights`; `figures` are of all epochs, the chosen one's are on the card."""
        own = self._network.get_weights()
        self._network.set_weights([np.asarray(weight, dtype=np.float32) for weight in weights])
        history = [figure.model_dump(exclude_none=True, exclude={"is_whole"}) for figure in figures]
        try:
            card = self._card(figures)
            return pack(self._network, card, name, history, self._index, self._habits, self._replay_sample)
        finally:
            self._network.set_weights(own)

    def _card(self, figures: Sequence[EpochFigures]) -> Card:
        about, base, best = self._about, self._base, chosen_epoch(figures)
        of_set = about.data or about.title or "a small data set"
        known = {"epoch": float(best.epoch), "nats per note, the set's held-out pieces": round(best.val_nats, 4)}
        if base is not None:
            known["the same before"] = round(figures[0].val_nats, 4)
        if best.base_nats is not None and figures[0].base_nats is not None:
            known["nats per note, the base's own held-out music"] = round(best.base_nats, 4)
            known["of that, the same before"] = round(figures[0].base_nats, 4)
        return Card(
            title=(about.title or f"tuned on {of_set}")[:LONGEST_TITLE],
            description=self._description(),
            data=f"{of_set}, split by piece" + (f"; begun from: {base.card.data}" if base is not None else ""),
            licence=self._licence(),
            non_commercial=about.non_commercial or (base is not None and base.card.non_commercial),
            figures=known,
            command=about.command,
        )

    def _description(self) -> str:
        config, base = self._network.config, self._base
        sizes = (
            f"{config.layers} x {config.stack.upper()} {config.units} on the '{config.representation}' representation"
        )
        origin = "trained from scratch" if base is None else f"fine-tuned from '{base.name}' {base.version}"
        return f"{sizes}, {origin} on {len(self._pieces.data.train)} pieces."

    def _licence(self) -> str:
        own = self._about.licence or "as the data's"
        return own if self._base is None else f"{own}; and of the base: {self._base.card.licence}"

    @cached_property
    def _index(self) -> OriginalityIndex:
        """Of the set and of what was mixed in: a piece that copies either is told."""
        data, old = self._pieces.data, self._pieces.replay_sample or ReplaySample.nothing()
        return index_training_set(self._network.representation, [*data.train, *old.train.pieces], data.validation)

    @cached_property
    def _habits(self) -> Habits:
        data = self._pieces.data
        return habits_of(self._network.representation, data.train, data.train_styles)

    @cached_property
    def _replay_sample(self) -> ReplaySample:
        """The base's, carried on; where there is none, the set's own."""
        if self._pieces.replay_sample is not None:
            return self._pieces.replay_sample
        data = self._pieces.data
        train, held_out = Sample(data.train, data.train_styles), Sample(data.validation, data.validation_styles)
        return replay_sample_of(self._network.representation, train, held_out)
