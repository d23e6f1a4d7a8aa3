"""A stop hits the job it was meant for and no other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from model.errors import MidiError
from worker.cancellation import Cancellations
from worker.mapping import internal_failure, model_failure, timed_out

LONG_S = 100.0


def test_a_stop_hits_the_job_it_was_meant_for_among_those_that_run():
    cancellations = Cancellations()
    for job_id in ("a", "b"):
        cancellations.begin(job_id, LONG_S)
    assert not cancellations.should_stop("a")
    cancellations.request("a")
    assert cancellations.should_stop("a")
    assert cancellations.is_requested("a")
    assert not cancellations.should_stop("b")


def test_a_stop_that_comes_late_leaves_the_next_job_alone():
    cancellations = Cancellations()
    cancellations.end(cancellations.begin("a", LONG_S))
    cancellations.request("a")
    cancellations.begin("b", LONG_S)
    assert not cancellations.should_stop("b")


def test_a_job_that_comes_back_is_not_stopped_by_the_old_request():
    cancellations = Cancellations()
    run = cancellations.begin("a", LONG_S)
    cancellations.request("a")
    cancellations.end(run)
    cancellations.begin("a", LONG_S)
    assert not cancellations.should_stop("a")


def test_leaving_stops_whatever_runs_without_a_request():
    cancellations = Cancellations()
    for job_id in ("a", "b"):
        cancellations.begin(job_id, LONG_S)
    cancellations.shut_down()
    assert cancellations.should_stop("a")
    assert cancellations.should_stop("b")
    assert not cancellations.is_requested("a")


def test_a_job_whose_time_is_over_is_to_stop_and_no_other():
    cancellations = Cancellations()
    cancellations.begin("a", 0.0)
    cancellations.begin("b", LONG_S)
    assert cancellations.left_s("a") <= 0 < cancellations.left_s("b") <= LONG_S
    assert cancellations.should_stop("a")
    assert not cancellations.should_stop("b")


def test_what_runs_is_told_the_longest_first():
    cancellations = Cancellations()
    first, second = cancellations.begin("a", LONG_S), cancellations.begin("b", LONG_S)
    assert cancellations.running == (first, second)
    cancellations.end(first)
    assert cancellations.running == (second,)


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
