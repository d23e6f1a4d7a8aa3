"""The training loop: Keras' fit with validation on whole pieces, and a checkpoint after every epoch.

Ctrl-C, a kill or a crash loses only the work since the last checkpoint: the best weights so far are always on disk.
Checkpoints are written after every epoch, and every few minutes if the settings say so.
"""

from __future__ import annotations

import hashlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from model.corpora.corpus import Encoded
from model.corpora.windows import Augmentation, WindowStreams
from model.network import NetworkConfig, NoteNetwork
from model.training import checkpoint
from model.training.distributed import ReplicaGroup, replica_group
from model.training.likelihood import CarriedLikelihood, Likelihood, LikelihoodMeter
from model.training.settings import TrainingSettings

DERIVED = {"style_weights"}  # settings that are written otherwise than an augmentation has them
MOST_ROWS = 16  # pieces of one style validated side by side; another figure changes the speed and nothing else
LONGEST_BEGINNING = 512  # steps of a piece, where only beginnings are validated on
FINAL_RATE = 0.05  # of the highest learning rate, where the cosine ends


@dataclass
class Progress:
    """The state of a run: epochs done, the best validation so far, and the figures of every validation."""

    epoch: int = 0  # whole ones
    best: float = math.inf  # nats per note on the validation pieces
    best_epoch: float = 0  # 1.5 is in the middle of the second epoch
    history: list[dict[str, float]] = field(default_factory=list)
    batches: int = 0  # of the epoch under way
    without_better: int = 0  # validations since the best one

    @property
    def best_figures(self) -> dict[str, float]:
        """The figures of the best validation; empty before the first one."""
        return next((figures for figures in self.history if figures["epoch"] == self.best_epoch), {})


def train(
    config: NetworkConfig,
    settings: TrainingSettings,
    data: Encoded,
    folder: Path,
    on_best: Callable[[NoteNetwork, Progress], None],
    resume: bool = False,
    weights: Sequence[NDArray] | None = None,
) -> Progress:
    """Fit a network to `data.train`, starting from `weights` if given, and return the run's final state.

    `on_best` is called with each network that validates better than all before. `folder` holds the checkpoint; `resume`
    continues from it, with the rest of its epoch in another order. Ctrl-C ends the run early without an error.
    """
    group = replica_group()
    with group.scope():
        network = new_network(config, settings, weights)
        streams = WindowStreams(
            network.representation, data.train, settings.streams, settings.window, data.train_styles
        )
        steps = settings.epoch_updates or -(-streams.batches_per_pass // group.replicas)
        model = compiled(network, settings, steps * settings.epochs)
        progress = _resumed(folder, network, model) if resume else Progress()
    validation = _Validation(network, data, settings, folder, progress, on_best, group)
    validation.base_weights = weights
    validation.batches_per_epoch = steps

    def batches(replica: int) -> Iterator[tuple[dict]]:
        place = [replica, progress.batches] if progress.batches else [replica] if replica else []
        rng = np.random.default_rng([settings.random_seed, progress.epoch, *place])
        return streams.shuffled(rng, augmentation(settings))

    try:
        if weights is not None and not progress.history:
            validation.measure_before(model)
        if progress.batches and progress.epoch < settings.epochs:  # the rest of the epoch that was under way
            _fit(model, group.batches(batches), max(1, steps - progress.batches), progress.epoch + 1, validation)
        if not validation.is_over:
            _fit(model, group.batches(batches), steps, settings.epochs, validation)
    except KeyboardInterrupt:
        sys.stderr.write(f"\nStopped. The best weights so far are those after epoch {progress.best_epoch:g}.\n")
    return progress


def _fit(model: CarriedLikelihood, batches: Any, steps: int, epochs: int, validation: _Validation) -> None:
    with redirect_stdout(sys.stderr):  # Keras' progress bar; standard output is for what comes of it
        model.fit(
            batches,
            steps_per_epoch=steps,
            initial_epoch=validation.progress.epoch,
            epochs=epochs,
            callbacks=[validation],
            shuffle=False,  # the streams are in random order already
            verbose=1 if sys.stderr.isatty() else 2,
        )


def new_network(
    config: NetworkConfig, settings: TrainingSettings, weights: Sequence[NDArray] | None = None
) -> NoteNetwork:
    """A new network with `weights` if given, else initialised from the random seed."""
    keras.utils.set_random_seed(settings.random_seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if settings.precision == "bfloat16" else "float32")
    network = NoteNetwork(config)
    if weights is not None:
        network.set_weights(list(weights))
    return network


def augmentation(settings: TrainingSettings) -> Augmentation:
    """The augmentation that `settings` ask for."""
    known = set(TrainingSettings.model_fields)
    return Augmentation(
        **{part.name: getattr(settings, part.name) for part in fields(Augmentation) if part.name in known - DERIVED},
        style_weights=settings.weights_of_styles,
        instruments=settings.instrument_changes,
    )


def _resumed(folder: Path, network: NoteNetwork, model: CarriedLikelihood) -> Progress:
    """The progress of the checkpoint in `folder`, after restoring weights and optimiser; a fresh one without it."""
    if not checkpoint.exists(folder):
        sys.stderr.write(f"There is no checkpoint in {folder} yet: training begins at the first epoch.\n")
        return Progress()
    return Progress(**checkpoint.load(folder, network, model.optimizer))


def compiled(network: NoteNetwork, settings: TrainingSettings, steps: int) -> CarriedLikelihood:
    """`network` with its objective, compiled with an optimiser whose schedule ends after `steps` updates."""
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


class _Validation(keras.callbacks.Callback):
    """Validates after every epoch and every few minutes, keeps the best, writes the checkpoint, and stops the run when
    nothing improves."""

    def __init__(
        self,
        network: NoteNetwork,
        data: Encoded,
        settings: TrainingSettings,
        folder: Path,
        progress: Progress,
        on_best: Callable[[NoteNetwork, Progress], None],
        group: ReplicaGroup,
    ) -> None:
        super().__init__()
        self.network, self.data, self.settings = network, data, settings
        self.folder, self.progress, self.on_best = folder, progress, on_best
        self.group = group
        self.batches_per_epoch = 1  # whoever fits says how many there are
        self.base_weights: Sequence[NDArray] | None = None  # those that training began with
        self.held_out = held_out_by_style(data, settings.validation_notes)
        rows = MOST_ROWS if settings.validation_notes else min(settings.streams, len(data.validation))
        self.meter = LikelihoodMeter(network, rows, settings.window)
        self.saved = time.monotonic()
        self.is_over = False

    def measure_before(self, model: CarriedLikelihood) -> None:
        """Validate the initial weights, as epoch 0."""
        self.set_model(model)
        self._check(0, None)

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Keras hook; `logs` holds the epoch's training figures so far."""
        self.progress.batches += 1
        minutes = self.settings.checkpoint_minutes
        if minutes and self.group.replicas == 1 and time.monotonic() - self.saved >= 60 * minutes:
            self._check(self.progress.epoch + self.progress.batches / self.batches_per_epoch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keras hook; `logs` holds the epoch's training figures."""
        self.progress.epoch, self.progress.batches = epoch + 1, 0
        self._check(epoch + 1, logs)

    def _check(self, epoch: float, logs: dict[str, float] | None) -> None:
        """Validate, keep the network if it is the best so far, write the checkpoint, and print the figures."""
        with averaged_weights(self.model.optimizer, self.group), self._mixed_with_base():
            is_best = self._validate(epoch, {name: float(np.mean(value)) for name, value in (logs or {}).items()})
        progress = self.progress
        if self.group.is_first:
            checkpoint.save(self.folder, self.network, self.model.optimizer, vars(progress))
        self.saved = time.monotonic()
        figures = progress.history[-1]
        sys.stderr.write(
            f"epoch {epoch:.4g}: training {figures.get('nats', math.nan):.3f}, validation {figures['val_nats']:.3f} "
            f"nats per note = {figures['val_nats_per_event']:.3f} per {self.network.representation.symbol}"
            f"{' (best)' if is_best else ''}\n"
        )
        if progress.without_better >= self.settings.patience:
            self.is_over = self.model.stop_training = True

    @contextmanager
    def _mixed_with_base(self) -> Iterator[None]:
        """The network's weights mixed with `base_share` of those that training began with.

        (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models".)
        """
        share, base = self.settings.base_share, self.base_weights
        if not share or base is None:
            yield
            return
        own = self.network.get_weights()
        self.network.set_weights([weight + (old - weight) * share for weight, old in zip(own, base, strict=True)])
        try:
            yield
        finally:
            self.network.set_weights(own)

    def _validate(self, epoch: float, figures: dict[str, float]) -> bool:
        """Validate on the held-out pieces, keep the network if it is the best so far, and return whether it is."""
        measured = {style: self.meter.nats(pieces) for style, pieces in self.held_out.items()}
        whole = together(list(measured.values()))
        figures |= {f"val_{name}": value for name, value in whole.field_nats_per_note.items()}
        figures["val_nats"] = whole.nats_per_note
        count = self.network.representation.count
        figures["val_nats_per_event"] = whole.nats_total / sum(
            count(steps) for pieces in self.held_out.values() for steps in pieces
        )
        if len(measured) > 1:
            figures |= {f"val_nats_of_{style or 'others'}": one.nats_per_note for style, one in measured.items()}
        progress = self.progress
        progress.history.append({"epoch": epoch, **figures})
        is_best = figures["val_nats"] < progress.best
        progress.without_better = 0 if is_best else progress.without_better + 1
        if is_best:
            progress.best, progress.best_epoch = figures["val_nats"], epoch
            if self.group.is_first:
                self.on_best(self.network, progress)
        return is_best


def held_out_by_style(data: Encoded, most_notes: int) -> dict[str, list[NDArray[np.int32]]]:
    """The pieces to validate on: all of them under '' where `most_notes` is 0, else some of each style.

    Some means the beginnings of as many pieces as have about `most_notes` together, at least one, in the order of the
    hash of their steps, so every run takes the same. Beginnings of equal length fill the rows of a batch; whole pieces
    would not.
    """
    if not most_notes:
        return {"": data.validation}
    found: dict[str, list[NDArray[np.int32]]] = {}
    for style in sorted(set(data.validation_styles)):
        pieces = [steps for steps, one in zip(data.validation, data.validation_styles, strict=True) if one == style]
        pieces.sort(key=lambda steps: hashlib.sha256(steps.tobytes()).digest())
        pieces = [steps[:LONGEST_BEGINNING] for steps in pieces]
        upto = np.cumsum([len(steps) for steps in pieces])
        found[style] = pieces[: int(np.searchsorted(upto, most_notes)) + 1]
    return found


def together(parts: Sequence[Likelihood]) -> Likelihood:
    """The likelihood of the pieces of all `parts`."""
    fields = {name: sum(part.per_field[name] for part in parts) for name in parts[0].per_field}
    return Likelihood(sum(part.nats_total for part in parts), sum(part.notes for part in parts), fields)


@contextmanager
def averaged_weights(optimizer: keras.Optimizer, group: ReplicaGroup | None = None) -> Iterator[None]:
    """Swaps in the moving average of the weights, if `optimizer` keeps one, and swaps back afterwards.

    (Polyak and Juditsky 1992, "Acceleration of Stochastic Approximation by Averaging".)
    """
    group = group or ReplicaGroup()
    with group.scope():
        _swap_average(optimizer)
    try:
        yield
    finally:
        with group.scope():
            _swap_average(optimizer)


def _swap_average(optimizer: keras.Optimizer) -> None:
    if not optimizer.use_ema or not int(
        keras.ops.convert_to_numpy(optimizer.iterations)
    ):  # before the first update there is no average yet
        return
    # Keras swaps them in a callback of its own, for its own validation only
    for weight, average in zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True):
        value = keras.ops.copy(weight.value)
        weight.assign(average.value)
        average.assign(value)


def with_more_styles(
    config: NetworkConfig, weights: Sequence[NDArray], styles: Sequence[str]
) -> tuple[NetworkConfig, list[NDArray]]:
    """The configuration and float32 weights of a network that also knows `styles`, and predicts as before.

    Each part of the network reads the style as one-hot inputs, so a new style adds a row of zeros to its weights. New
    styles come after those the network has.
    """
    new = [style for style in dict.fromkeys(styles) if style not in config.styles]
    wider = config.model_copy(update={"styles": (*config.styles, *new)})
    before, after = NoteNetwork(config), NoteNetwork(wider)
    representation = before.representation
    part = representation.controls.slices.get("style", slice(0, 0))
    parts = iter(("input", *(field.name for field in representation.fields)))  # in the order of the weights
    widened = []
    for weight, old, room in zip(weights, before.weights, after.weights, strict=True):
        weight = np.asarray(weight, dtype=np.float32)
        if tuple(old.shape) != tuple(room.shape):
            place = representation.feature_sizes.get(next(parts), 0) + part.stop
            weight = np.insert(weight, [place] * len(new), 0.0, axis=0)
        widened.append(weight)
    return wider, widened
