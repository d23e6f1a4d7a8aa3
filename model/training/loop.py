"""The training loop: Keras' fit with validation on whole pieces, and a checkpoint after every epoch.

Ctrl-C, a kill or a crash costs the epoch under way and nothing else: the best weights so far are always on disk.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model.data.corpus import Encoded
from model.data.windows import Augmentation, WindowStreams
from model.network import NetworkConfig, NoteNetwork
from model.training import checkpoint
from model.training.likelihood import nats
from model.training.objective import CarriedLikelihood
from model.training.settings import TrainingSettings
from model.training.team import Team, gather

FINAL_RATE = 0.05  # of the highest learning rate, where the cosine ends


@dataclass
class Progress:
    """Where a run stands: epochs done, the best validation so far, and the figures of every epoch."""

    epoch: int = 0
    best: float = math.inf  # nats per note on the validation pieces
    best_epoch: int = 0
    history: list[dict[str, float]] = field(default_factory=list)


def train(
    config: NetworkConfig,
    settings: TrainingSettings,
    data: Encoded,
    folder: Path,
    on_best: Callable[[NoteNetwork, Progress], None],
    resume: bool = False,
    weights: Sequence[NDArray] | None = None,
) -> Progress:
    """Fit a network to `data.train`, beginning with `weights` where some are given; says where the run ended.

    `on_best` is called after an epoch with every network that validates better than all before, to keep it. The
    checkpoint lives in `folder`; `resume` goes on from it. Ctrl-C ends the run early without an error.
    """
    team = gather()
    with team.scope():
        network = new_network(config, settings, weights)
        streams = WindowStreams(
            network.representation, data.train, settings.streams, settings.window, data.train_styles
        )
        steps = -(-streams.batches_per_pass // team.replicas)
        model = compiled(network, settings, steps * settings.epochs)
        progress = _resumed(folder, network, model) if resume else Progress()
    keeper = _Keeper(network, data, settings, folder, progress, on_best, team)

    def batches(replica: int) -> Iterator[tuple[dict]]:
        own = [settings.random_seed, progress.epoch, *([replica] if replica else [])]
        return streams.shuffled(np.random.default_rng(own), augmentation(settings))

    try:
        _fit(model, team.batches(batches), steps, settings.epochs, keeper)
    except KeyboardInterrupt:
        sys.stderr.write(f"\nStopped. The best weights so far are those after epoch {progress.best_epoch}.\n")
    return progress


def _fit(model: CarriedLikelihood, batches: Any, steps: int, epochs: int, keeper: _Keeper) -> None:
    with redirect_stdout(sys.stderr):  # Keras' progress bar; standard output is for what comes of it
        model.fit(
            batches,
            steps_per_epoch=steps,
            initial_epoch=keeper.progress.epoch,
            epochs=epochs,
            callbacks=[keeper],
            shuffle=False,  # the streams are in random order already
            verbose=1 if sys.stderr.isatty() else 2,
        )


def new_network(
    config: NetworkConfig, settings: TrainingSettings, weights: Sequence[NDArray] | None = None
) -> NoteNetwork:
    """A new network, with `weights` where some are given, else with those that the random seed decides."""
    keras.utils.set_random_seed(settings.random_seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if settings.precision == "bfloat16" else "float32")
    network = NoteNetwork(config)
    if weights is not None:
        network.set_weights(list(weights))
    return network


def augmentation(settings: TrainingSettings) -> Augmentation:
    """How `settings` let pieces be changed each time they come up."""
    known = TrainingSettings.model_fields
    return Augmentation(
        **{part.name: getattr(settings, part.name) for part in fields(Augmentation) if part.name in known}
    )


def _resumed(folder: Path, network: NoteNetwork, model: CarriedLikelihood) -> Progress:
    """Where the checkpoint in `folder` stands, its weights and optimiser state put in place; a start without one."""
    if not checkpoint.exists(folder):
        sys.stderr.write(f"There is no checkpoint in {folder} yet: training begins at the first epoch.\n")
        return Progress()
    return Progress(**checkpoint.load(folder, network, model.optimizer))


def compiled(network: NoteNetwork, settings: TrainingSettings, steps: int) -> CarriedLikelihood:
    """What Keras fits: `network` with its objective and an optimiser whose schedule ends after `steps` updates."""
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=settings.learning_rate / 100,
        decay_steps=max(1, steps - settings.warmup_steps),
        alpha=FINAL_RATE,
        warmup_target=settings.learning_rate,
        warmup_steps=settings.warmup_steps,
    )
    model = CarriedLikelihood(network, settings.streams)
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=settings.weight_decay,
        global_clipnorm=settings.clip_norm,
        use_ema=settings.average > 0,
        ema_momentum=settings.average or None,
    )
    model.compile(optimizer=optimizer, jit_compile=False)
    optimizer.build(network.trainable_variables)
    return model


class _Keeper(keras.callbacks.Callback):
    """After every epoch: validate, keep the best, write the checkpoint, stop when nothing improves."""

    def __init__(
        self,
        network: NoteNetwork,
        data: Encoded,
        settings: TrainingSettings,
        folder: Path,
        progress: Progress,
        on_best: Callable[[NoteNetwork, Progress], None],
        team: Team,
    ) -> None:
        super().__init__()
        self.network, self.data, self.settings = network, data, settings
        self.folder, self.progress, self.on_best = folder, progress, on_best
        self.team = team

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keras' hook; `logs` are the epoch's training figures."""
        with averaged_weights(self.model.optimizer, self.team):
            is_best = self._validate(epoch, {name: float(np.mean(value)) for name, value in (logs or {}).items()})
        progress = self.progress
        if self.team.is_first:
            checkpoint.save(self.folder, self.network, self.model.optimizer, vars(progress))
        figures = progress.history[-1]
        sys.stderr.write(
            f"epoch {epoch + 1}: training {figures['nats']:.3f}, validation {figures['val_nats']:.3f} nats per note = "
            f"{figures['val_nats_per_event']:.3f} per {self.network.representation.symbol}"
            f"{' (best)' if is_best else ''}\n"
        )
        if progress.epoch - progress.best_epoch >= self.settings.patience:
            self.model.stop_training = True

    def _validate(self, epoch: int, figures: dict[str, float]) -> bool:
        """Note the epoch's figures; keep the network where it is the best so far, and say whether it is."""
        validation = nats(self.network, self.data.validation, self.settings.streams, self.settings.window)
        figures |= {f"val_{name}": value for name, value in validation.field_nats_per_note.items()}
        figures["val_nats"] = validation.nats_per_note
        figures["val_nats_per_event"] = validation.nats_total / sum(
            map(self.network.representation.count, self.data.validation)
        )
        progress = self.progress
        progress.epoch = epoch + 1
        progress.history.append({"epoch": epoch + 1, **figures})
        is_best = figures["val_nats"] < progress.best
        if is_best:
            progress.best, progress.best_epoch = figures["val_nats"], epoch + 1
            if self.team.is_first:
                self.on_best(self.network, progress)
        return is_best


@contextmanager
def averaged_weights(optimizer: keras.Optimizer, team: Team | None = None) -> Iterator[None]:
    """The moving average in the place of the weights it is of, where `optimizer` keeps one.

    (Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging".)
    """
    team = team or Team()
    with team.scope():
        _swap_average(optimizer)
    try:
        yield
    finally:
        with team.scope():
            _swap_average(optimizer)


def _swap_average(optimizer: keras.Optimizer) -> None:
    if not optimizer.use_ema:
        return
    # Keras swaps them in a callback of its own, for its own validation only
    for weight, average in zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True):
        value = keras.ops.copy(weight.value)
        weight.assign(average.value)
        average.assign(value)
