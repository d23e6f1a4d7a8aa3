"""Training jobs: fit a model to a data set of the server, and judge it.

The training runs in a process of its own, which may die: it is started again and continues from its last checkpoint. So
does the next worker when this one dies.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from jobs.contract import (
    MAX_EPOCHS,
    BlobRef,
    Failure,
    JobId,
    Listening,
    Record,
    Stage,
    TrainProgress,
    TrainRequest,
    TrainResult,
    Verdict,
)
from worker import training_run
from worker.cancellation import DeadlineExceeded, Interrupted
from worker.context import WorkerContext
from worker.handlers.base import Cancelled, JobFailed, JobHandler
from worker.library.server_library import ServerLibrary
from worker.training_run import CURVE, TrainingProcess, end_of_log

if TYPE_CHECKING:
    from model.training.finetuning import EpochFigures, TuningProgress

log = logging.getLogger(__name__)

POLL_S = 0.25  # how often it is checked whether to stop
STUCK_S = 1800.0  # a training process reports about once a second, and judging takes a few minutes
MOST_DEATHS = 25  # of the process without a finished epoch between them; each costs some seconds

DIED = Failure(
    code="training_died",
    sentence="This training died or got stuck again and again at the same place, most likely for want of memory. "
    "Try a smaller preset or fewer pieces; `/train resume` goes on from the last checkpoint.",
)


class TrainingHandler(JobHandler):
    """Performs one training."""

    performs_when_cancelled = True  # a stopped training is judged as far as it got

    def __init__(self, job_id: JobId, context: WorkerContext) -> None:
        super().__init__(job_id, context)
        self._progress = TrainProgress(epoch=0)
        self._was_stopped = False
        self._folder: Path | None = None

    def perform(self, record: Record) -> TrainResult:
        """The new version of the model and the verdict on it."""
        request = record.request
        if not isinstance(request, TrainRequest) or request.guild_id is None:
            raise JobFailed(Failure(code="no_server", sentence="A training belongs to a server: ask for it there."))
        self.reporter.update(Stage.PREPARING, 0.0, training=self._progress)
        server = ServerLibrary(self.context.settings, request.guild_id)
        self._folder = folder = server.training(request.folder)
        training_run.write(folder, request, server, self.context.settings)
        said = self._until_verdict(folder, record.cancel_asked)
        if not said:
            raise JobFailed(DIED)
        if "error" in said:
            raise JobFailed(Failure(code="training", sentence=str(said["error"])))
        result = self._result(request, server, folder, said["verdict"])
        server.tell_names(self.context.connection)
        return result

    def finish(self) -> None:
        """Delete the folders of the oldest trainings."""
        if self._folder is not None:
            training_run.prune(self._folder.parent, keep=[self._folder])

    def _until_verdict(self, folder: Path, stop_at_once: bool) -> dict[str, Any]:
        """The last message of the training; a new process continues where one died. Empty when it keeps dying.

        Raises:
            Cancelled: the job was settled by somebody else.
        """
        deaths, epoch = 0, 0
        while deaths < MOST_DEATHS:
            said = self._one_process(folder, stop_at_once)
            if said:
                return said
            deaths = 1 if self._progress.epoch > epoch else deaths + 1
            epoch = max(epoch, self._progress.epoch)
            log.warning("job %s: the training process died, the next continues\n%s", self.job_id, end_of_log(folder))
        return {}

    def _one_process(self, folder: Path, stop_at_once: bool) -> dict[str, Any]:
        """The verdict or error of one process; empty when it died or got stuck."""
        process = TrainingProcess(folder)
        log.info("job %s trains in process %d", self.job_id, process.pid)
        is_told, heard_at = False, time.monotonic()
        try:
            while True:
                if self._should_stop(stop_at_once) and not is_told:
                    is_told = self._was_stopped = True
                    process.stop()
                try:
                    said = process.receive(POLL_S)
                except TimeoutError:
                    if time.monotonic() - heard_at < STUCK_S:
                        continue
                    log.error("job %s: the training process was silent for %.0f s", self.job_id, STUCK_S)
                    return {}
                except EOFError:
                    return {}
                heard_at = time.monotonic()
                if said.keys() & {"verdict", "error"}:
                    return said
                if not self._report(said):
                    raise Cancelled
        finally:
            process.end()

    def _should_stop(self, at_once: bool) -> bool:
        """Whether the admin wants the training to end.

        Raises:
            Interrupted: the worker ends; the checkpoint is safe.
            DeadlineExceeded: its time is over.
        """
        cancellations = self.context.cancellations
        if cancellations.is_shutting_down:
            raise Interrupted
        if cancellations.left_s(self.job_id) < 0:
            raise DeadlineExceeded
        return at_once or self.is_cancelled

    def _report(self, said: dict[str, Any]) -> bool:
        """Report progress; False when the job is settled. Without Redis the report is lost, the training is not."""
        from model.training.finetuning import TuningProgress  # late: it loads Keras

        now = TuningProgress.model_validate(said)
        try:
            self._progress = self._progress.model_copy(update=self._fields(now))
            return self.reporter.update(Stage(now.stage), now.fraction, training=self._progress)
        except redis.RedisError as error:
            log.warning("job %s: progress was not reported: %s", self.job_id, error)
            return True

    def _fields(self, now: TuningProgress) -> dict[str, Any]:
        from model.training.finetuning.curve import draw_curve  # late, as above

        curve = self._progress.curve
        if len(now.history) > 1 and now.history[-1].epoch > self._progress.epoch:
            curve = self.context.blobs.put(draw_curve(now.history), CURVE, "image/png")
        return {
            "epoch": max([now.epoch, *(one.epoch for one in now.history)]),  # one that was cut short counts if measured
            "epochs": now.epochs if now.epochs <= MAX_EPOCHS else None,  # None when minutes end it
            "train_nats": now.train_nats,
            "val_nats": now.val_nats,
            "base_nats": now.base_nats,
            "best_epoch": best_epoch(now.history),
            "remaining_s": now.remaining_s,
            "curve": curve,
        }

    def _result(self, request: TrainRequest, server: ServerLibrary, folder: Path, said: dict[str, Any]) -> TrainResult:
        from model.bundles.store import read_folder  # late: it loads Keras

        version = server.bundles.add(request.name, read_folder(folder))
        verdict = verdict_of(said)
        server.keep_verdict(version, verdict)
        examples, remarks = rendered_examples(folder, said["listening"], self.context)
        return TrainResult(
            job_id=self.job_id,
            name=request.name,
            model_version=version,
            verdict=verdict,
            epochs=max(said["epochs"], said["epoch"]),  # the kept epoch may be one that was cut short
            best_epoch=said["epoch"],
            stopped=self._was_stopped,
            seconds=60 * said["minutes"],
            curve=self.context.blobs.put((folder / CURVE).read_bytes(), CURVE, "image/png"),
            listening=examples,
            remarks=remarks,
        )


LONGEST_S = 120.0  # limit for rendering one example
SEED_S = 10.0  # of each example, as `model.training.finetuning.evaluation` takes it
SIDES = {"before": "a", "after": "b"}


def verdict_of(said: Mapping[str, Any]) -> Verdict:
    """The last message of a training process as a `Verdict` of the contract. Percentages become shares."""
    from model.training.finetuning.verdict import OriginalityFigures  # late: it loads Keras

    originality = said["originality"]
    return Verdict(
        before_nats=said["val_before"],
        after_nats=said["val_after"],
        gain=_share(said["gain_percent"]),
        base_before_nats=said["base_before"],
        base_after_nats=said["base_after"],
        loss=_share(said["loss_percent"]),
        copy_share=originality["share_16"],
        human_share=originality["human_share_16"],
        longest_run=originality["longest_run"],
        copy_limit=OriginalityFigures.model_validate(originality).limit,
        is_copying=said["is_copying"],
        sentences=said["sentences"],
    )


def best_epoch(history: Sequence[EpochFigures]) -> int:
    """The epoch whose network is kept if the training ends now."""
    from model.training.finetuning.settings import chosen_epoch  # late, as above

    return chosen_epoch(history).epoch if history else 0


def _share(percent: float | None) -> float | None:
    return None if percent is None else percent / 100


def rendered_examples(
    folder: Path, files: Sequence[str], context: WorkerContext
) -> tuple[tuple[Listening, ...], tuple[str, ...]]:
    """The audio of held-out excerpts, each continued by the model before and after the training; and remarks.

    Args:
        folder: of the training.
        files: paths in it such as 'listening/1-before.mid'.
        context: for rendering and for keeping the files.
    """
    found: dict[str, dict[str, BlobRef]] = {}
    remarks: list[str] = []
    for file in files:
        number, _, side = Path(file).stem.partition("-")
        rendering = context.renderer.render((folder / file).read_bytes(), SEED_S, f"{number} · {side}", LONGEST_S)
        audio = rendering.files.get("audio")
        sides = found.setdefault(number, {})
        if audio is None:
            remarks.extend(rendering.remarks)
        else:
            name = f"{number}{SIDES[side]}-{side}{audio.suffix}"
            sides[side] = context.blobs.put(audio.data, name, audio.content_type)
    titled = [Listening(title=f"beginning {number}", seed_s=SEED_S, **sides) for number, sides in sorted(found.items())]
    return tuple(titled), tuple(dict.fromkeys(remarks))
