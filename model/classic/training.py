"""The classic training loop: windows in random order, weights on disk after every epoch, the best ones kept.

Beside the tutorial's, it holds pieces out and says after each epoch what they cost, next to what they cost by how often
each note occurs: a network that has learnt nothing more stands there.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from model.classic.settings import ClassicSettings
from model.classic.windows import Windows, nats_per_note, unigram
from model.errors import RequestError
from model.network.classic import ClassicNetwork, classic_model
from model.network.config import NetworkConfig
from model.training import checkpoint
from model.training.loop import Progress

OPTIMIZERS = {"adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
WEIGHTS = "weights"  # folder with a file for each epoch
OnEpoch = Callable[[ClassicNetwork, Progress], None]
ShouldStop = Callable[[], bool]


def train(  # noqa: PLR0913 -- what is fitted, how, to what, where, and who is told
    config: NetworkConfig,
    settings: ClassicSettings,
    pieces: list[NDArray[np.int32]],
    held_out: list[NDArray[np.int32]],
    folder: Path,
    on_epoch: OnEpoch,
    resume: bool = False,
    should_stop: ShouldStop = lambda: False,
) -> Progress:
    """Fit a network to `pieces`, int32 (notes,) each; calls `on_epoch` after every epoch.

    `progress.best_epoch == progress.epoch` tells `on_epoch` that the network is better than all before. The checkpoint
    lives in `folder`; `resume` goes on from it. `should_stop` is asked after every batch. It and Ctrl-C end the run
    early without an error and cost the epoch under way.
    """
    keras.utils.set_random_seed(settings.random_seed)
    keras.config.set_dtype_policy("mixed_bfloat16" if settings.precision == "bfloat16" else "float32")
    network = ClassicNetwork(config)
    windows = Windows(pieces, config.window)
    model = _compiled(network, settings)
    progress = _resumed(folder, model) if resume else Progress()
    floor = unigram(pieces, held_out, len(config.vocabulary))
    keeper = _Keeper(network, Windows(held_out, config.window), floor, settings, folder, progress, on_epoch)
    notes = math.ceil(len(windows) / (config.window if settings.targets == "every" else 1))
    try:
        with redirect_stdout(sys.stderr):  # Keras' progress bar; standard output is for what comes of it
            model.fit(
                _batches(network, windows, settings, progress.epoch),
                steps_per_epoch=math.ceil(notes / settings.batch),
                initial_epoch=progress.epoch,
                epochs=settings.epochs,
                callbacks=[_Stopper(should_stop), keeper],
                shuffle=False,  # they come in random order
                verbose=1 if sys.stderr.isatty() else 2,
            )
    except (KeyboardInterrupt, _Stopped):
        sys.stderr.write(f"\nStopped. The best weights so far are those after epoch {progress.best_epoch}.\n")
    return progress


def epoch_weights(folder: Path, epoch: int) -> Path:
    """The weights that were kept of `epoch` in the run `folder`.

    Raises:
        RequestError: none were.
    """
    found = sorted((folder / WEIGHTS).glob(f"epoch-{epoch:03d}-*.weights.h5"))
    if not found:
        kept = ", ".join(sorted({file.name.split("-")[1].lstrip("0") for file in (folder / WEIGHTS).glob("epoch-*")}))
        raise RequestError(f"{folder} has no weights of epoch {epoch}. It has those of: {kept or 'none'}.")
    return found[-1]


def _compiled(network: ClassicNetwork, settings: ClassicSettings) -> keras.Model:
    """The network as it is trained: logits, after the last note or after every one; with the weights of `network`."""
    model = classic_model(network.config, at_every_note=settings.targets == "every", is_softmax=False)
    model.set_weights(network.get_weights())
    model.compile(
        optimizer=OPTIMIZERS[settings.optimizer](settings.learning_rate, global_clipnorm=settings.clip_norm),
        # targets of -1 are notes before a piece begins
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1),
        jit_compile=False,
    )
    return model


def _resumed(folder: Path, model: keras.Model) -> Progress:
    """Where the checkpoint in `folder` stands, its weights and optimiser state put in place; a start without one."""
    if not checkpoint.exists(folder):
        sys.stderr.write(f"There is no checkpoint in {folder} yet: training begins at the first epoch.\n")
        return Progress()
    return Progress(**checkpoint.load(folder, model, model.optimizer))


def _batches(
    network: ClassicNetwork, windows: Windows, settings: ClassicSettings, epoch: int
) -> Iterator[tuple[NDArray, NDArray]]:
    """Batches without end: every note is predicted about once an epoch, in an order that the epoch's number decides."""
    every = settings.targets == "every"
    while True:
        rng = np.random.default_rng([settings.random_seed, epoch])
        phase = int(rng.integers(windows.length)) if every else 0
        order = rng.permutation(np.arange(phase, len(windows) + phase, windows.length if every else 1))
        order = np.minimum(order, len(windows) - 1)
        for first in range(0, len(order), settings.batch):
            # the last batch is filled up from the start: one shape, so that it is compiled once
            which = np.take(order, np.arange(first, first + settings.batch), mode="wrap")
            heard, targets = windows.every_note(which) if every else windows.batch(which)
            yield network.inputs(heard), targets
        epoch += 1


class _Stopped(Exception):  # noqa: N818 -- no error: it ends `fit` in the middle of an epoch
    """A stop was asked for."""


class _Stopper(keras.callbacks.Callback):
    """Asks after every batch whether to stop."""

    def __init__(self, should_stop: ShouldStop) -> None:
        super().__init__()
        self.should_stop = should_stop

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Keras' hook."""
        if self.should_stop():
            raise _Stopped


class _Keeper(keras.callbacks.Callback):
    """After every epoch: validate, write weights and checkpoint, tell the caller."""

    def __init__(
        self,
        network: ClassicNetwork,
        held_out: Windows,
        floor: float,
        settings: ClassicSettings,
        folder: Path,
        progress: Progress,
        on_epoch: OnEpoch,
    ) -> None:
        super().__init__()
        self.network, self.held_out, self.floor = network, held_out, floor
        self.settings, self.folder, self.progress, self.on_epoch = settings, folder, progress, on_epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keras' hook; `logs` are the epoch's training figures."""
        trained = float((logs or {}).get("loss", float("nan")))
        self.network.set_weights(self.model.get_weights())
        nats = nats_per_note(self.network, self.held_out, self.settings.validation_notes)
        progress = self.progress
        progress.epoch = epoch + 1
        progress.history.append({"epoch": epoch + 1, "nats": trained, "val_nats": nats, "val_unigram": self.floor})
        is_best = nats < progress.best
        if is_best:
            progress.best, progress.best_epoch = nats, epoch + 1
        self._write_weights(epoch + 1, nats, is_best)
        self.on_epoch(self.network, progress)
        checkpoint.save(self.folder, self.model, self.model.optimizer, asdict(progress))
        sys.stderr.write(
            f"epoch {epoch + 1}: training {trained:.3f}, validation {nats:.3f} nats per note, by frequency alone "
            f"{self.floor:.3f}{' (best)' if is_best else ''}\n"
        )

    def _write_weights(self, epoch: int, nats: float, is_best: bool) -> None:
        folder = self.folder / WEIGHTS
        folder.mkdir(parents=True, exist_ok=True)
        keep = self.settings.keep
        if keep == "best" and not is_best:
            return
        earlier = list(folder.glob("epoch-*.weights.h5")) if keep != "all" else []
        self.network.model.save_weights(folder / f"epoch-{epoch:03d}-{nats:.4f}.weights.h5")
        for file in earlier:
            file.unlink()
