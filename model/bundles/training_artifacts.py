"""What a bundle keeps of its training set: an index that finds copies, priors, and a replay sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from model.analysis.originality import index_training_set
from model.bundles.priors import Priors, priors_of
from model.bundles.replay_sample import ReplaySample, Sample, replay_sample_of

if TYPE_CHECKING:
    from model.analysis.originality import OriginalityIndex
    from model.corpora.corpus import Encoded
    from model.representation import Representation


class TrainingArtifacts(NamedTuple):
    """In the order in which `pack` and `with_artifacts` take them."""

    originality: OriginalityIndex  # by which every piece that is composed is told from a copy
    priors: Priors  # what is drawn where nothing is asked
    replay_sample: ReplaySample  # for training that goes on from the bundle


def training_artifacts(
    representation: Representation, data: Encoded, as_trained: Sample | None = None
) -> TrainingArtifacts:
    """What there is to take along of `data`, whose steps are of `representation`.

    `as_trained` are its pieces as often, and with such players, as they came up in training; left out, each piece as it
    is. What is usual is measured on these.
    """
    train, held_out = Sample(data.train, data.train_styles), Sample(data.validation, data.validation_styles)
    return TrainingArtifacts(
        index_training_set(representation, data.train, data.validation),
        priors_of(representation, *(as_trained or train)),
        replay_sample_of(representation, train, held_out),
    )
