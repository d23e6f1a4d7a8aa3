"""The A/B pieces of a verdict as audio: each held-out beginning, continued by the model before and after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jobs.contract import BlobRef, Listening
from worker.desk import Desk

LONGEST_S = 120.0  # that one piece may take to be played
SEED_S = 10.0  # of each beginning, as `model.training.finetuning.evaluation` takes it
SIDES = {"before": "a", "after": "b"}


def listening(folder: Path, files: Sequence[str], desk: Desk) -> tuple[tuple[Listening, ...], tuple[str, ...]]:
    """What there is to hear of `files` ('listening/1-before.mid' and so on), and what could not be played."""
    heard: dict[str, dict[str, BlobRef]] = {}
    remarks: list[str] = []
    for file in files:
        number, _, side = Path(file).stem.partition("-")
        rendering = desk.studio.render((folder / file).read_bytes(), SEED_S, f"{number} · {side}", LONGEST_S)
        audio = rendering.files.get("audio")
        played = heard.setdefault(number, {})
        if audio is None:
            remarks.extend(rendering.remarks)
        else:
            name = f"{number}{SIDES[side]}-{side}{audio.suffix}"
            played[side] = desk.blobs.put(audio.data, name, audio.content_type)
    titled = [
        Listening(title=f"beginning {number}", seed_s=SEED_S, **played) for number, played in sorted(heard.items())
    ]
    return tuple(titled), tuple(dict.fromkeys(remarks))
