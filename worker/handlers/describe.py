"""Describe jobs: what a MIDI file holds, and its picture. The file is read under the same limits as a seed."""

from __future__ import annotations

from dataclasses import asdict

from jobs.contract import BlobRef, DescribedKey, DescribedPart, DescribeRequest, DescribeResult, Record, Stage
from jobs.registry import visible_to
from model.analysis.description import PieceDescription, describe_piece
from model.analysis.originality import Originality
from model.midi import write_midi
from model.midi.isolated_reading import read_isolated
from model.midi.reading import ReadMidi
from model.model_choice import traits
from model.piece import Piece
from worker import mapping
from worker.cancellation import Interrupted
from worker.handlers.base import Cancelled, JobHandler
from worker.model_cache import LeaseCancelled
from worker.model_choice import named
from worker.render import RenderedFile, Rendering

MOST_PARTS = 32
PICTURE = "picture"
_SETTLING_S = 2.0  # of a job's time, reserved for handing in the picture


class DescribeHandler(JobHandler):
    """Describes one MIDI file."""

    def perform(self, record: Record) -> DescribeResult:
        """The description and the picture.

        Raises:
            MidiError: the file cannot be read, or holds more than a seed may.
            BlobGone: it is no longer kept.
        """
        request = record.request
        if not isinstance(request, DescribeRequest):
            raise TypeError(f"job {self.job_id} describes nothing but is of the kind '{request.kind}'")
        self.reporter.update(Stage.STARTING, 0.0)
        read = read_isolated(self.context.blobs.get(request.seed))
        description = describe_piece(read.piece, traits(read.piece).is_metrical)
        originality = self._originality(read.piece, request)
        self.reporter.update(Stage.RENDERING, 0.5)
        rendering = self._rendering(read.piece, request)
        if self.context.cancellations.is_shutting_down and not self.is_cancelled:
            raise Interrupted
        found = self._result(description, read, rendering)
        return found.model_copy(update={"originality": mapping.originality(originality)})

    def _originality(self, piece: Piece, request: DescribeRequest) -> Originality | None:
        """How much of the piece occurs in the training music of the model that is asked for; None without one.

        Raises:
            BundleError: there is no such model.
            Cancelled: the member stopped the job while the model was loaded.
        """
        if request.model is None:
            return None
        model = named(visible_to(self.context.model_cache.models, request.guild_id), request.model)
        try:
            with self.context.model_cache.lease(
                model.key, lambda: self.context.cancellations.should_stop(self.job_id)
            ) as lease:
                return lease.model.originality(piece)
        except LeaseCancelled as error:
            self.raise_if_ending()
            raise Cancelled from error

    def _rendering(self, piece: Piece, request: DescribeRequest) -> Rendering:
        """The picture, drawn from a file of ours: the member's bytes go no further."""
        cancellations = self.context.cancellations
        return self.context.renderer.render(
            write_midi(piece),
            0.0,
            piece.title[:60],
            max(0.0, cancellations.left_s(self.job_id) - _SETTLING_S),
            owner=str(request.requester_id),
            should_stop=lambda: cancellations.is_ending(self.job_id),
            wanted=(PICTURE,),
        )

    def _result(self, found: PieceDescription, read: ReadMidi, rendering: Rendering) -> DescribeResult:
        key = found.key
        return DescribeResult(
            job_id=self.job_id,
            notes=found.notes,
            duration_s=found.seconds,
            title=found.title[:200],
            key=None if key is None else DescribedKey(name=key.name, certainty=key.confidence, other=key.other),
            signature=found.signature,
            tempos_bpm=found.tempos_bpm,
            tapped_bpm=found.tapped_bpm,
            meters=found.meters,
            bars=found.bars,
            density=found.density,
            polyphony=found.polyphony,
            parts=tuple(DescribedPart(**asdict(part)) for part in found.parts[:MOST_PARTS]),
            chords=found.chords,
            repairs=tuple(read.repairs),
            remarks=rendering.remarks,
            picture=self._keep(rendering.files.get(PICTURE)),
        )

    def _keep(self, file: RenderedFile | None) -> BlobRef | None:
        return None if file is None else self.context.blobs.put(file.data, f"roll{file.suffix}", file.content_type)
