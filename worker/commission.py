"""One job from its record to its result: seed, composition, MIDI file, audio, picture.

What the member can get wrong ends here as a sentence; every other error leaves, and the warm worker decides on it.
"""

from __future__ import annotations

import logging
import time

import redis

from jobs.contract import (
    BlobRef,
    ComposeProgress,
    ComposeRequest,
    ComposeResult,
    Failure,
    JobId,
    ModelInfo,
    Record,
    Stage,
)
from jobs.errors import BlobGone
from jobs.registry import visible_to
from model.errors import EngineError, ModelError
from model.midi import write_midi
from model.midi.isolated_reading import read_isolated
from model.piece import Piece
from worker import terms
from worker.choosing import Choice, choose
from worker.desk import Desk
from worker.failures import SILENT, model_failure
from worker.musician import Composed
from worker.opening import opened, refuse
from worker.render import RenderedFile
from worker.repertoire import NoLongerWanted
from worker.stops import Interrupted, Overdue

log = logging.getLogger(__name__)

# how much of the whole job is done when a stage begins and ends
_SHARES = {Stage.PRIMING: (0.02, 0.1), Stage.COMPOSING: (0.1, 0.8), Stage.RENDERING: (0.8, 1.0)}
_SETTLING_S = 5.0  # of a job's time, kept for handing in what was rendered


class Commission:
    """Carries out one job at `desk`."""

    def __init__(self, job_id: JobId, desk: Desk) -> None:
        self._job_id = job_id
        self._desk = desk
        self._reporter = desk.reporter(job_id)
        self._is_settled = False

    def carry_out(self) -> None:
        """Settle the job as done, failed or cancelled.

        Raises:
            Interrupted: the process must end first; the job is to be put back.
            Overdue: it has run as long as a job may.
        """
        record = opened(self._job_id, self._reporter)
        if record is None:
            return
        if record.cancel_asked:
            self._reporter.cancelled()
            return
        try:
            self._compose(record)
        except NoLongerWanted:
            self._settle_unbegun()
        except EngineError:  # a fault of ours, which the next attempt may not meet
            raise
        except ModelError as error:
            self._settle_refusal(error)
        except BlobGone as error:
            self._fail(Failure(code=error.code, sentence=error.sentence))

    def _fail(self, failure: Failure) -> None:
        refuse(self._job_id, self._reporter, failure)

    def _settle_refusal(self, error: ModelError) -> None:
        self._heed_end()
        if self._desk.stops.is_requested(self._job_id):  # stopped before its first note: nothing to show
            self._reporter.cancelled()
        else:
            self._fail(model_failure(error))

    def _settle_unbegun(self) -> None:
        self._heed_end()
        self._reporter.cancelled()

    def _heed_end(self) -> None:
        """Leave where the composition was cut short by the end of this process or of its time, not by the member."""
        stops = self._desk.stops
        if stops.is_requested(self._job_id):
            return
        if stops.is_leaving:
            raise Interrupted
        if stops.left_s(self._job_id) < 0:
            raise Overdue

    def _compose(self, record: Record) -> None:
        request, start = record.request, time.time()
        if request.kind != "compose":
            raise TypeError(f"job {self._job_id} is no composition but of the kind '{request.kind}'")
        self._tell(Stage.STARTING, 0.01)
        seed, remarks = self._seed(request)
        choice = choose(visible_to(self._desk.repertoire.models, request.guild_id), request, seed)
        model, composed, load_s = self._perform(choice.model.key, request, seed)
        if composed.stopped or self._desk.stops.left_s(self._job_id) < 0:
            self._heed_end()
        if self._is_settled:
            return
        if not len(composed.piece):
            self._settle_silence(composed.stopped)
            return
        result = self._result(request, choice, model, composed, remarks)
        queue_s = max(0.0, start - record.enqueued_at)
        waited = {"queue": queue_s, "load": load_s, "total": time.time() - record.enqueued_at}
        timings = {name: round(seconds, 3) for name, seconds in {**result.timings, **waited}.items()}
        self._reporter.done(result.model_copy(update={"timings": timings}))

    def _settle_silence(self, stopped: bool) -> None:
        if stopped:
            self._reporter.cancelled()
        else:
            self._reporter.failed(SILENT)

    def _seed(self, request: ComposeRequest) -> tuple[Piece | None, tuple[str, ...]]:
        if request.seed is None:
            return None, ()
        read = read_isolated(self._desk.blobs.get(request.seed))
        return read.piece, tuple(read.repairs)

    def _perform(self, key: str, request: ComposeRequest, seed: Piece | None) -> tuple[ModelInfo, Composed, float]:
        """The piece, the version of the model that composed it, and the seconds until that was in memory."""
        asked = time.monotonic()
        with self._desk.repertoire.engage(key, self._should_stop) as engaged:
            load_s = time.monotonic() - asked
            composed = engaged.musician.compose(
                seed,
                terms.options(request),
                on_progress=lambda stage, fraction: self._tell(Stage(stage), fraction, terms.music(request, fraction)),
                should_stop=self._should_stop,
            )
            return engaged.info, composed, load_s

    def _should_stop(self) -> bool:
        return self._is_settled or self._desk.stops.should_stop(self._job_id)

    def _tell(self, stage: Stage, fraction: float, music: ComposeProgress | None = None) -> None:
        """Report progress; it is not worth a job when Redis does not answer for a moment."""
        begin, end = _SHARES.get(stage, (0.0, 1.0))
        try:
            is_open = self._reporter.update(
                stage, begin + (end - begin) * fraction, music if stage is Stage.COMPOSING else None
            )
        except redis.RedisError as error:
            log.warning("job %s: progress was not reported: %s", self._job_id, error)
        else:
            self._is_settled = self._is_settled or not is_open

    def _result(
        self,
        request: ComposeRequest,
        choice: Choice,
        model: ModelInfo,
        composed: Composed,
        remarks: tuple[str, ...],
    ) -> ComposeResult:
        self._tell(Stage.RENDERING, 0.0)
        midi = write_midi(composed.piece, terms.provenance(model.name, model.version, request, composed.originality))
        left_s = max(0.0, self._desk.stops.left_s(self._job_id) - _SETTLING_S)
        rendering = self._desk.studio.render(
            midi,
            composed.seed_s,
            f"{model.name} · {request.random_seed}",
            left_s,
            owner=str(request.requester_id),
            should_stop=lambda: self._desk.stops.is_asked_to_end(self._job_id),
        )
        if not self._desk.stops.is_requested(self._job_id) and self._desk.stops.is_leaving:
            raise Interrupted
        name = f"cadenza-{request.random_seed}"
        return ComposeResult(
            job_id=self._job_id,
            midi=self._desk.blobs.put(midi, f"{name}.mid", "audio/midi"),
            audio=self._keep(rendering.files.get("audio"), name),
            picture=self._keep(rendering.files.get("picture"), name),
            model=model.name,
            model_version=model.version,
            notes=len(composed.piece),
            duration_s=composed.piece.end_s,
            seed_s=composed.seed_s,
            random_seed=request.random_seed,
            remarks=(*remarks, *composed.remarks, *rendering.remarks),
            stopped=composed.stopped and self._desk.stops.is_requested(self._job_id),
            timings={**composed.timings, **rendering.timings},
            model_choice=choice.reason,
            controls=terms.followed(composed.controls),
            missed=terms.missed(composed.missed),
            originality=terms.originality(composed.originality),
            ended=composed.ended,
        )

    def _keep(self, file: RenderedFile | None, name: str) -> BlobRef | None:
        return None if file is None else self._desk.blobs.put(file.data, name + file.suffix, file.content_type)
