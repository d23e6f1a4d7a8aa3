"""What came of fine-tuning: figures before and after, how original it is, and what that means in sentences."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from model.files import replace_file
from model.training.finetuning.settings import MOST_FORGOTTEN

FILE = "verdict.json"
COPYING_FACTOR, COPYING_FROM = 2.0, 0.1  # times the human share; and never below this share
CLEAR_GAIN = 0.5  # per cent; less is said to be nothing
DIVERGED = "Training went out of bounds and was ended, and the best until then was kept: choose a gentler rate."
NO_REPLAY_SAMPLE = (
    "The base carries no sample of the music it learnt from, so none was mixed in, and what it forgot was not "
    "measured: publish it with --learnt-from to have both."
)


class Originality(BaseModel):
    """How much of what the new bundle composes is in the set it learnt from, beside its held-out pieces by people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pieces: int  # composed
    share_16: float | None  # of their runs of 16 notes, 0..1; None where all are too short
    longest_run: int  # notes
    human_share_16: float | None  # the same of the held-out pieces
    human_longest_run: int

    @property
    def limit(self) -> float:
        """The share from which on the bundle counts as copying."""
        return max(COPYING_FROM, COPYING_FACTOR * (self.human_share_16 or 0.0))

    @property
    def is_copying(self) -> bool:
        """Whether more than `limit` is found: twice what people's own pieces share, and at least a tenth."""
        return self.share_16 is not None and self.share_16 > self.limit


class Figures(BaseModel):
    """What was measured of a run; nats per note, lower is better, per cents of the figure before."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    val_before: float | None  # on the set's held-out pieces; None for a network that began from scratch
    val_after: float
    base_before: float | None  # on the base's own held-out music; None without a replay sample or a base
    base_after: float | None

    @property
    def gain_percent(self) -> float | None:
        """How much fewer nats the set's held-out pieces cost."""
        return None if self.val_before is None else 100 * (1 - self.val_after / self.val_before)

    @property
    def loss_percent(self) -> float | None:
        """How many more nats the base's own music costs; negative where it costs fewer."""
        if self.base_before is None or self.base_after is None:
            return None
        return 100 * (self.base_after / self.base_before - 1)


class Verdict(BaseModel):
    """What a person is told of a fine-tuned bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str  # of the bundle judged
    epoch: int  # whose network was kept, 0 where none was trained to its first measurement
    epochs: int  # that were trained
    minutes: float  # of training
    updates: int
    train_pieces: int
    held_out_pieces: int
    notes: int  # of the set's training pieces
    val_before: float | None
    val_after: float
    gain_percent: float | None
    base_before: float | None
    base_after: float | None
    loss_percent: float | None
    originality: Originality
    is_copying: bool
    listening: tuple[str, ...]  # files beside the verdict
    sentences: tuple[str, ...]


def sentences(figures: Figures, originality: Originality, held_out: int, has_base: bool) -> tuple[str, ...]:
    """The verdict for people.

    Args:
        figures: before and after.
        originality: of what was composed.
        held_out: pieces of the set that were held out.
        has_base: whether it began from a bundle.
    """
    return (_on_gain(figures, held_out), *_on_loss(figures, has_base), _on_originality(originality))


def _on_gain(figures: Figures, held_out: int) -> str:
    pieces = f"{held_out} held-out piece{'s' if held_out != 1 else ''}"
    gain = figures.gain_percent
    if gain is None or figures.val_before is None:
        return f"The {pieces} of the set cost {figures.val_after:.2f} nats per note; nothing was known before."
    change = f"{figures.val_before:.2f} nats per note before and {figures.val_after:.2f} now"
    if gain < CLEAR_GAIN:
        return f"It predicts the {pieces} of the set no better than the base: {change}. More pieces may help."
    return f"It predicts the {pieces} of the set {gain:.1f} % better than the base: {change}."


def _on_loss(figures: Figures, has_base: bool) -> tuple[str, ...]:
    if not has_base:
        return ()
    loss = figures.loss_percent
    if loss is None:
        return (NO_REPLAY_SAMPLE,)
    change = f"{figures.base_before:.2f} nats per note before and {figures.base_after:.2f} now"
    if loss > 100 * MOST_FORGOTTEN:
        return (
            f"It has forgotten some of the base's own music ({loss:.1f} % worse: {change}): mix in more of it, or "
            "choose a gentler rate.",
        )
    if loss > 0:
        return (f"It has hardly forgotten the base's own music ({loss:.1f} % worse: {change}).",)
    return (f"It has forgotten nothing of the base's own music ({change}).",)


def _on_originality(found: Originality) -> str:
    if found.share_16 is None:
        return "What it composes is too short to tell whether it copies the set."
    control = (
        f"{found.human_share_16:.1%} of the held-out pieces'" if found.human_share_16 is not None else "no control"
    )
    runs = "of its runs of 16 notes are in the set's training pieces"
    if not found.share_16:
        return f"It does not copy: none {runs} ({control})."
    shares = f"{found.share_16:.1%} {runs} ({control}; the longest such run has {found.longest_run} notes)"
    if found.is_copying:
        return f"It copies: {shares}. Train for fewer epochs, at a gentler rate, or with more pieces."
    return f"It does not copy: {shares}."


def load_verdict(folder: Path) -> Verdict | None:
    """The verdict in `folder`; None where there is none that can be read."""
    try:
        return Verdict.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def save_verdict(folder: Path, verdict: Verdict) -> None:
    """Write the verdict of `folder` in one stroke."""
    with replace_file(folder / FILE) as file:
        file.write((verdict.model_dump_json(indent=1) + "\n").encode())
