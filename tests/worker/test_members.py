"""A member who is forgotten: afterwards neither Redis nor any store holds anything of theirs, and all else is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs.admission import Admission
from jobs.blobs import BlobStore
from jobs.contract import (
    AddToDataSet,
    BlobRef,
    ComposeRequest,
    ComposeResult,
    Delivery,
    DescribeRequest,
    Done,
    ForgetMember,
    LibraryRequest,
    LibraryResult,
    Stage,
    Update,
    WorkerInfo,
)
from jobs.errors import BlobGone
from jobs.guild_state import NightlySchedule, ScheduleStore
from jobs.pieces import PieceIndex, Star
from jobs.queues import KINDS
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings
from model.midi import write_midi
from model.piece import NOTE, Piece, table
from worker.context import WorkerContext
from worker.library.members import forget
from worker.library.server_library import ServerLibrary
from worker.settings import WorkerSettings

HERE, THERE = 7, 8
MEMBER, OTHER = 424242424242, 535353535353


def midi(number: int) -> bytes:
    rows = [(240 * step, 200, 50 + (step * (number + 2)) % 30, 80, 0) for step in range(40)]
    return write_midi(Piece(notes=table(NOTE, rows)))


class Installation:
    """Redis, the file store and the servers' libraries, filled by hand."""

    def __init__(self, valkey: Any, folder: Path) -> None:
        self.settings = JobSettings(files=str(folder / "files"), member_open_jobs_limit=50)
        self.worker_settings = WorkerSettings(library=folder / "library", store=str(folder / "store"))
        self.connection, self.folder = valkey.client, folder
        self.blobs = BlobStore(self.connection, self.settings)
        self.records = RecordStore(self.connection, self.settings)
        self.pieces = PieceIndex(self.connection, self.settings)
        worker = WorkerInfo(name="w", hostname="h", pid=1, started_at=1.0, does=KINDS)
        WorkerRegistry(self.connection, self.settings).publish(worker)

    def submit(self, kind: type, job_id: str, member: int, guild: int | None = HERE, **fields: object):
        request = kind(job_id=job_id, requester_id=member, guild_id=guild, channel_id=9, **fields)
        delivery = Delivery(application_id=1, interaction_token="secret", channel_id=9, user_id=member)
        Admission(self.connection, self.settings).submit(request, delivery)
        return request

    def piece(self, job_id: str, member: int, made: bytes, seed: BlobRef | None = None) -> BlobRef:
        self.submit(ComposeRequest, job_id, member, random_seed=1, seed=seed)
        midi_file = self.blobs.put(made, f"{job_id}.mid", "audio/midi")
        result = ComposeResult(
            job_id=job_id, midi=midi_file, audio=None, picture=None, model="piano", model_version="1", notes=1,
            duration_s=1, seed_s=0, random_seed=1,
        )  # fmt: skip
        self.records.settle(job_id, Update(stage=Stage.DONE, result=result))
        return midi_file

    def added(self, guild: int, name: str, member: int, *files: tuple[str, bytes]) -> None:
        store = ServerLibrary(self.worker_settings, guild).data_sets
        if name not in store.names():
            store.create(name, "own-work", member)
        assert len(store.add(name, files, "attachment", member).accepted) == len(files)

    def names(self, guild: int, name: str) -> list[str]:
        return [piece.name for piece in ServerLibrary(self.worker_settings, guild).data_sets.info(name).pieces]

    def forget(self, member: int) -> Done:
        request = self.submit(LibraryRequest, "forget", member, None, action=ForgetMember())
        context = WorkerContext(self.worker_settings, self.settings, self.connection, None, None, None)
        answer = forget(context, request)
        self.records.settle("forget", Update(stage=Stage.DONE, result=LibraryResult(job_id="forget", answer=answer)))
        self.records.mark_delivered("forget")
        return answer

    def redis_text(self) -> str:
        """All that Redis holds, keys and values."""
        found: list[Any] = []
        for key in self.connection.scan_iter():
            found.append(key)
            match self.connection.type(key):
                case b"hash":
                    found += [part for pair in self.connection.hgetall(key).items() for part in pair]
                case b"string":
                    found.append(self.connection.get(key))
                case b"set":
                    found += list(self.connection.smembers(key))
                case b"zset":
                    found += self.connection.zrange(key, 0, -1)
                case b"list":
                    found += self.connection.lrange(key, 0, -1)
                case b"stream":
                    found += [value for _, entry in self.connection.xrange(key) for value in entry.values()]
        return b"\n".join(found).decode(errors="replace")

    def store_text(self) -> str:
        """All bytes of the file store and the libraries."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return b"\n".join(path.read_bytes() for path in files).decode("latin-1")


@pytest.fixture
def filled(valkey, tmp_path) -> Installation:
    """Pieces, seeds, stars and data-set entries of MEMBER, and some of OTHER."""
    here = Installation(valkey, tmp_path)
    # MEMBER: a piece from a seed that OTHER sent too, a piece that OTHER starred, a described file, a data set
    shared = here.blobs.put(midi(1), "shared.mid", "audio/midi")
    own = here.blobs.put(midi(2), "own.mid", "audio/midi")
    here.piece("a", MEMBER, midi(3), seed=shared)
    here.piece("b", MEMBER, midi(4), seed=own)
    described = here.blobs.put(midi(5), "described.mid", "audio/midi")
    here.submit(DescribeRequest, "c", MEMBER, seed=described)
    here.records.settle("c", Update(stage=Stage.CANCELLED))
    here.added(HERE, "starred", OTHER, ("b", midi(4)), ("other", midi(6)))
    here.added(THERE, "rags", MEMBER, ("rag", midi(7)))
    here.added(THERE, "rags", OTHER, ("others-rag", midi(8)))
    here.submit(LibraryRequest, "d", OTHER, action=AddToDataSet(name="starred", files=(), piece="b"))
    here.records.settle("d", Update(stage=Stage.CANCELLED))
    # OTHER: a piece from the shared seed, which MEMBER starred
    here.piece("e", OTHER, midi(9), seed=shared)
    files = {piece: here.records.get(piece).result.midi.digest for piece in "be"}
    here.pieces.add_star(HERE, Star(piece="b", member_id=OTHER, at=1.0, digest=files["b"]))
    here.pieces.add_star(HERE, Star(piece="e", member_id=MEMBER, at=2.0, digest=files["e"]))
    schedule = NightlySchedule(enabled=True, channel_id=9, user_id=MEMBER)
    ScheduleStore(here.connection).set(HERE, schedule)
    # A training of THERE keeps copies of what was in its data set
    server = ServerLibrary(here.worker_settings, THERE)
    server.data_sets.materialise("rags", server.training("t1") / "data")
    return here


def test_nothing_of_a_forgotten_member_is_left(filled: Installation):
    assert str(MEMBER) in filled.redis_text()
    before = filled.store_text()
    assert str(MEMBER) in before
    assert all(midi(number).decode("latin-1") in before for number in (2, 3, 4, 5, 7))
    done = filled.forget(MEMBER)
    assert str(MEMBER) not in filled.redis_text()
    stores = filled.store_text()
    assert str(MEMBER) not in stores
    for number in (2, 3, 4, 5, 7):
        assert midi(number).decode("latin-1") not in stores
    assert done.sentence.startswith(
        "Deleted: 2 pieces, 1 other request, 4 files, 2 stars, 2 entries in data sets. Messages with your pieces stay"
    )


def test_what_others_have_stays(filled: Installation):
    filled.forget(MEMBER)
    assert filled.names(HERE, "starred") == ["other"]
    assert filled.names(THERE, "rags") == ["others-rag"]
    assert [record.job_id for record in filled.pieces.of_member(OTHER)] == ["e"]
    request, result = filled.records.get("e").request, filled.records.get("e").result
    assert filled.blobs.get(result.midi) == midi(9)
    assert filled.blobs.get(request.seed) == midi(1)
    schedule = ScheduleStore(filled.connection).get(HERE)
    assert (schedule.enabled, schedule.user_id) == (True, 0)


def test_the_copies_of_trainings_lose_the_members_pieces(filled: Installation):
    folder = ServerLibrary(filled.worker_settings, THERE).training("t1") / "data"
    assert len(list(folder.iterdir())) == 2
    filled.forget(MEMBER)
    assert len(list(folder.iterdir())) == 1


def test_the_files_of_a_forgotten_member_cannot_be_fetched(filled: Installation):
    midi_file = filled.records.get("b").result.midi
    filled.forget(MEMBER)
    with pytest.raises(BlobGone):
        filled.blobs.get(midi_file)


def test_forgetting_twice_is_harmless_and_says_so(filled: Installation):
    filled.forget(MEMBER)
    assert filled.forget(MEMBER).sentence == "Nothing was kept about you, so there was nothing to delete."
