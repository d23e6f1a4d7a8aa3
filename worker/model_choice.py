"""Which model composes a request: the one it names, else the one that `model.model_choice` finds to fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jobs.contract import ComposeRequest, ModelInfo
from model import model_choice
from model.errors import BundleError
from model.piece import Piece


@dataclass(frozen=True)
class Choice:
    """A model and the reason, as a sentence for the member; None where there is nothing to explain."""

    model: ModelInfo
    reason: str | None = None


def choose(models: Sequence[ModelInfo], request: ComposeRequest, seed: Piece | None) -> Choice:
    """The one of `models` (at least one, the default marked) that composes what `request` asks for.

    Raises:
        BundleError: the model that was named is not among them.
    """
    if request.model is not None:
        return Choice(named(models, request.model))
    wanted = model_choice.ModelRequirements(request.mode, request.bars is not None, request.asked, request.preferred)
    return Choice(*model_choice.choose(models, wanted, seed))


def named(models: Sequence[ModelInfo], name: str) -> ModelInfo:
    """The one of `models` with that name.

    Raises:
        BundleError: there is none.
    """
    for model in models:
        if model.name == name:
            return model
    known = ", ".join(sorted(model.name for model in models)) or "none"
    raise BundleError(f"There is no model called '{name}'. Available: {known}.")
