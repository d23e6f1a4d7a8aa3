"""The processes that read strangers' files: bounded in time and memory, kept, replaced, and told no secrets."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings

from model.analysis.near_duplicates import near_duplicates, share, sketch
from model.midi import write_midi
from model.piece import Piece
from model.uploads import DataSetLimits
from model.uploads.ingest import NearDuplicates
from model.uploads.reading import ReadPiece, Unread, facts_of, read_all, read_one, reading_pool
from tests.model.made_pieces import pieces
from tests.model.uploads.tunes import piece, tune

LIMITS = DataSetLimits()
LARGE = write_midi(piece(1, 150_000))


POOL = reading_pool(LIMITS.memory_bytes)


@pytest.fixture
def own() -> None:
    """No process of another test is used, and none is left over."""
    POOL.close()
    yield
    POOL.close()


def test_files_come_back_in_their_order_each_with_what_is_known_of_it():
    files = [(seed, tune(seed, 20 + seed)) for seed in range(12)]
    files.insert(5, (99, b"no MIDI"))
    outcomes = list(read_all(files, LIMITS))
    assert [number for number, _ in outcomes] == [number for number, _ in files]
    assert [outcome.facts.notes for _, outcome in outcomes if isinstance(outcome, ReadPiece)] == list(range(20, 32))
    refused = dict(outcomes)[99]
    assert isinstance(refused, Unread)
    assert refused.code == "not_midi"


def test_a_few_files_are_read_by_one_process_that_is_kept(own):
    assert [outcome.facts.notes for _, outcome in read_all([(1, tune(1))], LIMITS)] == [60]
    kept = POOL.pids
    list(read_all([(seed, tune(seed)) for seed in range(4)], LIMITS))
    assert len(kept) == 1
    assert kept == POOL.pids


def test_a_process_that_ended_while_idle_costs_no_file(own):
    # Given a process that has read a file and was then ended, as by a memory shortage in the night
    read_one(tune(1), LIMITS)
    (pid,) = POOL.pids
    os.kill(pid, signal.SIGKILL)
    # When the next file comes, then another process reads it
    assert isinstance(read_one(tune(2), LIMITS), ReadPiece)
    assert POOL.pids != (pid,)


def test_a_file_that_takes_too_long_costs_itself_alone(own):
    read_one(tune(1), LIMITS)
    late = read_one(LARGE, replace(LIMITS, seconds=0.05))
    assert late == Unread("Reading it takes longer than 0.05 s; send a shorter piece.", "slow")
    assert POOL.pids == ()
    assert isinstance(read_one(tune(1), LIMITS), ReadPiece)


def test_a_file_that_takes_too_much_memory_costs_itself_alone(own):
    small = replace(LIMITS, memory_bytes=24 << 20)
    outcomes = [outcome for _, outcome in read_all([(1, tune(1)), (2, LARGE), (3, tune(3))], small)]
    assert [type(outcome) for outcome in outcomes] == [ReadPiece, Unread, ReadPiece]
    assert outcomes[1].code in ("memory", "died")


def test_a_process_that_reads_knows_no_secret_and_can_write_nothing(own, monkeypatch):
    monkeypatch.setenv("DISCORD_TOKEN", "very-secret")
    read_one(tune(1), LIMITS)
    folder = Path("/proc") / str(POOL.pids[0])
    if not folder.exists():
        pytest.skip("there is no /proc here")
    assert b"very-secret" not in (folder / "environ").read_bytes()
    rows = {line[:25].strip(): line[25:].split()[:2] for line in (folder / "limits").read_text().splitlines()}
    assert rows["Max file size"] == ["0", "0"]
    assert rows["Max address space"][0].isdigit()


@settings(max_examples=60, deadline=None)
@given(pieces())
def test_music_written_anew_stays_as_it_is_when_it_is_read_again(odd):
    if not len(odd):
        return
    head = {"limits": {"duration_s": 1e9, "size_bytes": 1 << 22}}
    _, once = facts_of(head, write_midi(odd))
    if once:  # else it has too few notes
        assert facts_of(head, once)[1] == once


def _first(whole: Piece, notes: int) -> Piece:
    return whole.with_notes(whole.notes[:notes])


def test_near_duplicates_finds_what_the_pairs_of_all_find():
    # Given twenty tunes, some of them again in another key or in part
    tunes = [piece(seed, 200) for seed in range(20)]
    tunes += [piece(seed, 200, transposed=3) for seed in range(5)] + [_first(piece(6, 200), 120)]
    sketches = [sketch(one) for one in tunes]
    pairs = near_duplicates(sketches)
    assert len(pairs) == 6
    # When each is asked for in turn, sorted in or added one by one
    for known in (0, 10, 20):
        known_ones = NearDuplicates(sketches[:known])
        for one in sketches[known:20]:
            assert known_ones.nearest(one) is None
            known_ones.add(one)
        # Then the same are found
        found = [(known_ones.nearest(one), number) for number, one in enumerate(sketches[20:], start=20)]
        assert sorted(found) == pairs


def test_a_part_is_like_the_whole_and_silence_like_nothing():
    whole, part = sketch(piece(1, 200)), sketch(_first(piece(1, 200), 130))
    known_ones = NearDuplicates([part, np.zeros(0, dtype=np.uint64), whole])
    assert known_ones.nearest(whole) in (0, 2)
    assert known_ones.nearest(part) in (0, 2)
    assert share(whole, whole) == 1.0
    assert known_ones.nearest(np.zeros(0, dtype=np.uint64)) is None
