"""What a finished training gives back, in terms of the contract: its verdict, and examples to listen to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobs.contract import BlobRef, Listening, Verdict
from worker.context import WorkerContext

if TYPE_CHECKING:
    from model.training.finetuning import EpochFigures

LONGEST_S = 120.0  # limit for rendering one example
SEED_S = 10.0  # of each example, as `model.training.finetuning.evaluation` takes it
SIDES = {"before": "a", "after": "b"}


def verdict(said: Mapping[str, Any]) -> Verdict:
    """The last message of a training process as the contract's verdict; its per cents become shares."""
    from model.training.finetuning.verdict import OriginalityFigures  # late: it loads Keras

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
        copy_limit=OriginalityFigures.model_validate(originality).limit,
        is_copying=said["is_copying"],
        sentences=said["sentences"],
    )


def best_epoch(history: Sequence[EpochFigures]) -> int:
    """The epoch whose network would be kept if the training ended now."""
    from model.training.finetuning.settings import chosen_epoch  # late, as above

    return chosen_epoch(history).epoch if history else 0


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def examples(
    folder: Path, files: Sequence[str], context: WorkerContext
) -> tuple[tuple[Listening, ...], tuple[str, ...]]:
    """The audio of held-out beginnings, each continued by the model before and after; and remarks.

    Args:
        folder: of the training.
        files: paths in it such as 'listening/1-before.mid'.
        context: for rendering and for keeping the files.
    """
    found: dict[str, dict[str, BlobRef]] = {}
    remarks: list[str] = []
    for file in files:
        number, _, side = Path(file).stem.partition("-")
        rendering = context.renderer.render((folder / file).read_bytes(), SEED_S, f"{number} · {side}", LONGEST_S)
        audio = rendering.files.get("audio")
        sides = found.setdefault(number, {})
        if audio is None:
            remarks.extend(rendering.remarks)
        else:
            name = f"{number}{SIDES[side]}-{side}{audio.suffix}"
            sides[side] = context.blobs.put(audio.data, name, audio.content_type)
    titled = [Listening(title=f"beginning {number}", seed_s=SEED_S, **sides) for number, sides in sorted(found.items())]
    return tuple(titled), tuple(dict.fromkeys(remarks))
