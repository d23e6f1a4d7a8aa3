"""The engine: pieces come and go, each as if it were alone; it streams, stops, fails and ends in good order."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from model.bundles import Bundle, BundleStore
from model.errors import EngineError
from model.generation import Drawing, Engine, Handle, Request, SamplingParameters
from model.generation import engine as engine_module
from model.generation.plan import woven
from model.network import NoteNetwork
from model.representation.base import UNKNOWN
from tests.model.made_pieces import scales

PIECES, SLOTS = 200, 12
MOST_STEPS = 640  # a penalty that is off lets some pieces circle for ever


@pytest.fixture(scope="module")
def engine(network: NoteNetwork) -> Iterator[Engine]:
    engine = Engine(network, SLOTS)
    yield engine
    engine.close()


def request(engine: Engine, number: int, left: int = 300, most_steps: int = MOST_STEPS) -> Request:
    """One of many different requests; `number` says all of it."""
    parameters = (
        SamplingParameters(),
        SamplingParameters(temperature=1.4, top_p=1.0),
        SamplingParameters(top_k=12),
        SamplingParameters(temperature=0.7, min_p=0.02),
    )
    kind, length = number % 4, UNKNOWN if left == UNKNOWN else left + number
    if kind == 1:
        state = engine.decoders.prefill(scales(4, 30)[number % 3], left=length)
    elif kind == 2:
        asked = np.zeros(engine.representation.controls.width, dtype=np.float32)
        asked[engine.representation.controls.slices["key"].start + number % 24] = 1
        state = engine.decoders.start(asked, length)
    else:
        state = engine.decoders.start(left=length)
    plan = woven(np.arange(0, 200, 20), scales(1, 10, seed=number)[0]) if kind == 3 else None
    return Request(
        state=state,
        random=np.random.Generator(np.random.Philox(number)),
        sampling=parameters[number // 4 % 4],
        plan=plan,
        is_penalised=number % 5 > 0,
        most_steps=most_steps,
    )


def digest(drawing: Drawing) -> str:
    return hashlib.sha256(drawing.steps.tobytes() + drawing.is_given.tobytes()).hexdigest()


def test_a_piece_is_the_same_alone_in_any_company_in_any_slot_and_after_a_restart(
    engine: Engine, store: BundleStore, bundle: Bundle
):
    # Given 200 different requests
    order = np.random.default_rng(0).permutation(PIECES).tolist()
    # When they are drawn side by side, in an order that has nothing to do with them, from several threads
    handles: dict[int, Handle] = {}

    def submit(numbers: list[int]) -> None:
        for number in numbers:
            handles[number] = engine.submit(request(engine, number))

    threads = [threading.Thread(target=submit, args=(order[start::3],)) for start in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = {number: digest(handle.result()) for number, handle in handles.items()}
    # Then each is the piece that it is alone, in an engine with one slot, in another process
    script = (
        "import json, sys\n"
        "from model.bundles import BundleStore\n"
        "from model.generation import Engine\n"
        "from tests.model.generation.test_engine import PIECES, digest, request\n"
        "engine = Engine(BundleStore(sys.argv[1]).load('tiny').network(), 1)\n"
        "alone = [digest(engine.submit(request(engine, number)).result()) for number in range(PIECES)]\n"
        "print(json.dumps(alone))\n"
    )
    run = subprocess.run([sys.executable, "-c", script, store.url], capture_output=True, text=True, check=True)
    alone = json.loads(run.stdout.splitlines()[-1])
    others = [number for number in range(PIECES) if together[number] != alone[number]]
    assert not others, f"{len(others)} of {PIECES} pieces differ in company: requests {others}"
    assert len(set(alone)) == PIECES


def test_a_listener_gets_every_chunk_as_it_is_drawn(engine: Engine):
    handle = engine.submit(request(engine, 1, left=4000))
    chunks = list(handle.chunks())
    drawing = handle.result()
    assert len(chunks) > 2
    np.testing.assert_array_equal(np.concatenate([chunk.steps for chunk in chunks]), drawing.steps)
    left = [chunk.progress.left for chunk in chunks]
    assert left == sorted(left, reverse=True)
    assert [chunk.progress.is_over for chunk in chunks] == [*[False] * (len(chunks) - 1), True]
    assert drawing.ended
    assert not drawing.stopped


def test_a_stop_takes_effect_within_a_chunk_and_keeps_what_there_is(engine: Engine):
    # Given a piece that never ends by itself
    handle = engine.submit(request(engine, 1, left=UNKNOWN))
    listening = handle.chunks()
    heard = [next(listening), next(listening)]
    # When it is stopped
    handle.stop()
    heard += list(listening)
    # Then no more than the chunk under way follows, and the piece is what was heard
    drawing = handle.result()
    assert drawing.stopped
    assert not drawing.ended
    np.testing.assert_array_equal(np.concatenate([chunk.steps for chunk in heard]), drawing.steps)


def test_a_piece_is_cut_where_it_may_have_no_more_steps(engine: Engine):
    drawing = engine.submit(request(engine, 1, left=UNKNOWN, most_steps=40)).result()
    assert len(drawing.steps) == 40
    assert not drawing.ended
    assert not drawing.stopped


def test_more_pieces_than_slots_wait_and_all_are_drawn(network: NoteNetwork):
    engine = Engine(network, 2)
    drawings = [handle.result() for handle in [engine.submit(request(engine, number)) for number in range(7)]]
    assert all(drawing.ended for drawing in drawings)
    engine.close()


def test_a_request_that_cannot_begin_fails_alone(engine: Engine):
    good = request(engine, 0)
    bad = Request(good.state, np.random.default_rng(0), plan=woven(np.zeros(1, np.int64), np.zeros((1, 99), np.int32)))
    handles = [engine.submit(one) for one in (good, bad, request(engine, 5))]
    assert handles[0].result().ended
    assert handles[2].result().ended
    with pytest.raises(EngineError, match="could not be begun"):
        handles[1].result()


def test_a_failure_while_drawing_is_told_to_all_and_the_engine_goes_on(
    network: NoteNetwork, monkeypatch: pytest.MonkeyPatch
):
    engine = Engine(network, 4)
    draw, fault = engine_module.run, [True]

    def faulty(*arguments: object) -> object:
        if fault.pop() if fault else False:
            raise MemoryError("made for the test")
        return draw(*arguments)

    monkeypatch.setattr(engine_module, "run", faulty)
    handle = engine.submit(request(engine, 1))
    with pytest.raises(EngineError, match="Drawing the notes failed"):
        list(handle.chunks())
    assert engine.submit(request(engine, 2)).result().ended
    engine.close()


def test_closing_fails_what_is_not_done_and_takes_no_more(network: NoteNetwork):
    engine = Engine(network, 1)
    handles = [engine.submit(request(engine, 1, left=UNKNOWN)) for _ in range(2)]
    next(handles[0].chunks())
    engine.close()
    for handle in handles:
        with pytest.raises(EngineError, match="put away"):
            handle.result()
    with pytest.raises(EngineError, match="put away"):
        engine.submit(request(engine, 1))


def test_other_threads_go_on_while_the_engine_draws(engine: Engine):
    # Given an engine that is busy in all its slots
    handles = [engine.submit(request(engine, number, left=UNKNOWN)) for number in range(SLOTS)]
    # When another thread counts
    count, until = 0, time.monotonic() + 0.5
    while time.monotonic() < until:
        count += 1
    # Then the machine does not hold it up: it draws without the interpreter's lock
    assert count > 10_000
    for handle in handles:
        handle.stop()
        handle.result()


def test_it_says_what_it_takes_in_memory(network: NoteNetwork):
    small, large = Engine(network, 1), Engine(network, 16)
    assert 100_000 < small.memory_bytes < large.memory_bytes
    small.close()
    large.close()
