"""A small data set: enough of it is held out, always the same, and old music is mixed in by rows."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from model.bundles.training_artifacts import Sample
from model.corpora.corpus import EncodedFile
from model.corpora.windows import Augmentation
from model.errors import DataError
from model.midi import write_midi
from model.representation import Performance
from model.training.finetuning.data import MixedStreams, _held_out, read_pieces
from tests.model.finetuning.conftest import walks
from tests.model.made_pieces import scales


def files(count: int, held_out: int, split: str | None = None) -> list[EncodedFile]:
    pieces = walks(count, 30)
    parts = ["validation"] * held_out + ["train"] * (count - held_out)
    return [
        EncodedFile(f"{number}", steps, split, part)
        for number, (steps, part) in enumerate(zip(pieces, parts, strict=True))
    ]


@pytest.mark.parametrize(
    ("count", "by_hash", "wanted"), [(30, 0, 3), (30, 2, 3), (30, 5, 5), (30, 25, 10), (6, 0, 2), (3, 0, 1), (2, 2, 1)]
)
def test_some_pieces_are_held_out_but_never_most(count: int, by_hash: int, wanted: int):
    given = files(count, by_hash)
    held_out = _held_out(given)
    assert len(held_out) == wanted
    assert _held_out(given[::-1]) == held_out  # in whatever order they are read
    by_hash_names = {str(number) for number in range(by_hash)}
    assert by_hash_names <= held_out or held_out <= by_hash_names


def test_a_published_split_is_kept_as_it_is():
    given = [*files(3, 0, split="train"), *files(1, 0, split="test"), *files(1, 0, split="validation")]
    named = [EncodedFile(str(index), one.steps, one.split, "train") for index, one in enumerate(given)]
    assert _held_out(named) == {"3", "4"}


def test_the_split_does_not_change_when_it_is_read_again(songs: Path, tmp_path: Path):
    one, other = (read_pieces(songs, "performance", tmp_path / name) for name in ("a", "b"))
    assert len(one.validation) == 3
    assert len(one.train) == 9
    for piece, again in zip(one.validation, other.validation, strict=True):
        np.testing.assert_array_equal(piece, again)


def test_pieces_that_are_all_the_same_are_refused(tmp_path: Path):
    for semitones in range(4):
        steps = walks(1, 60)[0]
        steps[:, 1] += semitones
        (tmp_path / f"{semitones}.mid").write_bytes(write_midi(Performance().decode(steps)))
    with pytest.raises(DataError, match="Nearly all pieces"):
        read_pieces(tmp_path, "performance", tmp_path / "cache")


@pytest.mark.parametrize(("mix", "old_rows"), [(0.0, 0), (0.5, 4), (0.25, 2), (0.875, 7), (1.0, 7)])
def test_old_music_has_its_share_of_the_rows(mix: float, old_rows: int):
    # Given new music that is loud, and old music that is not
    new, old = Sample(walks(3, 50), [""] * 3), Sample(scales(3, 50), [""] * 3)
    streams = MixedStreams(Performance(), new, old, mix, (8, 16))
    # When some batches are drawn
    for batch in islice(streams.shuffled(np.random.default_rng(0), Augmentation()), 3):
        # Then so many rows play the old, and every part of the batch has all rows
        loudness = np.where(batch["weight"][..., 0] > 0, batch["target"][..., 2], 24)
        assert ((loudness[:, :8] == 16).any(axis=1)).sum() == old_rows
        assert {len(value) for value in batch.values()} == {8}


def test_without_old_music_all_rows_play_the_new():
    streams = MixedStreams(Performance(), Sample(walks(3, 50), [""] * 3), Sample([], []), 0.5, (8, 16))
    batch = next(streams.shuffled(np.random.default_rng(0), Augmentation()))
    assert len(batch["target"]) == 8
