"""A verdict of `model.training.finetuning` in the words of the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from jobs.contract import Verdict

if TYPE_CHECKING:
    from model.training.finetuning import EpochFigures


def verdict(said: Mapping[str, Any]) -> Verdict:
    """What a training process said last, as a result tells it; its per cents are shares here."""
    from model.training.finetuning.verdict import Originality  # late, so that importing the tasks is cheap

    originality = said["originality"]
    return Verdict(
        before_nats=said["val_before"],
        after_nats=said["val_after"],
        gain=_share(said["gain_percent"]),
        base_before_nats=said["base_before"],
        base_after_nats=said["base_after"],
        loss=_share(said["loss_percent"]),
        copy_share=originality["share_16"],
        human_share=originality["human_share_16"],
        longest_run=originality["longest_run"],
        copy_limit=Originality.model_validate(originality).limit,
        is_copying=said["is_copying"],
        sentences=said["sentences"],
    )


def best_epoch(history: Sequence[EpochFigures]) -> int:
    """The epoch whose network would be kept if it ended now."""
    from model.training.finetuning.selection import chosen_epoch  # late, so that importing the tasks is cheap

    return chosen_epoch(history).epoch if history else 0


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100
