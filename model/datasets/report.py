"""What became of a batch of files: which are in now, which were mended, which were left out and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from model.datasets.info import DataSetInfo, PieceInfo

MOST_REASONS = 10  # that `text` lists


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
        """Why files were refused: each sentence, and of how many files it is true; the most frequent first."""
        return [(count, sentence) for sentence, count in Counter(one.sentence for one in self.refused).most_common()]

    def text(self) -> str:
        """The whole in a few lines, for a person."""
        lines = [f"{len(self.accepted)} added, {len(self.duplicates)} there already, {len(self.refused)} refused."]
        if self.repaired:
            lines.append(f"{len(self.repaired)} of those added were mended.")
        reasons = self.reasons()
        lines += [f"{count} refused: {sentence}" for count, sentence in reasons[:MOST_REASONS]]
        if len(reasons) > MOST_REASONS:
            others = sum(count for count, _ in reasons[MOST_REASONS:])
            lines.append(f"{others} more refused, for {len(reasons) - MOST_REASONS} other reasons.")
        near = [one for one in self.duplicates if not one.is_exact]
        lines += [f"'{one.name}' is nearly the same as '{one.of}'." for one in near[:5]]
        if len(near) > 5:
            lines.append(f"So are {len(near) - 5} more, each as another piece.")
        if self.stopped:
            lines.append("It was stopped before the end; what is listed as added is kept.")
        info = self.info
        lines.append(f"'{info.name}' has {info.totals}.")
        return "\n".join(lines)
