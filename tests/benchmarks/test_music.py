"""The music made up for measuring is like a recorded performance in what costs time."""

from __future__ import annotations

import numpy as np

from benchmarks.music import performance, write_folder
from model.midi import read_midi


def test_a_performance_is_as_long_dense_and_uneven_as_it_says():
    piece = performance(60.0, random_seed=3)
    assert 55 < piece.end_s < 62
    assert 8 < len(piece) / piece.end_s < 12
    assert len(np.unique(piece.notes["onset"])) > 0.9 * len(piece)
    assert len(np.unique(piece.notes["velocity"])) > 30
    assert 0 < len(piece.pedals) < len(piece)
    assert piece.notes["pitch"].min() >= 21
    assert piece.notes["pitch"].max() <= 108


def test_the_same_seed_gives_the_same_piece_and_another_seed_another():
    one, same, other = (performance(20.0, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.notes, same.notes)
    assert not np.array_equal(one.notes["pitch"], other.notes["pitch"])


def test_a_folder_holds_as_many_different_files(tmp_path):
    paths = write_folder(tmp_path / "midi", 3, 20.0)
    assert sorted((tmp_path / "midi").iterdir()) == paths
    assert len({path.read_bytes() for path in paths}) == 3
    assert len(read_midi(paths[0].read_bytes()).piece.pedals) > 0
