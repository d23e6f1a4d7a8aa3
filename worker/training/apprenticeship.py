"""One training from its record to its verdict.

The process that trains may die: it is started again and goes on from its last checkpoint. So does the next worker when
this one dies. What an admin can get wrong ends here as a sentence.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from jobs.contract import MAX_EPOCHS, Failure, JobId, Record, Stage, TrainProgress, TrainRequest, TrainResult
from model.errors import ModelError
from worker.desk import Desk
from worker.failures import model_failure
from worker.library.shelves import ServerShelves
from worker.opening import opened, refuse
from worker.stops import Interrupted, Overdue
from worker.training import orders, verdicts
from worker.training.child import Child, last_words
from worker.training.hearing import listening
from worker.training.orders import CURVE

if TYPE_CHECKING:
    from model.training.finetuning import TuningProgress

log = logging.getLogger(__name__)

LOOK_S = 0.25  # how often it looks whether to stop
STUCK_S = 1800.0  # a training process says something about once a second, and rests no longer while it judges
MOST_DEATHS = 25  # of the process without an epoch between them; each costs some seconds

DIED = Failure(
    code="training_died",
    sentence="This training died or got stuck again and again at the same place, most likely for want of memory. "
    "Try a smaller preset or fewer pieces; `/train resume` goes on from the last checkpoint.",
)


class Apprenticeship:
    """Carries out one job at `desk`."""

    def __init__(self, job_id: JobId, desk: Desk) -> None:
        self._job_id = job_id
        self._desk = desk
        self._reporter = desk.reporter(job_id)
        self._progress = TrainProgress(epoch=0)
        self._was_stopped = False

    def carry_out(self) -> None:
        """Settle the job as done, failed or cancelled.

        Raises:
            Interrupted: the process must end first; the job is to be put back.
            Overdue: it has run as long as a job may.
        """
        record = opened(self._job_id, self._reporter)
        if record is None:
            return
        request = record.request
        if not isinstance(request, TrainRequest) or request.guild_id is None:
            self._fail(Failure(code="no_server", sentence="A training belongs to a server: ask for it there."))
            return
        try:
            self._train(record, request, ServerShelves(self._desk.settings, request.guild_id))
        except ModelError as error:
            self._fail(model_failure(error))

    def _fail(self, failure: Failure) -> None:
        refuse(self._job_id, self._reporter, failure)

    def _train(self, record: Record, request: TrainRequest, shelves: ServerShelves) -> None:
        self._reporter.update(Stage.PREPARING, 0.0, training=self._progress)
        folder = shelves.training(request.folder)
        orders.write(folder, request, shelves, self._desk.settings)
        said = self._until_verdict(folder, record.cancel_asked)
        if said is None:  # settled by somebody else
            self._reporter.cancelled()
            return
        if not said:
            self._fail(DIED)
            return
        if "error" in said:
            self._fail(Failure(code="training", sentence=str(said["error"])))
            return
        result = self._result(request, shelves, folder, said["verdict"])
        shelves.tell_names(self._desk.connection)
        self._reporter.done(result)
        orders.prune(folder.parent, keep=[folder])

    def _until_verdict(self, folder: Path, stop_at_once: bool) -> dict[str, Any] | None:
        """What the process says last; a new one goes on where one died. Nothing where it dies again and again."""
        deaths, epoch = 0, 0
        while deaths < MOST_DEATHS:
            said = self._one_process(folder, stop_at_once)
            if said is None or "verdict" in said or "error" in said:
                return said
            deaths = 1 if self._progress.epoch > epoch else deaths + 1
            epoch = max(epoch, self._progress.epoch)
            log.warning("job %s: the training process died, the next goes on\n%s", self._job_id, last_words(folder))
        return {}

    def _one_process(self, folder: Path, stop_at_once: bool) -> dict[str, Any] | None:
        """The last words of one process: an empty dict when it died, None when nobody wants its verdict."""
        child = Child(folder)
        log.info("job %s trains in process %d", self._job_id, child.pid)
        is_told, heard_at = False, time.monotonic()
        try:
            while True:
                if self._is_to_stop(stop_at_once) and not is_told:
                    is_told = self._was_stopped = True
                    child.stop()
                try:
                    said = child.hear(LOOK_S)
                except TimeoutError:
                    if time.monotonic() - heard_at < STUCK_S:
                        continue
                    log.error("job %s: the training process said nothing for %.0f s", self._job_id, STUCK_S)
                    return {}
                except EOFError:
                    return {}
                heard_at = time.monotonic()
                if said.keys() & {"verdict", "error"}:
                    return said
                if not self._tell(said):
                    return None
        finally:
            child.end()

    def _is_to_stop(self, at_once: bool) -> bool:
        """Whether the admin wants it to end.

        Raises:
            Interrupted: the process ends; the checkpoint is safe.
            Overdue: its time is over.
        """
        stops = self._desk.stops
        if stops.is_leaving:
            raise Interrupted
        if stops.left_s(self._job_id) < 0:
            raise Overdue
        return at_once or stops.is_requested(self._job_id)

    def _tell(self, said: dict[str, Any]) -> bool:
        """Report progress; False when the job is settled. A Redis that is away costs a report."""
        from model.training.finetuning import TuningProgress  # late, so that importing the tasks is cheap

        now = TuningProgress.model_validate(said)
        try:
            self._progress = self._progress.model_copy(update=self._news(now))
            return self._reporter.update(Stage(now.stage), now.fraction, training=self._progress)
        except redis.RedisError as error:
            log.warning("job %s: progress was not reported: %s", self._job_id, error)
            return True

    def _news(self, now: TuningProgress) -> dict[str, Any]:
        from model.training.finetuning.curve import draw_curve  # late, as above

        curve = self._progress.curve
        if len(now.history) > 1 and now.history[-1].epoch > self._progress.epoch:
            curve = self._desk.blobs.put(draw_curve(now.history), CURVE, "image/png")
        return {
            "epoch": max([now.epoch, *(one.epoch for one in now.history)]),  # one that was cut short counts if measured
            "epochs": now.epochs if now.epochs <= MAX_EPOCHS else None,  # where minutes end it
            "train_nats": now.train_nats,
            "val_nats": now.val_nats,
            "base_nats": now.base_nats,
            "best_epoch": verdicts.best_epoch(now.history),
            "remaining_s": now.remaining_s,
            "curve": curve,
        }

    def _result(self, request: TrainRequest, shelves: ServerShelves, folder: Path, said: dict[str, Any]) -> TrainResult:
        from model.bundles.store import read_folder  # late: it loads Keras

        version = shelves.bundles.add(request.name, read_folder(folder))
        verdict = verdicts.verdict(said)
        shelves.keep_verdict(version, verdict)
        heard, remarks = listening(folder, said["listening"], self._desk)
        return TrainResult(
            job_id=self._job_id,
            name=request.name,
            model_version=version,
            verdict=verdict,
            epochs=max(said["epochs"], said["epoch"]),  # the kept one may be one that was cut short
            best_epoch=said["epoch"],
            stopped=self._was_stopped,
            seconds=60 * said["minutes"],
            curve=self._desk.blobs.put((folder / CURVE).read_bytes(), CURVE, "image/png"),
            listening=heard,
            remarks=remarks,
        )
