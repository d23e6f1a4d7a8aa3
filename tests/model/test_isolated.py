"""Functions in child processes: bounded in time and memory, kept warm, replaced, and told no secrets."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from model.isolated import (
    ChildDied,
    ChildFailed,
    ChildTimedOut,
    IsolatedPool,
    IsolatedProcess,
    Limits,
    Task,
    map_isolated,
    pack_files,
    unpack_files,
)

PATIENCE_S = 60.0  # far above what a busy machine needs: only a hang reaches it
HERE = "tests.model.test_isolated"
SETTINGS: dict = {}


# What the children run


def reverse(head: dict, body: bytes) -> tuple[dict, bytes]:
    return {"said": head["say"]}, body[::-1]


def misbehave(head: dict, body: bytes) -> tuple[dict, bytes]:
    match head["how"]:
        case "hang":
            threading.Event().wait()
        case "die":
            os._exit(1)
        case "raise":
            raise ValueError("no such thing")
        case "eat":
            return {"length": len(bytearray(int(head["bytes"])))}, b""
        case "print":
            print("a library says hello")  # noqa: T201
            os.write(1, b"and so does one in C")
        case "write":
            Path(head["path"]).write_bytes(b"x" * 100)
    return {"how": head["how"]}, b""


def count(head: dict, body: bytes, tell) -> tuple[dict, bytes]:
    for number in range(head["to"]):
        tell({"number": number})
    return {"done": True}, b""


def count_until_stopped(head: dict, body: bytes, tell, should_stop) -> tuple[dict, bytes]:
    number = 0
    while not should_stop():
        number += 1
        tell({"number": number})
    return {"counted": number}, b""


def remember(settings: dict) -> None:
    SETTINGS.update(settings)


def recall(head: dict, body: bytes) -> tuple[dict, bytes]:
    return {"settings": SETTINGS, "environment": dict(os.environ)}, b""


@pytest.fixture
def run():
    made: list[IsolatedProcess] = []

    def start(function: str, limits: Limits | None = None, **more: object) -> IsolatedProcess:
        made.append(IsolatedProcess(Task(f"{HERE}:{function}", limits or Limits(), **more)))
        return made[-1]

    yield start
    for child in made:
        child.kill()


def test_a_call_returns_what_the_function_returns(run) -> None:
    child = run("reverse")

    assert child.call({"say": "ä"}, b"abc", timeout_s=PATIENCE_S) == ({"said": "ä"}, b"cba")
    assert child.call({"say": ""}, bytes(1 << 20), timeout_s=PATIENCE_S) == ({"said": ""}, bytes(1 << 20))


def test_what_a_function_raises_is_told_and_the_child_lives_on(run) -> None:
    child = run("misbehave")

    with pytest.raises(ChildFailed, match="ValueError: no such thing") as failed:
        child.call({"how": "raise"}, timeout_s=PATIENCE_S)
    assert failed.value.kind == "ValueError"
    assert child.call({"how": "well"}, timeout_s=PATIENCE_S)[0] == {"how": "well"}


def test_a_child_that_hangs_is_ended_in_time(run) -> None:
    child = run("misbehave")
    child.call({"how": "well"}, timeout_s=PATIENCE_S)

    with pytest.raises(ChildTimedOut):
        child.call({"how": "hang"}, timeout_s=0.1)
    assert not child.is_alive


def test_the_start_of_a_child_can_count_to_its_time(run) -> None:
    with pytest.raises(ChildTimedOut):
        run("reverse").call({"say": ""}, timeout_s=0.001, is_start_included=True)


def test_a_child_that_dies_is_told(run) -> None:
    child = run("misbehave")

    with pytest.raises(ChildDied):
        child.call({"how": "die"}, timeout_s=PATIENCE_S)
    assert not child.is_alive


def test_a_function_that_is_not_there_is_told(run) -> None:
    with pytest.raises(ChildDied):
        run("nothing").call({}, timeout_s=PATIENCE_S)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux")
def test_memory_is_bounded(run) -> None:
    child = run("misbehave", Limits(memory_bytes=100 << 20))

    assert child.call({"how": "eat", "bytes": 1 << 20}, timeout_s=PATIENCE_S)[0] == {"length": 1 << 20}
    with pytest.raises(ChildFailed) as failed:
        child.call({"how": "eat", "bytes": 200 << 20}, timeout_s=PATIENCE_S)
    assert failed.value.kind == "MemoryError"


def test_a_child_writes_files_only_where_it_may(run, tmp_path: Path) -> None:
    order = {"how": "write", "path": str(tmp_path / "a")}

    with pytest.raises(ChildFailed):
        run("misbehave").call(order, timeout_s=PATIENCE_S)
    run("misbehave", Limits(may_write=True)).call(order, timeout_s=PATIENCE_S)
    assert (tmp_path / "a").read_bytes() == b"x" * 100


def test_what_is_printed_is_no_answer(run) -> None:
    assert run("misbehave").call({"how": "print"}, timeout_s=PATIENCE_S)[0] == {"how": "print"}


def test_an_answer_larger_than_allowed_ends_the_child(run) -> None:
    child = run("reverse")

    with pytest.raises(ChildDied):
        child.call({"say": ""}, bytes(1000), timeout_s=PATIENCE_S, most_bytes=999)
    assert not child.is_alive


def test_a_long_function_tells_how_far_it_is(run) -> None:
    told: list[dict] = []

    answer, _ = run("count").call({"to": 3}, timeout_s=None, on_told=told.append)
    assert told == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert answer == {"done": True}


def test_a_function_under_way_can_be_asked_to_stop_and_the_next_call_is_its_own(run) -> None:
    child = run("count_until_stopped")

    def stop_at(said: dict) -> None:
        if said["number"] == 3:
            child.stop()

    for _ in range(2):
        assert child.call({}, timeout_s=PATIENCE_S, on_told=stop_at)[0]["counted"] >= 3


def test_a_stop_asked_before_the_child_is_ready_counts(run) -> None:
    child = run("count_until_stopped")
    child.stop()
    assert child.call({}, timeout_s=PATIENCE_S)[0] == {"counted": 0}


def test_a_child_gets_its_settings_and_no_secrets(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "a-token")
    child = run("recall", warm_up=f"{HERE}:remember", settings={"a": 1}, environment={"EXTRA": "yes"})

    said, _ = child.call({}, timeout_s=PATIENCE_S)
    assert said["settings"] == {"a": 1}
    assert said["environment"]["EXTRA"] == "yes"
    assert "DISCORD_TOKEN" not in said["environment"]


@pytest.fixture
def pool():
    made = IsolatedPool(Task(f"{HERE}:misbehave"), most=2, calls_of_one=3)
    yield made
    made.close()


def test_a_pool_keeps_a_child_for_the_next_call(pool: IsolatedPool) -> None:
    pool.call({"how": "well"}, timeout_s=PATIENCE_S)
    kept = pool.pids
    pool.call({"how": "well"}, timeout_s=PATIENCE_S)

    assert len(kept) == 1
    assert pool.pids == kept


def test_a_child_that_ended_while_idle_costs_no_call(pool: IsolatedPool) -> None:
    # Given an idle child that was ended from outside, dead for long or only just
    pool.call({"how": "well"}, timeout_s=PATIENCE_S)
    (before,) = pool.pids
    os.kill(before, signal.SIGKILL)
    # When the next call comes, then a new child answers it
    assert pool.call({"how": "well"}, timeout_s=PATIENCE_S)[0] == {"how": "well"}
    assert pool.pids != (before,)


def test_a_child_is_replaced_after_its_share_of_calls(pool: IsolatedPool) -> None:
    for _ in range(3):
        pool.call({"how": "well"}, timeout_s=PATIENCE_S)

    assert pool.pids == ()


def test_a_call_that_kills_its_child_is_tried_on_a_new_one_once(pool: IsolatedPool) -> None:
    pool.call({"how": "well"}, timeout_s=PATIENCE_S)

    with pytest.raises(ChildDied):
        pool.call({"how": "die"}, timeout_s=PATIENCE_S)
    assert pool.pids == ()
    assert pool.call({"how": "well"}, timeout_s=PATIENCE_S)[0] == {"how": "well"}


def test_many_threads_share_a_pool(pool: IsolatedPool) -> None:
    answers: list[dict] = []
    work = [
        threading.Thread(target=lambda: answers.append(pool.call({"how": "well"}, timeout_s=PATIENCE_S)[0]))
        for _ in range(8)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()

    assert answers == [{"how": "well"}] * 8
    assert len(pool.pids) <= 2


def test_many_items_are_worked_on_and_each_failure_costs_its_item_alone() -> None:
    items = [({"how": how}, b"") for how in ("well", "raise", "die", "well", "hang", "well")]

    outcomes = dict(map_isolated(Task(f"{HERE}:misbehave"), items, processes=2, timeout_s=1.0))
    kinds = [outcomes[number] if isinstance(outcomes[number], tuple) else type(outcomes[number]) for number in range(6)]
    well = ({"how": "well"}, b"")
    assert kinds == [well, ChildFailed, ChildDied, well, ChildTimedOut, well]


def test_no_items_need_no_child() -> None:
    assert list(map_isolated(Task(f"{HERE}:misbehave"), [], processes=0, timeout_s=1.0)) == []


def test_children_end_with_whoever_asked_for_them() -> None:
    others = set(psutil.Process().children())  # which other tests have left at work
    outcomes = map_isolated(
        Task(f"{HERE}:misbehave"), [({"how": "well"}, b""), ({"how": "hang"}, b"")], processes=2, timeout_s=600.0
    )
    assert next(outcomes) == (0, ({"how": "well"}, b""))
    children = set(psutil.Process().children()) - others
    assert children
    outcomes.close()
    psutil.wait_procs(children, timeout=PATIENCE_S)
    assert not [child for child in children if child.is_running()]


def test_several_files_travel_as_one_message() -> None:
    files = [b"one", b"", b"three"]
    assert unpack_files(pack_files(files)) == files
    assert unpack_files(pack_files([])) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_child_ends_with_its_parent_however_that_ends(how: int) -> None:
    code = (
        "import time; from model.isolated import *;"
        f"pool = IsolatedPool(Task('{HERE}:misbehave'), 1); pool.call({{'how': 'well'}}, timeout_s=60);"
        "print(*pool.pids, flush=True); time.sleep(600)"
    )
    parent = psutil.Popen([sys.executable, "-c", code], stdout=-1, cwd=Path(__file__).parents[2])
    pid = int(parent.stdout.readline())
    parent.send_signal(how)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + PATIENCE_S
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the child is left behind"
        time.sleep(0.02)
