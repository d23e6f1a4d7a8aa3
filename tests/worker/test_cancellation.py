"""A stop hits the job it was meant for and no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from model.errors import MidiError
from worker.cancellation import Cancellations
from worker.failures import internal_failure, model_failure, timed_out

LONG_S = 100.0


def test_a_stop_hits_the_job_it_was_meant_for_among_those_that_run():
    stops = Cancellations()
    for job_id in ("a", "b"):
        stops.begin(job_id, LONG_S)
    assert not stops.should_stop("a")
    stops.request("a")
    assert stops.should_stop("a")
    assert stops.is_requested("a")
    assert not stops.should_stop("b")


def test_a_stop_that_comes_late_leaves_the_next_job_alone():
    stops = Cancellations()
    stops.end(stops.begin("a", LONG_S))
    stops.request("a")
    stops.begin("b", LONG_S)
    assert not stops.should_stop("b")


def test_a_job_that_comes_back_is_not_stopped_by_the_old_request():
    stops = Cancellations()
    run = stops.begin("a", LONG_S)
    stops.request("a")
    stops.end(run)
    stops.begin("a", LONG_S)
    assert not stops.should_stop("a")


def test_leaving_stops_whatever_runs_without_a_request():
    stops = Cancellations()
    for job_id in ("a", "b"):
        stops.begin(job_id, LONG_S)
    stops.leave()
    assert stops.should_stop("a")
    assert stops.should_stop("b")
    assert not stops.is_requested("a")


def test_a_job_whose_time_is_over_is_to_stop_and_no_other():
    stops = Cancellations()
    stops.begin("a", 0.0)
    stops.begin("b", LONG_S)
    assert stops.left_s("a") <= 0 < stops.left_s("b") <= LONG_S
    assert stops.should_stop("a")
    assert not stops.should_stop("b")


def test_what_runs_is_told_the_longest_first():
    stops = Cancellations()
    first, second = stops.begin("a", LONG_S), stops.begin("b", LONG_S)
    assert stops.running == (first, second)
    stops.end(first)
    assert stops.running == (second,)


def test_one_thread_has_the_last_word_on_a_job():
    run = Cancellations().begin("a", LONG_S)
    assert run.claim()
    assert run.claim()
    with ThreadPoolExecutor(1) as other:
        assert not other.submit(run.claim).result()


def test_failures_have_a_word_for_programs_and_a_sentence_for_people():
    refused = model_failure(MidiError("This is no MIDI file. Send one."))
    assert refused.sentence == "This is no MIDI file. Send one."
    assert refused.code
    assert "30 seconds" in timed_out(30).sentence
    broken = internal_failure("abc123", attempts=2)
    assert broken.incident == "abc123"
    assert "twice" in broken.sentence
    assert "abc123" in broken.sentence
