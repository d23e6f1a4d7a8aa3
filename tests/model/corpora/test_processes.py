"""Functions in other processes: a hang or a death costs one item, and every item is answered once."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from model.corpora.processes import Failure, in_processes


def odd_jobs(item: Any) -> Any:
    """What the tests ask of another process."""
    if item == "hang":
        time.sleep(60)
    if item == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if item == "fall":
        raise ValueError("it fell")
    return item * 2


def test_a_hang_a_death_and_an_error_cost_their_items_alone():
    items = [1, "hang", 2, "die", 3, "fall", 4, "die", 5]
    outcomes = dict(in_processes(odd_jobs, items, 1, 2.0))
    assert {index: outcomes[index] for index in (0, 2, 4, 6, 8)} == {0: 2, 2: 4, 4: 6, 6: 8, 8: 10}
    failures = {index: outcome for index, outcome in outcomes.items() if isinstance(outcome, Failure)}
    assert failures == {
        1: "It takes longer than 2 s.",
        3: "The process that read it died.",
        5: "It cannot be read (ValueError: it fell).",
        7: "The process that read it died.",
    }


def test_nothing_to_do_is_done_at_once():
    assert list(in_processes(odd_jobs, [], 2, 1.0)) == []


def test_processes_end_with_whoever_asked_for_them():
    answers = in_processes(odd_jobs, [1, "hang"], 2, 60.0)
    assert next(answers) == (0, 2)
    answers.close()  # would wait for a minute otherwise
