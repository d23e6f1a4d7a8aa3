"""What became of a batch of files: which are in now, which were mended, which were left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from model.datasets.info import DataSetInfo, PieceInfo


@dataclass(frozen=True)
class Refused:
    """A file that was left out; `code` stays the same where a sentence holds a number or is reworded."""

    name: str
    sentence: str
    code: str


@dataclass(frozen=True)
class Duplicate:
    """A file that was left out because the piece called `of` is the same, or nearly the same in whatever key."""

    name: str
    of: str
    is_exact: bool


@dataclass(frozen=True)
class BatchReport:
    """What a batch did. `info` is the set after it; `stopped` says that the rest of the batch was not looked at."""

    info: DataSetInfo
    accepted: tuple[PieceInfo, ...] = ()
    refused: tuple[Refused, ...] = ()
    duplicates: tuple[Duplicate, ...] = ()
    stopped: bool = False

    @property
    def repaired(self) -> dict[str, tuple[str, ...]]:
        """What was mended in accepted pieces, by the piece's name."""
        return {piece.name: piece.facts.repairs for piece in self.accepted if piece.facts.repairs}

    def reasons(self) -> list[tuple[int, str]]:
        """Why files were refused: how many, and the sentence of the first of them; the most frequent first."""
        counts = Counter(one.code for one in self.refused)
        sentences: dict[str, str] = {}
        for one in self.refused:
            sentences.setdefault(one.code, one.sentence)
        return [(count, sentences[code]) for code, count in counts.most_common()]

    def text(self) -> str:
        """The whole in a few lines, for a person."""
        lines = [f"{len(self.accepted)} added, {len(self.duplicates)} there already, {len(self.refused)} refused."]
        if self.repaired:
            lines.append(f"{len(self.repaired)} of those added were mended.")
        lines += [f"{count} refused: {sentence}" for count, sentence in self.reasons()]
        near = [one for one in self.duplicates if not one.is_exact]
        lines += [f"'{one.name}' is nearly the same as '{one.of}'." for one in near[:5]]
        if len(near) > 5:
            lines.append(f"So are {len(near) - 5} more, each as another piece.")
        if self.stopped:
            lines.append("It was stopped before the end; what is listed as added is kept.")
        info = self.info
        lines.append(f"'{info.name}' has {info.totals}.")
        return "\n".join(lines)
