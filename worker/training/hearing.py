"""The A/B pieces of a verdict as audio: each held-out beginning, continued by the model before and after."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jobs.contract import BlobRef, Listening
from worker.desk import Desk

LONGEST_S = 120.0  # that one piece may take to be played
FOLDER = "listening"


def listening(folder: Path, verdict: dict[str, Any], desk: Desk) -> tuple[tuple[Listening, ...], tuple[str, ...]]:
    """What there is to hear, and sentences about what could not be played."""
    heard: list[Listening] = []
    remarks: list[str] = []
    for number, beginning in enumerate(verdict.get("listening", ()), start=1):
        seed_s, title = float(beginning.get("seed_s", 0.0)), str(beginning.get("title", ""))[:100]
        played: dict[str, BlobRef] = {}
        for side in ("before", "after"):
            path = folder / FOLDER / f"{number}-{side}.mid"
            if not path.is_file():
                continue
            rendering = desk.studio.render(path.read_bytes(), seed_s, f"{title} · {side}", LONGEST_S)
            audio = rendering.files.get("audio")
            if audio is None:
                remarks.extend(rendering.remarks)
            else:
                name = f"{number}{'a' if side == 'before' else 'b'}-{side}.{audio.suffix}"
                played[side] = desk.blobs.put(audio.data, name, audio.content_type)
        heard.append(Listening(title=title, seed_s=seed_s, **played))
    return tuple(heard), tuple(dict.fromkeys(remarks))
