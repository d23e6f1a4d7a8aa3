"""The verdict on a fine-tuned bundle: figures before and after, its originality, and sentences that explain them."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from model.files import replace_file
from model.training.finetuning.settings import MOST_FORGOTTEN

FILE = "verdict.json"
COPYING_FACTOR, COPYING_FROM = 2.0, 0.1  # times the human share; and never below this share
CLEAR_GAIN = 0.5  # per cent; less is said to be nothing
DIVERGED = "Training became unstable and was ended; the best network so far was kept. Choose a gentler rate."
NO_REPLAY_SAMPLE = (
    "The base model carries no sample of its training music, so nothing was mixed in, and how much was forgotten isn't "
    "known."
)


class OriginalityFigures(BaseModel):
    """How much of the new bundle's pieces occurs in the data set; the set's held-out pieces are the human control."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pieces: int  # composed
    share_16: float | None  # of their 16-note runs that the set has, 0..1; None where all pieces are too short
    longest_run: int  # notes
    human_share_16: float | None  # the same of the held-out pieces
    human_longest_run: int

    @property
    def limit(self) -> float:
        """The share above which the bundle counts as copying."""
        return max(COPYING_FROM, COPYING_FACTOR * (self.human_share_16 or 0.0))

    @property
    def is_copying(self) -> bool:
        """Whether the share is above `limit`: twice the share of the held-out pieces, and at least a tenth."""
        return self.share_16 is not None and self.share_16 > self.limit


class Figures(BaseModel):
    """Prediction errors of a run, in nats per note; lower is better."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    val_before: float | None  # on the set's held-out pieces; None for a network trained from scratch
    val_after: float
    base_before: float | None  # on the base's own held-out music; None without a replay sample or a base
    base_after: float | None

    @property
    def gain_percent(self) -> float | None:
        """By how many per cent the error on the set's held-out pieces fell."""
        return None if self.val_before is None else 100 * (1 - self.val_after / self.val_before)

    @property
    def loss_percent(self) -> float | None:
        """By how many per cent the error on the base's own music rose; negative where it fell."""
        if self.base_before is None or self.base_after is None:
            return None
        return 100 * (self.base_after / self.base_before - 1)


class TuningVerdict(BaseModel):
    """What a person is told about a fine-tuned bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str  # of the bundle
    epoch: int  # the one that was kept; 0 where the run ended before its first measurement
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
    originality: OriginalityFigures
    is_copying: bool
    listening: tuple[str, ...]  # files beside the verdict
    sentences: tuple[str, ...]


def sentences(figures: Figures, originality: OriginalityFigures, held_out: int, has_base: bool) -> tuple[str, ...]:
    """The verdict for people.

    Args:
        figures: before and after.
        originality: of the new bundle's pieces.
        held_out: pieces of the set that were held out.
        has_base: whether training began from a bundle.
    """
    return (_on_gain(figures, held_out), *_on_loss(figures, has_base), _on_originality(originality))


def _on_gain(figures: Figures, held_out: int) -> str:
    pieces = f"{held_out} piece{'s' if held_out != 1 else ''} held out of the data set"
    gain = figures.gain_percent
    if gain is None or figures.val_before is None:
        return f"Prediction error on the {pieces}: {figures.val_after:.2f} (lower is better)."
    change = f"{figures.val_before:.2f} before, {figures.val_after:.2f} now"
    if gain < CLEAR_GAIN:
        return f"No clear gain: the prediction error on the {pieces} is the same ({change}). More pieces may help."
    return f"{gain:.1f} % lower prediction error on the {pieces} ({change})."


def _on_loss(figures: Figures, has_base: bool) -> tuple[str, ...]:
    if not has_base:
        return ()
    loss = figures.loss_percent
    if loss is None:
        return (NO_REPLAY_SAMPLE,)
    change = f"{figures.base_before:.2f} before, {figures.base_after:.2f} now"
    if loss > 100 * MOST_FORGOTTEN:
        return (
            f"It forgot some of the base model's own music: {loss:.1f} % higher prediction error ({change}). Mix in "
            "more of that music, or choose a gentler rate.",
        )
    if loss > 0:
        return (f"It hardly forgot the base model's own music: {loss:.1f} % higher prediction error ({change}).",)
    return (f"It forgot nothing of the base model's own music (prediction error {change}).",)


def _on_originality(found: OriginalityFigures) -> str:
    if found.share_16 is None:
        return "Its pieces are too short to tell whether it copies the data set."
    if not found.share_16:
        return "It doesn't copy: no 16-note passage of its pieces is in the data set."
    control = "" if found.human_share_16 is None else f", of the held-out pieces {found.human_share_16:.1%}"
    shares = (
        f"{found.share_16:.1%} of the 16-note passages in its pieces are in the data set{control}; the longest such "
        f"passage has {found.longest_run} notes."
    )
    if found.is_copying:
        return f"It copies: {shares} Train for fewer epochs, at a gentler rate, or with more pieces."
    return f"It doesn't copy: {shares}"


def load_verdict(folder: Path) -> TuningVerdict | None:
    """The verdict in `folder`, or None if there is no readable one."""
    try:
        return TuningVerdict.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def save_verdict(folder: Path, verdict: TuningVerdict) -> None:
    """Replace the verdict in `folder` atomically."""
    with replace_file(folder / FILE) as file:
        file.write((verdict.model_dump_json(indent=1) + "\n").encode())
