"""Compose jobs: seed, composition, MIDI file, audio, picture."""

from __future__ import annotations

import logging
import time
from typing import Any, NamedTuple

import redis

from jobs.contract import (
    Alternative,
    BlobRef,
    ComposeProgress,
    ComposeRequest,
    ComposeResult,
    JobId,
    ModelInfo,
    Recast,
    Record,
    Stage,
    random_seed_after,
)
from jobs.registry import visible_to
from model.analysis.summary import summary_of
from model.midi import write_midi
from model.midi.isolated_reading import read_isolated
from model.midi.recasting import at_tempo, transposed
from model.piece import Piece
from worker import mapping
from worker.cancellation import Interrupted
from worker.context import WorkerContext
from worker.handlers.base import Cancelled, JobFailed, JobHandler
from worker.mapping import SILENT
from worker.model_cache import LeaseCancelled
from worker.model_choice import Choice, choose
from worker.model_loader import ComposedPiece
from worker.render import RenderedFile

log = logging.getLogger(__name__)

# how much of the whole job is done when a stage begins and ends
_SHARES = {Stage.PRIMING: (0.02, 0.1), Stage.COMPOSING: (0.1, 0.8), Stage.RENDERING: (0.8, 1.0)}
_ROOM = 1.5  # times what a piece took so far: with less time left another one is not begun
FEWER = "Only {made} of {asked} pieces were finished."
_SETTLING_S = 5.0  # of a job's time, reserved for handing in what was rendered


class _Made(NamedTuple):
    """What the files of a piece say in its result."""

    fields: dict[str, Any]
    remarks: tuple[str, ...]
    timings: dict[str, float]


class ComposeHandler(JobHandler):
    """Composes one piece, or changes the key or tempo of one."""

    def __init__(self, job_id: JobId, context: WorkerContext) -> None:
        super().__init__(job_id, context)
        self._is_settled = False
        self._number, self._count = 0, 1  # of the piece that is composed, and how many there are

    def perform(self, record: Record) -> ComposeResult | None:
        """The piece and its files; None when the job was settled meanwhile."""
        request, start = record.request, time.time()
        if request.kind != "compose":
            raise TypeError(f"job {self.job_id} is no composition but of the kind '{request.kind}'")
        self._report(Stage.STARTING, 0.01)
        if request.recast is not None:
            return self._recast(request, request.recast)
        self._count = request.count
        first = self._piece(record, request, start)
        return None if first is None else self._with_others(record, request, first, start)

    def _with_others(
        self, record: Record, request: ComposeRequest, first: ComposeResult, start: float
    ) -> ComposeResult | None:
        """`first` with the further pieces that were asked for; fewer where the member stops or time runs out."""
        others: list[Alternative] = []
        for number in range(1, request.count):
            spent_s = (time.time() - start) / number
            if self.is_cancelled or self.context.cancellations.left_s(self.job_id) < _ROOM * spent_s:
                break
            self._number = number
            further = request.model_copy(update={"random_seed": random_seed_after(request.random_seed, number)})
            try:
                piece = self._piece(record, further, start)
            except (Cancelled, JobFailed):  # stopped before its first note, or silent
                continue
            if piece is None:
                return None
            fields = {name: getattr(piece, name) for name in Alternative.model_fields}
            others.append(Alternative(**fields))
        missing = request.count - 1 - len(others)
        remarks = (FEWER.format(made=len(others) + 1, asked=request.count),) if missing else ()
        was_stopped = first.stopped or (missing > 0 and self.is_cancelled)
        changed = {"others": tuple(others), "stopped": was_stopped}
        return first.model_copy(update={**changed, "remarks": (*first.remarks, *remarks)})

    def _piece(self, record: Record, request: ComposeRequest, start: float) -> ComposeResult | None:
        """One piece; None when the job was settled meanwhile.

        Raises:
            JobFailed, Cancelled: there is none.
        """
        seed, remarks = self._seed(request)
        choice = choose(visible_to(self.context.model_cache.models, request.guild_id), request, seed)
        model, composed, load_s = self._compose(choice.model.key, request, seed)
        if composed.stopped or self.context.cancellations.left_s(self.job_id) < 0:
            self.raise_if_ending()
        if self._is_settled:
            return None
        if not len(composed.piece):
            if composed.stopped:
                raise Cancelled
            raise JobFailed(SILENT)
        result = self._result(request, choice, model, composed, remarks)
        queue_s = max(0.0, start - record.enqueued_at)
        waited = {"queue": queue_s, "load": load_s, "total": time.time() - record.enqueued_at}
        timings = {name: round(seconds, 3) for name, seconds in {**result.timings, **waited}.items()}
        return result.model_copy(update={"timings": timings})

    def _seed(self, request: ComposeRequest) -> tuple[Piece | None, tuple[str, ...]]:
        if request.seed is None:
            return None, ()
        read = read_isolated(self.context.blobs.get(request.seed))
        return read.piece, tuple(read.repairs)

    def _compose(self, key: str, request: ComposeRequest, seed: Piece | None) -> tuple[ModelInfo, ComposedPiece, float]:
        """The piece, the version of the model that composed it, and the seconds until that was in memory."""
        asked = time.monotonic()
        try:
            with self.context.model_cache.lease(key, self._should_stop) as lease:
                load_s = time.monotonic() - asked
                composed = lease.model.compose(
                    seed,
                    mapping.options(request),
                    on_progress=lambda stage, fraction: self._report(
                        Stage(stage), fraction, mapping.music(request, fraction)
                    ),
                    should_stop=self._should_stop,
                )
                return lease.info, composed, load_s
        except LeaseCancelled as error:
            self.raise_if_ending()
            raise Cancelled from error

    def _should_stop(self) -> bool:
        return self._is_settled or self.context.cancellations.should_stop(self.job_id)

    def _report(self, stage: Stage, fraction: float, music: ComposeProgress | None = None) -> None:
        """Report progress. Without Redis the report is lost, the piece is not."""
        begin, end = _SHARES.get(stage, (0.0, 1.0))
        share = begin + (end - begin) * fraction
        if self._count > 1:  # one stage for all pieces: a bar that goes back and forth looks broken
            stage, share, music = Stage.COMPOSING, (self._number + share) / self._count, None
        try:
            is_open = self.reporter.update(stage, share, music if stage is Stage.COMPOSING else None)
        except redis.RedisError as error:
            log.warning("job %s: progress was not reported: %s", self.job_id, error)
        else:
            self._is_settled = self._is_settled or not is_open

    def _result(
        self,
        request: ComposeRequest,
        choice: Choice,
        model: ModelInfo,
        composed: ComposedPiece,
        remarks: tuple[str, ...],
    ) -> ComposeResult:
        style = composed.controls.style
        summary = summary_of(composed.piece, model.has_beat, composed.controls.key)
        made = self._made(
            request,
            composed.piece,
            composed.seed_s,
            mapping.title(summary, style, request),
            mapping.provenance(model.name, model.version, request, composed.originality),
        )
        return ComposeResult(
            **made.fields,
            model=model.name,
            model_version=model.version,
            seed_s=composed.seed_s,
            facts=mapping.facts(summary, style),
            remarks=(*remarks, *composed.remarks, *made.remarks),
            stopped=composed.stopped and self.is_cancelled,
            timings={**composed.timings, **made.timings},
            model_choice=choice.reason,
            controls=mapping.followed(composed.controls),
            missed=mapping.missed(composed.missed),
            originality=mapping.originality(composed.originality),
            ended=composed.ended,
        )

    def _recast(self, request: ComposeRequest, recast: Recast) -> ComposeResult:
        """The request's seed in another key or tempo."""
        seed, _ = self._seed(request)
        factor = recast.tempo_percent / 100
        piece = at_tempo(transposed(seed or Piece(), recast.semitones), factor)
        if not len(piece):
            raise JobFailed(SILENT)
        style, has_beat = recast.facts.style, recast.facts.tempo_bpm is not None
        summary = summary_of(piece, has_beat)
        seed_s = recast.seed_s / factor
        comment = mapping.provenance(recast.model, recast.model_version, request, None)
        made = self._made(request, piece, seed_s, mapping.title(summary, style, request), comment)
        return ComposeResult(
            **made.fields,
            model=recast.model,
            model_version=recast.model_version,
            seed_s=seed_s,
            facts=mapping.facts(summary, style),
            remarks=made.remarks,
            timings=made.timings,
        )

    def _made(self, request: ComposeRequest, piece: Piece, seed_s: float, title: str, comment: str) -> _Made:
        """The files of a finished piece, kept.

        Raises:
            Interrupted: the worker is shutting down, and another one does the job again.
        """
        self._report(Stage.RENDERING, 0.0)
        cancellations = self.context.cancellations
        midi = write_midi(piece, comment)
        rendering = self.context.renderer.render(
            midi,
            seed_s,
            title,
            max(0.0, cancellations.left_s(self.job_id) - _SETTLING_S),
            owner=str(request.requester_id),
            should_stop=lambda: cancellations.is_ending(self.job_id),
        )
        if cancellations.is_shutting_down and not self.is_cancelled:
            raise Interrupted
        name = mapping.file_stem(title, self.job_id)
        fields = {
            "job_id": self.job_id,
            "midi": self.context.blobs.put(midi, f"{name}.mid", "audio/midi"),
            "audio": self._keep(rendering.files.get("audio"), name),
            "picture": self._keep(rendering.files.get("picture"), name),
            "notes": len(piece),
            "duration_s": piece.end_s,
            "random_seed": request.random_seed,
            "title": title,
        }
        return _Made(fields, rendering.remarks, rendering.timings)

    def _keep(self, file: RenderedFile | None, name: str) -> BlobRef | None:
        return None if file is None else self.context.blobs.put(file.data, name + file.suffix, file.content_type)
