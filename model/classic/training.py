"""The classic training loop: windows in random order, a checkpoint after every epoch, the best one as a bundle.

Beside the tutorial's, it holds pieces out and says after each epoch what they cost, next to what they cost by how often
each note occurs: a network that has learnt nothing more stands there.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.classic.likelihood import Likelihood, nats_per_note, unigram
from model.classic.settings import ClassicSettings
from model.classic.windows import Windows
from model.network.classic import ClassicNetwork
from model.network.config import NetworkConfig
from model.training import checkpoint
from model.training.loop import Progress

OPTIMIZERS = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
OnBest = Callable[[ClassicNetwork, Progress], None]


def train(
    config: NetworkConfig,
    settings: ClassicSettings,
    pieces: list[NDArray[np.int32]],
    held_out: list[NDArray[np.int32]],
    folder: Path,
    on_best: OnBest,
    resume: bool = False,
) -> Progress:
    """Fit a network to `pieces`, int32 (notes,) each; calls `on_best` with every network better than all before.

    The checkpoint lives in `folder`; `resume` goes on from it. Ctrl-C ends the run early without an error and costs the
    epoch under way.
    """
    keras.utils.set_random_seed(settings.random_seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if settings.precision == "bfloat16" else "float32")
    network = ClassicNetwork(config)
    windows = Windows(pieces, config.window)
    model = _compiled(network, settings)
    progress = _resumed(folder, network, model) if resume else Progress()
    floor = unigram(pieces, held_out, len(config.vocabulary))
    keeper = _Keeper(network, Windows(held_out, config.window), floor, settings, folder, progress, on_best)
    try:
        with redirect_stdout(sys.stderr):  # Keras' progress bar; standard output is for what comes of it
            model.fit(
                _batches(windows, settings, progress.epoch),
                steps_per_epoch=-(-len(windows) // settings.batch),
                initial_epoch=progress.epoch,
                epochs=settings.epochs,
                callbacks=[keeper],
                shuffle=False,  # they come in random order
                verbose=1 if sys.stderr.isatty() else 2,
            )
    except KeyboardInterrupt:
        sys.stderr.write(f"\nStopped. The best weights so far are those after epoch {progress.best_epoch}.\n")
    return progress


def _compiled(network: ClassicNetwork, settings: ClassicSettings) -> Likelihood:
    model = Likelihood(network)
    model.compile(
        optimizer=OPTIMIZERS[settings.optimizer](settings.learning_rate, global_clipnorm=settings.clip_norm),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    return model


def _resumed(folder: Path, network: ClassicNetwork, model: Likelihood) -> Progress:
    """Where the checkpoint in `folder` stands, its weights and optimiser state put in place; a start without one."""
    if not checkpoint.exists(folder):
        sys.stderr.write(f"There is no checkpoint in {folder} yet: training begins at the first epoch.\n")
        return Progress()
    return Progress(**checkpoint.load(folder, network, model.optimizer))


def _batches(windows: Windows, settings: ClassicSettings, epoch: int) -> Iterator[tuple[NDArray, NDArray]]:
    """Batches without end: every window once an epoch, in an order that the epoch's number decides."""
    while True:
        order = np.random.default_rng([settings.random_seed, epoch]).permutation(len(windows))
        for first in range(0, len(order), settings.batch):
            # the last batch is filled up from the start: one shape, so that it is compiled once
            yield windows.batch(np.take(order, np.arange(first, first + settings.batch), mode="wrap"))
        epoch += 1


class _Keeper(keras.callbacks.Callback):
    """After every epoch: validate, keep the best, write the checkpoint."""

    def __init__(
        self,
        network: ClassicNetwork,
        held_out: Windows,
        floor: float,
        settings: ClassicSettings,
        folder: Path,
        progress: Progress,
        on_best: OnBest,
    ) -> None:
        super().__init__()
        self.network, self.held_out, self.floor = network, held_out, floor
        self.settings, self.folder, self.progress, self.on_best = settings, folder, progress, on_best

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keras' hook; `logs` are the epoch's training figures."""
        trained = float((logs or {}).get("loss", float("nan")))
        nats = nats_per_note(self.network, self.held_out, self.settings.validation_notes)
        progress = self.progress
        progress.epoch = epoch + 1
        figures = {"epoch": epoch + 1, "nats": trained, "val_nats": nats, "val_unigram": self.floor}
        progress.history.append(figures)
        is_best = nats < progress.best
        if is_best:
            progress.best, progress.best_epoch = nats, epoch + 1
            self.on_best(self.network, progress)
        checkpoint.save(self.folder, self.network, self.model.optimizer, asdict(progress))
        sys.stderr.write(
            f"epoch {epoch + 1}: training {trained:.3f}, validation {nats:.3f} nats per note, by frequency alone "
            f"{self.floor:.3f}{' (best)' if is_best else ''}\n"
        )
