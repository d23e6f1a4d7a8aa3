"""What a bundle takes along of the music it learnt from: an index against copies, its habits, a sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from model.bundles.habits import Habits, habits_of
from model.bundles.rehearsal import Rehearsal, Sample, rehearsal_of
from model.similarity.originality import index_training_set

if TYPE_CHECKING:
    from model.data.corpus import Encoded
    from model.representation import Representation
    from model.similarity.originality import OriginalityIndex


class Learnt(NamedTuple):
    """In the order in which `pack` and `with_learnt` take them."""

    originality: OriginalityIndex  # by which every piece that is composed is told from a copy
    habits: Habits  # what is drawn where nothing is asked
    rehearsal: Rehearsal  # for training that goes on from the bundle


def learnt_of(representation: Representation, data: Encoded) -> Learnt:
    """What there is to take along of `data`, whose steps are of `representation`."""
    train, held_out = Sample(data.train, data.train_styles), Sample(data.validation, data.validation_styles)
    return Learnt(
        index_training_set(representation, data.train, data.validation),
        habits_of(representation, data.train, data.train_styles),
        rehearsal_of(representation, train, held_out),
    )
