"""A whole fine-tuning run: pieces, training, the bundle, the verdict. A run that was killed can be continued."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.analysis.originality import OriginalityIndex, index_training_set
from model.bundles import Bundle, Card, pack
from model.bundles.bundle import MANIFEST, unpack
from model.bundles.priors import Priors, priors_of
from model.bundles.store import read_folder, write_folder
from model.bundles.training_artifacts import ReplaySample, Sample, replay_sample_of
from model.errors import BundleError, RequestError
from model.files import replace_file
from model.network import NoteNetwork
from model.network.config import preset
from model.training import checkpoint
from model.training.finetuning.curve import draw_curve
from model.training.finetuning.data import Pieces, read_pieces
from model.training.finetuning.evaluation import judged
from model.training.finetuning.loop import JUDGING_S, JUDGING_SHARE, TuningLoop
from model.training.finetuning.settings import (
    LONGEST_TITLE,
    CardText,
    EpochFigures,
    OnTuning,
    TuningProgress,
    TuningSettings,
    chosen_epoch,
)
from model.training.finetuning.verdict import (
    DIVERGED,
    Figures,
    OriginalityFigures,
    TuningVerdict,
    load_verdict,
    save_verdict,
    sentences,
)
from model.training.finetuning.verdict import FILE as VERDICT

CURVE = "curve.png"
ENCODED = "encoded"  # folder of the run in which the set lies encoded


def _quiet(progress: TuningProgress) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


def tune(
    start: Bundle | str,
    data: Path | Sequence[Path],
    folder: Path,
    settings: TuningSettings | None = None,
    about: CardText | None = None,
    on_progress: OnTuning = _quiet,
    should_stop: Callable[[], bool] = _never,
) -> TuningVerdict:
    """Fit a network to a small data set and return the verdict.

    The bundle, the checkpoint, `verdict.json`, `curve.png` and `listening/` are written into `folder`. Called again, it
    continues a killed run from its last complete epoch, or returns the verdict of a finished one.

    Args:
        start: the base bundle, whose sizes, styles and representation stay; or the name of a preset, to train from
            scratch.
        data: a folder or archive of MIDI files, or several.
        folder: for this run alone.
        settings: of the training (default: see `TuningSettings`).
        about: text for the new bundle's card.
        on_progress: receives the run's progress about once a second.
        should_stop: asked before every update; True ends training there and keeps the best network so far.

    Raises:
        ModelError: the data set has too few pieces, the base is of the classic kind, or `folder` holds another run.
    """
    settings, about = settings or TuningSettings(), about or CardText()
    if keras.backend.backend() != "tensorflow":
        raise RequestError("Fine-tuning composes with TensorFlow: leave --backend at tensorflow.")
    on_progress(TuningProgress(stage="preparing", epochs=settings.most_epochs))
    run = _Run(*_begun(start, data, folder, settings), settings, about, folder)
    if (verdict := run.verdict_there()) is not None:
        return verdict
    run.restore()
    run.fitting.run(run.keep, on_progress, should_stop)
    return run.judge(on_progress)


def forget(folder: Path) -> None:
    """Delete the checkpoint and the verdict in `folder`, so that the next `tune` starts anew; the bundle stays."""
    for name in (checkpoint.FILE, VERDICT):
        (folder / name).unlink(missing_ok=True)


def _begun(
    start: Bundle | str, data: Path | Sequence[Path], folder: Path, settings: TuningSettings
) -> tuple[Bundle | None, NoteNetwork, Pieces, str]:
    """The base, its network or a new one, the pieces, and a digest that identifies the run."""
    base = None if isinstance(start, str) else start
    config = preset(start) if isinstance(start, str) else start.config
    if config.window:
        raise RequestError("Classic models can't be fine-tuned: choose another model or preset.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(f"Nothing can be written to the folder {folder}: {error.strerror}.") from error
    encoded = read_pieces(data, config.representation, folder / ENCODED, settings.threads)
    if base is None:
        config = config.model_copy(update={"styles": encoded.styles})
    pieces = Pieces(encoded, None if base is None else base.replay_sample(), base is not None)
    keras.utils.set_random_seed(settings.random_seed)
    keras.config.set_dtype_policy("float32")
    network = NoteNetwork(config) if base is None else base.network()
    named: list[object] = [start if isinstance(start, str) else start.version, pieces.digest]
    named += [settings.mix, settings.rate, settings.random_seed]
    return base, network, pieces, hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16]


@dataclass
class _Run:
    """One run and the writing of its results."""

    base: Bundle | None
    network: NoteNetwork
    pieces: Pieces
    fingerprint: str
    settings: TuningSettings
    about: CardText
    folder: Path

    def __post_init__(self) -> None:
        self.fitting = TuningLoop(self.network, self.pieces, self.settings, self.folder, self.fingerprint)
        self._packer = BundleBuilder(self.base, self.network, self.pieces, self.about)

    def verdict_there(self) -> TuningVerdict | None:
        """The verdict of a finished run, else None."""
        found = load_verdict(self.folder) if self.fitting.standing.is_over else None
        return found if found is not None and self._has_bundle(found.version) else None

    def restore(self) -> None:
        """Write the best bundle again if the run was killed between writing the checkpoint and the bundle."""
        figures = self.fitting.standing.figures
        if figures and chosen_epoch(figures).epoch > 0:
            self.keep(self.fitting.best, figures)

    def keep(self, weights: list[NDArray], figures: list[EpochFigures]) -> None:
        """Write the bundle of the best epoch so far, unless it is there already."""
        files = self._packer.files(weights, figures, self.folder.name)
        if not self._has_bundle(unpack(files, self.folder.name).version):
            write_folder(self.folder, files)

    def judge(self, on_progress: OnTuning) -> TuningVerdict:
        """Measure the kept network, compose with it, and write the verdict."""
        standing, data = self.fitting.standing, self.pieces.data
        last = TuningProgress(
            stage="judging", epoch=standing.epoch, epochs=self.settings.most_epochs, history=standing.figures
        )

        def report(share: float) -> None:
            fraction, left_s = 1 - JUDGING_SHARE * (1 - share), round(JUDGING_S * (1 - share), 1)
            on_progress(last.model_copy(update={"fraction": fraction, "remaining_s": left_s}))

        report(0.0)
        self.keep(self.fitting.best, standing.figures)
        bundle = unpack(read_folder(self.folder), self.folder.name)
        figures = self._figures(bundle)
        originality, listening = judged(bundle, self.base, (data.train, data.validation), self.folder, report)
        verdict = self._verdict(bundle.version, figures, originality, listening)
        with replace_file(self.folder / CURVE) as file:
            file.write(draw_curve(standing.figures, self.about.title))
        save_verdict(self.folder, verdict)
        return verdict

    def _figures(self, bundle: Bundle) -> Figures:
        """The errors before and after; those after are measured with the bundle's rounded weights."""
        before = self.fitting.standing.figures[0]
        val_after, base_after = self.fitting.measured(bundle.weights)
        return Figures(
            val_before=None if self.base is None else before.val_nats,
            val_after=val_after,
            base_before=before.base_nats,
            base_after=base_after,
        )

    def _verdict(
        self, version: str, figures: Figures, originality: OriginalityFigures, listening: tuple[str, ...]
    ) -> TuningVerdict:
        standing, data = self.fitting.standing, self.pieces.data
        return TuningVerdict(
            version=version,
            epoch=chosen_epoch(standing.figures).epoch,
            epochs=standing.epoch,
            minutes=round(standing.seconds / 60, 2),
            updates=standing.updates,
            train_pieces=len(data.train),
            held_out_pieces=len(data.validation),
            notes=sum(map(len, data.train)),
            **figures.model_dump(),
            gain_percent=figures.gain_percent,
            loss_percent=figures.loss_percent,
            originality=originality,
            is_copying=originality.is_copying,
            listening=listening,
            sentences=(
                *sentences(figures, originality, len(data.validation), self.base is not None),
                *([DIVERGED] if standing.has_diverged else []),
            ),
        )

    def _has_bundle(self, version: str) -> bool:
        """Whether the folder holds a complete bundle of that version."""
        if not (self.folder / MANIFEST).is_file():
            return False
        try:
            return unpack(read_folder(self.folder), self.folder.name).version == version
        except BundleError:
            return False


class BundleBuilder:
    """Builds the files of a run's bundle; the parts that every epoch shares are built once."""

    def __init__(self, base: Bundle | None, network: NoteNetwork, pieces: Pieces, about: CardText) -> None:
        """`files` packs `network` with other weights, and restores its own afterwards."""
        self._base, self._network, self._pieces, self._about = base, network, pieces, about

    def files(self, weights: Sequence[NDArray], figures: Sequence[EpochFigures], name: str) -> dict[str, bytes]:
        """The bundle of `weights`; `figures` lists all epochs, of which the card shows the chosen one."""
        own = self._network.get_weights()
        self._network.set_weights([np.asarray(weight, dtype=np.float32) for weight in weights])
        history = [figure.model_dump(exclude_none=True, exclude={"is_whole"}) for figure in figures]
        try:
            card = self._card(figures)
            return pack(self._network, card, name, history, self._index, self._priors, self._replay_sample)
        finally:
            self._network.set_weights(own)

    def _card(self, figures: Sequence[EpochFigures]) -> Card:
        about, base, best = self._about, self._base, chosen_epoch(figures)
        of_set = about.data or about.title or "a small data set"
        known = {"epoch": float(best.epoch), "nats per note, the set's held-out pieces": round(best.val_nats, 4)}
        if base is not None:
            known["the same before"] = round(figures[0].val_nats, 4)
        if best.base_nats is not None and figures[0].base_nats is not None:
            known["nats per note, the base's own held-out music"] = round(best.base_nats, 4)
            known["of that, the same before"] = round(figures[0].base_nats, 4)
        return Card(
            title=(about.title or f"tuned on {of_set}")[:LONGEST_TITLE],
            description=self._description(),
            data=f"{of_set}, split by piece" + (f"; begun from: {base.card.data}" if base is not None else ""),
            licence=self._licence(),
            non_commercial=about.non_commercial or (base is not None and base.card.non_commercial),
            figures=known,
            command=about.command,
        )

    def _description(self) -> str:
        config, base = self._network.config, self._base
        sizes = (
            f"{config.layers} x {config.stack.upper()} {config.units} on the '{config.representation}' representation"
        )
        origin = "trained from scratch" if base is None else f"fine-tuned from '{base.name}' {base.version}"
        return f"{sizes}, {origin} on {len(self._pieces.data.train)} pieces."

    def _licence(self) -> str:
        own = self._about.licence or "as the data's"
        return own if self._base is None else f"{own}; and of the base: {self._base.card.licence}"

    @cached_property
    def _index(self) -> OriginalityIndex:
        """An index of the data set and the replay sample, which finds copies of either."""
        data, old = self._pieces.data, self._pieces.replay_sample or ReplaySample.nothing()
        return index_training_set(self._network.representation, [*data.train, *old.train.pieces], data.validation)

    @cached_property
    def _priors(self) -> Priors:
        data = self._pieces.data
        return priors_of(self._network.representation, data.train, data.train_styles)

    @cached_property
    def _replay_sample(self) -> ReplaySample:
        """The base's replay sample, or one of the data set if the base has none."""
        if self._pieces.replay_sample is not None:
            return self._pieces.replay_sample
        data = self._pieces.data
        train, held_out = Sample(data.train, data.train_styles), Sample(data.validation, data.validation_styles)
        return replay_sample_of(self._network.representation, train, held_out)
