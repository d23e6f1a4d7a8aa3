"""The training loop of fine-tuning. It can stop after any update, and measures before the first and after each epoch.

Each epoch draws its pieces and dropout from its own random seed and starts with fresh states, so a killed run that
continues from its checkpoint ends with the same weights as an undisturbed one.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.bundles.training_artifacts import ReplaySample, Sample
from model.errors import BundleError, RequestError
from model.network import NoteNetwork
from model.training import checkpoint
from model.training.finetuning.data import MixedStreams, Pieces, with_styles
from model.training.finetuning.settings import (
    FEWEST_UPDATES,
    EpochFigures,
    OnTuning,
    TuningProgress,
    TuningSettings,
    chosen_epoch,
)
from model.training.likelihood import CarriedLikelihood, LikelihoodMeter
from model.training.loop import augmentation, averaged_weights, compiled

METER_SHAPE = (16, 64)  # rows and steps; other figures change the speed and nothing else
NEVER_FALLING = 10**9  # updates over which the rate would fall
REPORT_S = 1.0  # between two reports
JUDGING_SHARE, JUDGING_S = 0.1, 45.0  # of a run, for the progress shown

Keep = Callable[[list[NDArray], list[EpochFigures]], None]  # the best weights so far, and the figures of all epochs


@dataclass
class TuningState:
    """The part of a checkpoint that is plain JSON."""

    fingerprint: str  # of what is tuned to what, and how
    epoch: int = 0  # whole epochs done
    updates: int = 0
    seconds: float = 0.0
    is_over: bool = False
    more: int = 0  # how often it went on after it was over
    since_epoch: int = 0  # where it last began or went on; limits count from there
    since_s: float = 0.0
    has_diverged: bool = False  # ended because the figures were no numbers any more
    history: list[dict] = field(default_factory=list)  # of EpochFigures

    @property
    def figures(self) -> list[EpochFigures]:
        """The figures of every epoch."""
        return [EpochFigures(**figures) for figures in self.history]


class TuningLoop:
    """One run, which continues from its checkpoint if there is one."""

    def __init__(
        self, network: NoteNetwork, pieces: Pieces, settings: TuningSettings, folder: Path, fingerprint: str
    ) -> None:
        """Prepare to fit `network`, which holds the initial weights, to `pieces`; `folder` holds the checkpoint.

        Raises:
            RequestError: when the checkpoint in `folder` belongs to another run.
        """
        self._network, self._pieces, self._settings, self._folder = network, pieces, settings, folder
        training = settings.training(from_scratch=not pieces.has_base)
        self._augmentation, self._training = augmentation(training), training
        old = ReplaySample.nothing() if pieces.replay_sample is None else pieces.replay_sample
        self._old = old
        self._streams = MixedStreams(
            network.representation,
            Sample(pieces.data.train, pieces.data.train_styles),
            old.train,
            settings.mix,
            (training.streams, training.window),
        )
        self._model = compiled(network, training, NEVER_FALLING)
        self._meter = LikelihoodMeter(network, *METER_SHAPE)
        self._best = network.get_weights()
        self.standing = self._resumed(fingerprint)
        self._before_s, self._begun = self.standing.seconds, time.monotonic()
        self._begun_epoch, self._reported = self.standing.epoch, -REPORT_S
        if settings.more > self.standing.more:
            self._go_on(settings.more)

    def _go_on(self, more: int) -> None:
        standing = self.standing
        standing.more, standing.is_over = more, False
        standing.since_epoch, standing.since_s = standing.epoch, standing.seconds

    @property
    def _last_epoch(self) -> int:
        return self.standing.since_epoch + self._settings.most_epochs

    @property
    def _last_s(self) -> float:
        return self.standing.since_s + self._settings.most_s

    @property
    def updates(self) -> int:
        """Of an epoch."""
        return max(self._streams.batches_per_pass, FEWEST_UPDATES)

    @property
    def best(self) -> list[NDArray]:
        """The weights of the epoch that `choosing` prefers."""
        return self._best

    def measured(self, weights: list[NDArray]) -> tuple[float, float | None]:
        """Nats per note of the held-out pieces and of the base's (None if it has none) under `weights`."""
        self._network.set_weights([np.asarray(weight, dtype=np.float32) for weight in weights])
        return self._measure()

    def run(self, keep: Keep, on_progress: OnTuning, should_stop: Callable[[], bool]) -> None:
        """Train until the epochs, the minutes or the patience run out, or `should_stop` returns True.

        `keep` is called after each epoch whose network is the best so far, once the checkpoint holds it.

        Raises:
            BundleError: the base predicts NaN.
        """
        if not self.standing.history:
            self._note(0, None, is_whole=True)
            if self.standing.has_diverged:
                raise BundleError("The base model is damaged: its predictions are not numbers. Choose another one.")
            self._save()
        while not self.standing.is_over:
            train_nats, is_whole = self._epoch(on_progress, should_stop)
            number = self.standing.epoch + 1
            is_best = False
            if train_nats is not None:
                with averaged_weights(self._model.optimizer):
                    is_best = self._note(number, train_nats, is_whole)
            self.standing.epoch += is_whole
            self.standing.is_over = not is_whole or self.standing.has_diverged or self._has_ended()
            self._save()
            if is_best:
                keep(self._best, self.standing.figures)
            self._report(on_progress, 0, None, is_due=True)

    def _epoch(self, on_progress: OnTuning, should_stop: Callable[[], bool]) -> tuple[float | None, bool]:
        """Train one epoch: its nats per note, None if no update was made, and whether it was complete."""
        rng = np.random.default_rng([self._settings.random_seed, self.standing.epoch])
        _reseed(self._model, rng)
        batches = self._streams.shuffled(rng, self._augmentation)
        nats = notes = 0.0
        for update, batch in enumerate(itertools.islice(batches, self.updates)):
            if should_stop() or self._spent_s() >= self._last_s:
                return (nats / notes if update else None), False
            self._model.train_on_batch(batch)
            self.standing.updates += 1
            nats += float(self._model.totals["nats"].result())
            notes += float(self._model.totals["notes"].result())
            self._report(on_progress, update + 1, nats / notes)
        return nats / notes, True

    def _note(self, epoch: int, train_nats: float | None, is_whole: bool) -> bool:
        """Measure the network, keep its weights if it is the best so far, and return whether it is."""
        val_nats, base_nats = self._measure()
        if not np.isfinite([val_nats, base_nats or 0.0, train_nats or 0.0]).all():
            self.standing.has_diverged = True
            return False
        figures = EpochFigures(
            epoch=epoch,
            train_nats=train_nats,
            val_nats=val_nats,
            base_nats=base_nats,
            seconds=round(self._spent_s(), 1),
            is_whole=is_whole,
        )
        self.standing.history.append(figures.model_dump())
        is_best = epoch > 0 and chosen_epoch(self.standing.figures).epoch == epoch
        if is_best:
            self._best = self._network.get_weights()
        return is_best

    def _measure(self) -> tuple[float, float | None]:
        old = with_styles(self._network.representation, self._old.held_out)
        val_nats = self._meter.nats(self._pieces.data.validation).nats_per_note
        return val_nats, self._meter.nats(*old).nats_per_note if old.pieces else None

    def _has_ended(self) -> bool:
        standing = self.standing
        best = max(chosen_epoch(standing.figures).epoch, standing.since_epoch)
        too_long_ago = standing.epoch - best >= self._settings.patience
        return standing.epoch >= self._last_epoch or self._spent_s() >= self._last_s or too_long_ago

    def _spent_s(self) -> float:
        return self._before_s + time.monotonic() - self._begun

    def _report(self, on_progress: OnTuning, update: int, train_nats: float | None, is_due: bool = False) -> None:
        now = time.monotonic()
        if not is_due and now - self._reported < REPORT_S:
            return
        self._reported = now
        standing = self.standing
        done = standing.epoch + update / self.updates
        here = done - self._begun_epoch
        spent_s = self._spent_s()
        left_s = self._last_s - spent_s
        if here > 0:
            left_s = min(left_s, (now - self._begun) / here * (self._last_epoch - done))
        epochs, seconds = done - standing.since_epoch, spent_s - standing.since_s
        share = max(epochs / self._settings.most_epochs, seconds / self._settings.most_s)
        share = 1.0 if standing.is_over else min(1.0, share)
        latest = standing.figures[-1]
        on_progress(
            TuningProgress(
                stage="training",
                epoch=standing.epoch,
                epochs=self._last_epoch,
                fraction=(1 - JUDGING_SHARE) * share,
                remaining_s=None if left_s == float("inf") else round(max(left_s, 0.0) + JUDGING_S, 1),
                train_nats=train_nats if train_nats is not None else latest.train_nats,
                val_nats=latest.val_nats,
                base_nats=latest.base_nats,
                history=standing.figures,
            )
        )

    def _save(self) -> None:
        self.standing.seconds = self._spent_s()
        checkpoint.save(self._folder, self._network, self._model.optimizer, asdict(self.standing), self._best)

    def _resumed(self, fingerprint: str) -> TuningState:
        self._model.optimizer.build(self._network.trainable_variables)
        if not checkpoint.exists(self._folder):
            return TuningState(fingerprint)
        said = checkpoint.load(self._folder, self._network, self._model.optimizer)
        if said.get("fingerprint") != fingerprint:
            raise RequestError(
                f"{self._folder} holds a run with other pieces, settings or another base: use another folder, or "
                "repeat the original settings."
            )
        self._best = checkpoint.load_best(self._folder)
        return TuningState(**said)


def _reseed(model: CarriedLikelihood, rng: np.random.Generator) -> None:
    """Reseed dropout from `rng`, so that it doesn't depend on earlier draws."""
    for variable in model.variables:
        if variable.path.endswith("seed_generator_state"):
            variable.assign(rng.integers(0, 2**31, size=variable.shape).astype("uint32"))
