"""Training windows: every note once, states fresh exactly where a piece begins, and what continues continues."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from model.controls import Controls
from model.corpora.windows import LONGEST_EXCERPT, SHORTEST_EXCERPT, Augmentation, WindowStreams
from model.keys import KEYS
from model.representation import Performance, performance_law, representation_of
from model.representation.measuring import block_keys
from tests.model.made_pieces import scales, steps_of

PERFORMANCE = Performance()
START = [field.size for field in PERFORMANCE.fields]
LENGTH = 16
NOTHING = np.zeros(PERFORMANCE.controls.width, dtype=np.float32)  # is asked
ASKED_AT = performance_law.KEYBOARD  # where in the features of the stack it stands; then how near the end is


@pytest.fixture(scope="module")
def pieces() -> list[np.ndarray]:
    """Pieces of all lengths that matter: one note, a window exactly, one less, one more, several windows."""
    rng = np.random.default_rng(5)
    lengths = [1, 5, LENGTH - 1, LENGTH, LENGTH + 1, 2 * LENGTH, 3 * LENGTH - 1, 70, 7]
    return [steps_of(rng, 2 * length + 20)[:length] for length in lengths]


def classes_alone(piece: np.ndarray) -> np.ndarray:
    """The classes of a piece, traced by itself, (notes, fields)."""
    return PERFORMANCE.trace(piece, PERFORMANCE.new_states(), NOTHING).classes


def plays(batches: list[dict]) -> list[dict[str, np.ndarray]]:
    """The pieces as the rows play them: from a fresh window on, the parts of each window that weigh something."""
    found = []
    for row in range(batches[0]["fresh"].shape[0]):
        current: dict[str, list] | None = None
        for batch in batches:
            played = batch["weight"][row, :, 0] > 0
            if batch["fresh"][row] and played.any():
                current = {"target": [], "previous": [], "features": [], "notes": []}
                found.append(current)
            if not played.any():
                continue
            assert current is not None
            current["target"].append(batch["target"][row][played])
            current["previous"].append(batch["previous"][row][played])
            current["features"].append(batch["features"][row][played])
            current["notes"].append(batch["weight"][row, :, -1][played])
    return [{name: np.concatenate(parts) for name, parts in play.items()} for play in found]


def controls(play: dict[str, np.ndarray], representation: Performance) -> np.ndarray:
    """What the stack sees that was asked, (steps, width)."""
    return play["features"][:, ASKED_AT : ASKED_AT + representation.controls.width]


@pytest.mark.parametrize("streams", [1, 2, 4, 16])
def test_every_note_of_every_piece_comes_exactly_once_and_then_its_end(pieces: list[np.ndarray], streams: int):
    # When the windows of each row are put together again
    batches = [batch for (batch,) in WindowStreams(PERFORMANCE, pieces, streams, LENGTH).once()]
    found = plays(batches)
    # Then they are the pieces, each once, each followed by END
    assert Counter(play["target"][:-1].tobytes() for play in found) == Counter(
        classes_alone(piece).tobytes() for piece in pieces
    )
    for play in found:
        assert play["target"][-1, 0] == PERFORMANCE.end_class
        assert play["notes"].tolist() == [1.0] * (len(play["target"]) - 1) + [0.0]
        assert (play["target"][:-1, 0] != PERFORMANCE.end_class).all()


@pytest.mark.parametrize("streams", [1, 3])
def test_each_step_sees_the_one_before_it_across_windows(pieces: list[np.ndarray], streams: int):
    for play in plays([batch for (batch,) in WindowStreams(PERFORMANCE, pieces, streams, LENGTH).once()]):
        assert play["previous"][0].tolist() == START
        np.testing.assert_array_equal(play["previous"][1:], play["target"][:-1])


def test_features_continue_across_windows_and_begin_anew_with_each_piece(pieces: list[np.ndarray]):
    by_classes = {classes_alone(piece).tobytes(): piece for piece in pieces}
    for play in plays([batch for (batch,) in WindowStreams(PERFORMANCE, pieces, 2, LENGTH).once()]):
        piece = by_classes[play["target"][:-1].tobytes()]
        trace = PERFORMANCE.trace(piece, PERFORMANCE.new_states(), NOTHING)
        np.testing.assert_array_equal(play["features"][:-1], trace.features)


def test_weights_are_one_or_nothing_and_the_end_weighs_in_the_first_field_only(pieces: list[np.ndarray]):
    batches = [batch for (batch,) in WindowStreams(PERFORMANCE, pieces, 4, LENGTH).once()]
    weights = np.concatenate([batch["weight"] for batch in batches])
    assert set(np.unique(weights)) == {0.0, 1.0}
    assert weights[..., 1:].sum() == 3 * sum(map(len, pieces))
    assert weights[..., 0].sum() == sum(map(len, pieces)) + len(pieces)


def test_the_residual_counts_notes_only(pieces: list[np.ndarray]):
    batches = [batch for (batch,) in WindowStreams(PERFORMANCE, pieces, 4, LENGTH).once()]
    residual = sum(batch["residual"].sum() for batch in batches)
    expected = sum(PERFORMANCE.quantisation_nats(classes_alone(piece)).sum() for piece in pieces)
    assert residual == pytest.approx(expected, rel=1e-5)


def test_a_pass_takes_about_as_many_batches_as_it_says(pieces: list[np.ndarray]):
    windows = WindowStreams(PERFORMANCE, pieces, 1, LENGTH)
    assert len(list(windows.once())) == windows.batches_per_pass


def test_shuffled_plays_every_piece_once_before_any_comes_again(pieces: list[np.ndarray]):
    windows = WindowStreams(PERFORMANCE, pieces, 1, LENGTH)
    endless = windows.shuffled(np.random.default_rng(0), Augmentation())
    passes = [[next(endless)[0] for _ in range(windows.batches_per_pass)] for _ in range(2)]
    orders = [[play["target"].tobytes() for play in plays(batches)] for batches in passes]
    assert Counter(orders[0]) == Counter(orders[1])
    assert len(set(orders[0])) == len(pieces)
    assert orders[0] != orders[1]


def test_shuffled_moves_a_piece_by_no_more_than_it_may(pieces: list[np.ndarray]):
    windows = WindowStreams(PERFORMANCE, [pieces[7]], 1, 128)
    endless = windows.shuffled(np.random.default_rng(0), Augmentation(transpose=2))
    first = [int(plays([next(endless)[0]])[0]["target"][0, 1]) for _ in range(40)]
    assert set(first) == {int(pieces[7][0, 1]) + interval for interval in range(-2, 3)}


def test_a_pass_over_held_out_pieces_asks_for_nothing(pieces: list[np.ndarray]):
    for (batch,) in WindowStreams(PERFORMANCE, pieces, 4, LENGTH).once():
        asked_and_left = batch["features"][..., ASKED_AT : PERFORMANCE.context_sizes["input"]]
        assert not asked_and_left.any()


def test_a_piece_that_says_its_length_counts_down_to_its_last_onset(pieces: list[np.ndarray]):
    windows = WindowStreams(PERFORMANCE, [pieces[7]], 1, LENGTH)
    endless = windows.shuffled(np.random.default_rng(0), Augmentation(length_hidden=0.0))
    (play,) = plays([next(endless)[0] for _ in range(windows.batches_per_pass)])
    onsets = PERFORMANCE.onsets(pieces[7])
    # before a note it is the time since the note before it
    left = np.array([onsets[-1], *(onsets[-1] - onsets)])
    at = ASKED_AT + len(NOTHING)
    assert play["features"][:, at].tolist() == [1.0] * len(left)
    np.testing.assert_array_equal(play["features"][:, at + 1] == 1, left == 0)
    np.testing.assert_allclose(play["features"][:, at + 2], np.exp(-left / PERFORMANCE.left_fades[0]), atol=1e-5)


def test_what_is_asked_is_what_the_music_is_and_can_be_hidden():
    # Given a scale of C major by a composer the representation knows
    representation = Performance(styles=("bach", "liszt"))
    piece = scales(1, 200)[0]
    windows = WindowStreams(representation, [piece], 1, 128, ["liszt"])
    # When nothing is hidden, then style and key are asked of every step
    (shown,) = plays([next(windows.shuffled(np.random.default_rng(0), Augmentation(controls_hidden=0.0)))[0]])
    asked = representation.controls.vector(
        Controls(style="liszt", key=KEYS[int(block_keys(piece[:, 1], piece[:, 3])[0])])
    )
    slices = [representation.controls.slices[name] for name in ("style", "key")]
    for part in slices:
        assert (controls(shown, representation)[:, part] == asked[part]).all()
    # And when all is hidden, nothing is
    (hidden,) = plays([next(windows.shuffled(np.random.default_rng(0), Augmentation(controls_hidden=1.0)))[0]])
    assert not controls(hidden, representation).any()


def test_an_excerpt_is_the_beginning_and_the_end_of_its_piece():
    long = np.concatenate([steps_of(np.random.default_rng(index), 400) for index in range(12)])
    assert len(long) > LONGEST_EXCERPT
    windows = WindowStreams(PERFORMANCE, [long], 1, 2 * LONGEST_EXCERPT)
    for seed in range(5):
        (play,) = plays([next(windows.shuffled(np.random.default_rng(seed), Augmentation(excerpts=1.0)))[0]])
        velocities = play["target"][:-1, 2]
        assert SHORTEST_EXCERPT - 1 <= len(velocities) <= LONGEST_EXCERPT
        assert velocities[0] == long[0, 2]
        assert velocities[-1] == long[-1, 2]
        says_length = play["features"][0, ASKED_AT + len(NOTHING)]
        assert says_length == 1  # an excerpt always does


@pytest.mark.parametrize("name", ["performance", "events"])
def test_a_batch_stays_as_it_is_while_the_next_ones_are_made(name: str):
    representation = representation_of(name)
    pieces = [representation.encode(PERFORMANCE.decode(steps)) for steps in scales(4, 60)]
    streams = WindowStreams(representation, pieces, 2, 32).shuffled(np.random.default_rng(0), Augmentation())
    batches = [next(streams)[0] for _ in range(12)]
    kept = [{part: batch[part].copy() for part in ("features", "target", "previous")} for batch in batches]
    again = WindowStreams(representation, pieces, 2, 32).shuffled(np.random.default_rng(0), Augmentation())
    for batch, (other,) in zip(kept, again, strict=False):
        for part, values in batch.items():
            np.testing.assert_array_equal(values, other[part], err_msg=part)
