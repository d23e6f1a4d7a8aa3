"""A stop hits the job it was meant for and no other."""

from __future__ import annotations

from model.errors import MidiError
from worker.failures import internal_failure, model_failure, timed_out
from worker.stops import Stops


def test_a_stop_hits_the_job_that_runs():
    stops = Stops()
    stops.begin("a")
    assert not stops.should_stop("a")
    stops.request("a")
    assert stops.should_stop("a")
    assert stops.is_requested("a")


def test_a_stop_that_comes_late_leaves_the_next_job_alone():
    stops = Stops()
    stops.begin("a")
    stops.end("a")
    stops.request("a")
    stops.begin("b")
    assert not stops.should_stop("b")


def test_a_job_that_comes_back_is_not_stopped_by_the_old_request():
    stops = Stops()
    stops.begin("a")
    stops.request("a")
    stops.end("a")
    stops.begin("a")
    assert not stops.should_stop("a")


def test_leaving_stops_whatever_runs_without_a_request():
    stops = Stops()
    stops.begin("a")
    stops.leave()
    assert stops.should_stop("a")
    assert not stops.is_requested("a")


def test_only_the_part_between_rqs_bookkeeping_may_be_interrupted():
    stops = Stops()
    with stops.interruptible():
        assert stops.is_interruptible
    assert not stops.is_interruptible


def test_failures_have_a_word_for_programs_and_a_sentence_for_people():
    refused = model_failure(MidiError("This is no MIDI file. Send one."))
    assert refused.sentence == "This is no MIDI file. Send one."
    assert refused.code
    assert "30 seconds" in timed_out(30).sentence
    broken = internal_failure("abc123", attempts=2)
    assert broken.incident == "abc123"
    assert "twice" in broken.sentence
    assert "abc123" in broken.sentence
