"""A training of the classic kind as members ask for it: from scratch to a data set, with curve, verdict and examples.

`model.training.finetuning.process` runs it in a child process; order, progress and verdict are those of fine-tuning.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from model.bundles import open_bundle
from model.classic.composing import ClassicComposer
from model.classic.corpus import NOTES_FILE, NamedCorpus
from model.classic.run import DataCard, fit, parse
from model.classic.settings import ClassicSettings
from model.errors import RequestError
from model.files import replace_file
from model.network.config import preset
from model.representation.notes import Notes
from model.representation.spelling import PLAIN
from model.training import checkpoint
from model.training.finetuning.curve import draw_curve
from model.training.finetuning.evaluation import judged
from model.training.finetuning.run import CURVE
from model.training.finetuning.settings import RATES, CardText, EpochFigures, OnTuning, TuningProgress, TuningSettings
from model.training.finetuning.verdict import Figures, TuningVerdict, load_verdict, save_verdict, sentences
from model.training.loop import Progress

BATCH = 16  # windows, of each of which every note counts: small, so that few pieces make many updates
LEARNING_RATE = 1e-3  # at the rate 'normal'; the others as far from it as in fine-tuning
REPORT_S = 1.0
JUDGING_SHARE = 0.1  # of a run
TIMES_FILE = "classic.json"  # seconds of training after each epoch, and how often the run was taken up again


def tune_classic(
    name: str,
    data: Path | Sequence[Path],
    folder: Path,
    settings: TuningSettings,
    about: CardText,
    on_progress: OnTuning,
    should_stop: Callable[[], bool],
) -> TuningVerdict:
    """Train the classic preset `name` on `data`, and say what came of it; the arguments are those of `tune`.

    A run that was killed goes on from its last whole epoch when it is asked for again; one that is done returns its
    verdict.

    Raises:
        ModelError: the preset is none of the classic kind, or the set has too few pieces.
    """
    config = preset(name)
    if not config.window:
        raise RequestError(f"The preset {name} is not of the classic kind.")
    run = _ClassicTuning(folder, settings, on_progress, should_stop)
    if (done := run.verdict_there()) is not None:
        return done
    on_progress(TuningProgress(stage="preparing", epochs=run.epochs))
    if not (folder / NOTES_FILE).exists():
        parse(folder, [data] if isinstance(data, Path) else list(data), PLAIN, cache=folder / "parsed")
    card = DataCard(about.data or "a small data set", about.licence, about.non_commercial, about.title, about.command)
    progress = fit(folder, config, run.training, card, checkpoint.exists(folder), run.on_epoch, run.should_stop_now)
    if not progress.history:
        raise RequestError("The training was stopped before its first epoch ended: nothing was learned yet.")
    return run.judge(progress, about.title)


class _ClassicTuning:
    """One run: its limits, its reports and its verdict."""

    def __init__(
        self, folder: Path, settings: TuningSettings, on_progress: OnTuning, should_stop: Callable[[], bool]
    ) -> None:
        self._folder, self._settings = folder, settings
        self._on_progress, self._should_stop = on_progress, should_stop
        self._kept = _read(folder / TIMES_FILE)
        self._before_s: float = (self._kept["seconds"] or [0.0])[-1]  # of training, in earlier processes of this run
        self._began = self._reported = time.monotonic()
        self._history: list[EpochFigures] = []
        self.epochs = settings.most_epochs * (settings.more + 1)
        self.training = ClassicSettings(
            batch=BATCH,
            epochs=self.epochs,
            learning_rate=LEARNING_RATE * RATES[settings.rate] / RATES["normal"],
            targets="every",
            keep="last",
            random_seed=settings.random_seed,
        )

    def verdict_there(self) -> TuningVerdict | None:
        """The verdict, where the run is over and nobody asked for more."""
        return load_verdict(self._folder) if self._kept["judged"] > self._settings.more else None

    def on_epoch(self, progress: Progress) -> None:
        """Keep the time and report."""
        seconds = self._seconds
        self._kept["seconds"] = [*self._kept["seconds"][: progress.epoch - 1], seconds]
        self._write()
        self._history = self._figures(progress)
        self._report("training", progress.epoch / self.epochs)

    def should_stop_now(self) -> bool:
        """Whether somebody wants it, or its time is over; reports about once a second."""
        if time.monotonic() - self._reported > REPORT_S:
            self._report("training", len(self._history) / self.epochs)
        limit = self._settings.most_s * (self._settings.more + 1)
        return self._should_stop() or (self._seconds > limit and bool(self._history or self._kept["seconds"]))

    def judge(self, progress: Progress, title: str) -> TuningVerdict:
        """Measure and hear what was kept, and write the verdict."""
        self._history = self._figures(progress)
        self._report("judging", 1 - JUDGING_SHARE)
        corpus = NamedCorpus.load(self._folder / NOTES_FILE)
        notes = Notes(vocabulary=corpus.vocabulary)
        parts = [[notes.indices(piece.names) for piece in part] for part in (corpus.train, corpus.validation)]
        bundle = open_bundle(str(self._folder))

        def on_share(share: float) -> None:
            self._report("judging", 1 - JUDGING_SHARE * (1 - share))

        originality, listening = judged(bundle, None, (parts[0], parts[1]), self._folder, on_share, ClassicComposer)
        figures = Figures(val_before=None, val_after=progress.best, base_before=None, base_after=None)
        verdict = TuningVerdict(
            version=bundle.version,
            epoch=int(progress.best_epoch),
            epochs=progress.epoch,
            minutes=round(self._kept["seconds"][-1] / 60, 2) if self._kept["seconds"] else 0.0,
            updates=0,
            train_pieces=len(parts[0]),
            held_out_pieces=len(parts[1]),
            notes=sum(map(len, parts[0])),
            **figures.model_dump(),
            gain_percent=None,
            loss_percent=None,
            originality=originality,
            is_copying=originality.is_copying,
            listening=listening,
            sentences=(
                *sentences(figures, originality, len(parts[1]), has_base=False),
                f"By how often each note occurs alone they would cost {progress.history[-1]['val_unigram']:.2f}.",
            ),
        )
        with replace_file(self._folder / CURVE) as file:
            file.write(draw_curve(self._history, title))
        save_verdict(self._folder, verdict)
        self._kept["judged"] = self._settings.more + 1
        self._write()
        return verdict

    @property
    def _seconds(self) -> float:
        """Of training until now, in all the processes of this run."""
        return self._before_s + time.monotonic() - self._began

    def _figures(self, progress: Progress) -> list[EpochFigures]:
        """What was measured; epoch 0 stands for knowing how often each note occurs and nothing else."""
        if not progress.history:
            return []
        times = [*self._kept["seconds"], *[0.0] * progress.epoch]
        first = EpochFigures(epoch=0, val_nats=progress.history[0]["val_unigram"])
        return [
            first,
            *(
                EpochFigures(epoch=int(one["epoch"]), train_nats=one["nats"], val_nats=one["val_nats"], seconds=seconds)
                for one, seconds in zip(progress.history, times, strict=False)
            ),
        ]

    def _report(self, stage: str, fraction: float) -> None:
        self._reported = time.monotonic()
        last = self._history[-1] if self._history else None
        done = 0 if last is None else last.epoch
        spent = self._seconds
        left = None if not done else max(0.0, min(spent / done * (self.epochs - done), self._settings.most_s - spent))
        self._on_progress(
            TuningProgress(
                stage=stage,  # type: ignore[arg-type]  # one of the three, see the callers
                epoch=done,
                epochs=self.epochs,
                fraction=min(1.0, fraction * (1 if stage == "judging" else 1 - JUDGING_SHARE)),
                remaining_s=left,
                train_nats=None if last is None else last.train_nats,
                val_nats=None if last is None else last.val_nats,
                history=self._history,
            )
        )

    def _write(self) -> None:
        with replace_file(self._folder / TIMES_FILE) as file:
            file.write(json.dumps(self._kept).encode())


def _read(path: Path) -> dict:
    try:
        kept = json.loads(path.read_bytes())
        return {"seconds": list(kept["seconds"]), "judged": int(kept["judged"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"seconds": [], "judged": 0}
