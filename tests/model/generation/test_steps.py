"""The law of a step as compiled code carries it out: what the network says is what is drawn, on every kind of stack."""

from __future__ import annotations

from collections.abc import Iterator

import keras
import numpy as np
import pytest
from keras import ops

from model.generation import Engine, Request, SamplingParameters
from model.generation.decoder import DecoderState
from model.generation.plan import NEVER, filled_in, woven
from model.generation.step import CLOSE_S, LAST_CHORD_S
from model.network import PRESETS, NoteNetwork
from model.network.quantized import rounded_twin
from model.representation import Performance
from model.representation.base import UNKNOWN, Constraint
from model.representation.performance import DURATION, PITCH, SHIFT, VELOCITY
from tests.model.made_pieces import scales

PERFORMANCE = Performance()
WILD = SamplingParameters(temperature=2.0, top_p=1.0)
CHORD, CLOSE = (round(100 * seconds) for seconds in (LAST_CHORD_S, CLOSE_S))


@pytest.fixture(scope="module", params=["compiled", "keras"])
def engine(network: NoteNetwork, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Recurrent layers in machine code, and the same network through Keras, as on a GPU."""
    engine = Engine(network, 8, "cpu" if request.param == "compiled" else "cpu:0")
    yield engine
    engine.close()


def drawn(
    engine: Engine,
    seed: int,
    sampling: SamplingParameters | None = None,
    left: int = UNKNOWN,
    most_steps: int = 32,
    **options: object,
) -> np.ndarray:
    """Raw steps of a piece from its beginning."""
    state = options.pop("state", None) or engine.decoders.start(left=left)
    request = Request(
        state, np.random.default_rng(seed), sampling or SamplingParameters(), most_steps=most_steps, **options
    )
    return engine.submit(request).result().steps


def test_the_same_numbers_draw_the_same_steps(engine: Engine):
    one, again, other = (drawn(engine, seed) for seed in (1, 1, 2))
    assert one.shape == (32, 4)
    assert one.dtype == np.int32
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_what_is_drawn_is_music_in_canonical_order(engine: Engine):
    for seed in range(3):
        steps = drawn(engine, seed, WILD)
        np.testing.assert_array_equal(PERFORMANCE.encode(PERFORMANCE.decode(steps)), steps)
        assert steps[:, SHIFT].max() <= 400
        assert steps[:, DURATION].min() >= 1
        assert steps[:, PITCH].min() >= 21
        assert steps[:, PITCH].max() <= 108


def test_a_prefilled_piece_goes_on_as_one_that_was_given_the_same_notes_one_by_one(engine: Engine):
    # Given a beginning that is read in one pass, and the same as a template that leaves nothing open
    steps = scales(1, 20)[0]
    given = np.full(steps.shape, int(Constraint.GIVEN), dtype=np.int32)
    open_ended = np.concatenate([steps, np.zeros((1, 4), np.int32)])
    constraints = np.concatenate([given, np.full((1, 4), int(Constraint.FREE), dtype=np.int32)])
    plan = filled_in(open_ended, constraints, np.full(21, NEVER), 0.0)
    sure = SamplingParameters(top_k=1)
    # When both go on by one note
    prefilled = drawn(engine, 5, sure, most_steps=1, state=engine.decoders.prefill(steps), is_penalised=False)
    stepped = drawn(engine, 5, sure, most_steps=21, plan=plan, is_penalised=False)
    # Then it is the same one, but for the choice within a bucket
    np.testing.assert_array_equal(stepped[:20], steps)
    np.testing.assert_array_equal(prefilled[0, [PITCH, VELOCITY]], stepped[20, [PITCH, VELOCITY]])


def test_a_top_k_of_one_is_as_sure_as_the_lowest_temperature(engine: Engine):
    sure, cold = SamplingParameters(top_k=1), SamplingParameters(temperature=1e-6)
    np.testing.assert_array_equal(drawn(engine, 1, sure), drawn(engine, 1, cold))


def test_one_field_can_be_drawn_safely_while_the_others_are_not(engine: Engine):
    sampling = SamplingParameters(temperature=2.0, top_p=1.0, temperatures={"pitch": 1e-6})
    first = np.array([drawn(engine, seed, sampling, most_steps=1)[0] for seed in range(60)])
    assert len(set(first[:, PITCH].tolist())) == 1
    assert len(set(first[:, VELOCITY].tolist())) > 8


@pytest.mark.parametrize("left", [1, CHORD, CLOSE, 777])
def test_the_last_onset_is_exactly_where_it_was_asked_for_with_one_chord(engine: Engine, left: int):
    for seed in range(3):
        before_end = left - np.cumsum(drawn(engine, seed, WILD, left, most_steps=4000)[:, SHIFT])
        assert before_end[-1] == 0
        assert not ((before_end > CHORD) & (before_end <= CLOSE)).any()


def test_given_notes_come_where_they_were_asked_for_and_in_canonical_order(engine: Engine):
    onsets, notes = np.arange(0, 400, 40), scales(1, 10)[0]
    handle = engine.submit(
        Request(engine.decoders.start(left=500), np.random.default_rng(3), WILD, woven(onsets, notes), most_steps=2000)
    )
    drawing = handle.result()
    when = np.cumsum(drawing.steps[:, SHIFT])
    assert when[drawing.is_given].tolist() == onsets.tolist()
    np.testing.assert_array_equal(drawing.steps[drawing.is_given][:, 1:], notes[:, 1:])
    np.testing.assert_array_equal(PERFORMANCE.encode(PERFORMANCE.decode(drawing.steps))[:, :2], drawing.steps[:, :2])


def test_a_variation_keeps_what_is_given_and_stays_near_where_it_may_move(engine: Engine):
    steps = scales(1, 40)[0]
    constraints = PERFORMANCE.variation(steps)
    varied = drawn(engine, 1, most_steps=99, plan=filled_in(steps, constraints, np.full(40, NEVER), 0.3))
    kept = [SHIFT, VELOCITY, DURATION]
    np.testing.assert_array_equal(varied[:, kept], steps[:, kept])
    assert 0 < np.abs(varied[:, PITCH] - steps[:, PITCH]).max() <= 12


def test_what_is_asked_for_reaches_the_network(engine: Engine):
    asked = np.zeros(PERFORMANCE.controls.width, dtype=np.float32)
    asked[PERFORMANCE.controls.slices["key"].start] = 1
    state: DecoderState = engine.decoders.start(asked, left=500)
    np.testing.assert_array_equal(state.decoder.conditions.controls, asked)
    assert state.left == 500
    assert engine.decoders.prefill(scales(1, 20)[0], left=300).left == 300


@pytest.mark.parametrize("stack", ["lstm", "gru", "look-back", "conv", "transformer"])
def test_notes_come_as_often_as_the_network_says(stack: str):
    # Given a network that has heard a tune, and its own opinion of the next pitch
    keras.utils.set_random_seed(2)
    memory, layers = (0, 1) if stack in ("lstm", "gru") else (16, 2)
    kind = "lstm" if stack == "look-back" else stack
    update = {"stack": kind, "memory": memory, "layers": layers, "units": 64}
    network = NoteNetwork(PRESETS["tiny"].model_copy(update=update))
    for weight in network.trainable_variables:  # fresh weights know nothing: every pitch would be alike
        weight.assign(weight * 3.0)
    steps = scales(1, 20)[0]
    expected = _chances_of_pitch(network, steps)
    # When many pieces go on from there at once
    engine = Engine(network, 8)
    state, sampling = engine.decoders.prefill(steps), SamplingParameters(top_p=1.0)
    constraints = np.array([[int(Constraint.GIVEN), *[int(Constraint.FREE)] * 3]])
    a_second_later = filled_in(np.array([[100, 60, 16, 10]]), constraints, np.array([NEVER]), 0.0)
    handles = [
        engine.submit(Request(state, np.random.default_rng(seed), sampling, a_second_later, is_penalised=False))
        for seed in range(1500)
    ]
    first = np.array([handle.result().steps[0] for handle in handles])
    engine.close()
    # Then no likely pitch comes more or less often than chance allows (five standard deviations)
    assert (first[:, SHIFT] == 100).all()
    pitches = first[:, PITCH]
    counts = np.bincount(pitches, minlength=128)
    spread = np.sqrt(len(pitches) * expected * (1 - expected)) + 1
    assert (np.abs(counts - len(pitches) * expected) < 5 * spread + 0.05 * len(pitches) * expected).all()


def _chances_of_pitch(network: NoteNetwork, steps: np.ndarray) -> np.ndarray:
    """The probability of each pitch after `steps` and a wait of one second, by Keras, with products that round."""
    later = np.concatenate([steps, [[100, 60, 16, 10]]]).astype(np.int32)
    controls = np.zeros(PERFORMANCE.controls.width, np.float32)
    trace = PERFORMANCE.trace(later, PERFORMANCE.new_states(), controls)
    starts = np.array([[field.size for field in PERFORMANCE.fields]])
    batch = {
        "previous": np.concatenate([starts, trace.classes[:-1]])[None].astype(np.int32),
        "target": trace.classes[None],
        "features": trace.features[None],
        "allowed": trace.allowed[None],
    }
    is_recurrent = network.config.stack in ("lstm", "gru")
    twin = rounded_twin(network) if is_recurrent else network
    logits, _ = twin(batch, twin.stack.start(1))
    pitch = ops.convert_to_numpy(logits[PITCH])[0, -1].astype(np.float64)
    pitch[:21], pitch[109:] = -1e9, -1e9
    chances = np.exp(pitch - pitch.max())
    return chances / chances.sum()
