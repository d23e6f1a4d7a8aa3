"""The index of a training set that a bundle carries, made from the steps a network is trained on.

What is indexed went through the representation, as everything the network composes does: so a copy is told by the same
runs of notes that the network was shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from model.errors import DataError
from model.evaluation.excerpts import excerpts
from model.evaluation.originality import OriginalityIndex
from model.piece import Piece
from model.representation.base import Representation

CONTROL_LENGTH_S = 30.0  # of the excerpts of held-out music, as long as a piece that is composed by default
MOST_CONTROL_EXCERPTS = 400


def index_of_steps(
    representation: Representation,
    train: Sequence[NDArray[np.int32]],
    held_out: Sequence[NDArray[np.int32]],
    exact: bool = False,
) -> OriginalityIndex:
    """The index of the pieces `train`, with excerpts of the pieces `held_out` as its human control.

    Args:
        representation: of the steps.
        train: raw steps of each piece that is learnt from, int32 (steps, fields).
        held_out: the same of pieces that are not; without any as long as half a minute the index has no control.
        exact: keep every run, for an index that is not stored.
    """
    index = OriginalityIndex.of(_decoded(representation, train), exact)
    try:
        control = excerpts(list(_decoded(representation, held_out)), CONTROL_LENGTH_S, MOST_CONTROL_EXCERPTS)
    except DataError:
        return index
    return index.with_control([one.piece for one in control])


def _decoded(representation: Representation, pieces: Sequence[NDArray[np.int32]]) -> Iterator[Piece]:
    return (representation.decode(np.asarray(steps)) for steps in pieces)
