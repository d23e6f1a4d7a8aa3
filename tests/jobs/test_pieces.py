"""Which pieces members and servers have, and what a star does to their records and files."""

from __future__ import annotations

import pytest

from jobs import keys
from jobs.admission import Admission
from jobs.blobs import BlobStore
from jobs.contract import ComposeRequest, ComposeResult, Delivery, Stage, Update, WorkerInfo
from jobs.pieces import PieceIndex, PieceSweeper, Star
from jobs.records import RecordStore
from jobs.registry import WorkerRegistry
from jobs.settings import JobSettings

HERE, MEMBER = 7, 5


@pytest.fixture
def settings(valkey) -> JobSettings:
    return JobSettings(member_open_jobs_limit=50)


@pytest.fixture
def compose(valkey, settings):
    """Submits a piece and, where it is wanted, ends it."""
    WorkerRegistry(valkey.client, settings).publish(WorkerInfo(name="w", hostname="h", pid=1, started_at=1.0))
    admission, records = Admission(valkey.client, settings), RecordStore(valkey.client, settings)
    blobs = BlobStore(valkey.client, settings)

    def compose(job_id: str, member: int = MEMBER, guild: int | None = HERE, is_done: bool = True, **fields: object):
        request = ComposeRequest(
            job_id=job_id, requester_id=member, guild_id=guild, channel_id=9, random_seed=1, **fields
        )
        admission.submit(request, Delivery(application_id=1, channel_id=9, user_id=member))
        if is_done:
            midi = blobs.put(b"midi of " + job_id.encode(), "a.mid", "audio/midi")
            result = ComposeResult(
                job_id=job_id, midi=midi, audio=None, picture=None, model="piano", model_version="1", notes=1,
                duration_s=1, seed_s=0, random_seed=1,
            )  # fmt: skip
            records.settle(job_id, Update(stage=Stage.DONE, result=result))

    return compose


def ids(records) -> list[str]:
    return [record.job_id for record in records]


def test_finished_pieces_are_found_by_member_and_by_server_the_newest_first(valkey, settings, compose):
    compose("a")
    compose("b", member=6)
    compose("c", is_done=False)
    compose("d", guild=None)
    compose("e", private=True)
    index = PieceIndex(valkey.client, settings)
    assert ids(index.of_member(MEMBER)) == ["e", "d", "a"]
    assert ids(index.of_server(HERE)) == ["b", "a"]
    assert ids(index.of_server(8)) == []


def test_pieces_whose_records_are_gone_or_cannot_be_read_are_left_out(valkey, settings, compose):
    for name in "abc":
        compose(name)
    valkey.client.delete(keys.record("a"))
    valkey.client.hset(keys.record("b"), "request", '{"version": 99}')
    assert ids(PieceIndex(valkey.client, settings).of_member(MEMBER)) == ["c"]


def test_only_the_newest_ids_are_kept(valkey, settings, compose, monkeypatch):
    monkeypatch.setattr("jobs.pieces.MOST_OF_MEMBER", 2)
    for name in "abc":
        compose(name)
    assert ids(PieceIndex(valkey.client, settings).of_member(MEMBER)) == ["c", "b"]


def test_a_star_keeps_a_record_until_it_is_taken_away(valkey, settings, compose):
    compose("a")
    index = PieceIndex(valkey.client, settings)
    index.add_star(HERE, Star(piece="a", member_id=6, at=1.0, digest="0" * 64))
    assert valkey.client.ttl(keys.record("a")) == -1
    # A second star is the first one
    index.add_star(HERE, Star(piece="a", member_id=9, at=2.0, digest="0" * 64))
    assert [(star.member_id, record.job_id) for star, record in index.starred(HERE)] == [(6, "a")]
    index.remove_star(HERE, "a")
    assert 0 < valkey.client.ttl(keys.record("a")) <= settings.record_ttl_s
    assert (index.starred(HERE), index.star(HERE, "a")) == ([], None)


def test_the_sweeper_renews_the_files_of_starred_pieces_once_a_day(valkey, settings, compose):
    # Given two pieces whose files expire in a moment, one of them starred
    compose("a")
    compose("b")
    index = PieceIndex(valkey.client, settings)
    index.add_star(HERE, Star(piece="a", member_id=6, at=1.0, digest="0" * 64))
    soon = settings.blob_ttl_s - 100
    for digest, expires in valkey.client.zrange(keys.FILES, 0, -1, withscores=True):
        valkey.client.zadd(keys.FILES, {digest: expires - soon})
    # When a worker sweeps
    PieceSweeper(valkey.client, settings).sweep()
    # Then the starred one's file lives as long as a new one
    lives = sorted(expires for _, expires in valkey.client.zrange(keys.FILES, 0, -1, withscores=True))
    assert lives[1] - lives[0] == pytest.approx(soon, abs=60)
    # And until tomorrow that is not done again
    assert valkey.client.ttl(keys.STARS_RENEWED) > 23 * 3600
