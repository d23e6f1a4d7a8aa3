"""The sample of its music that a bundle carries: small, the same for everyone, and looked at before it is believed."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from model.__main__ import main
from model.bundles import BundleStore
from model.bundles.bundle import unpack, with_artifacts
from model.bundles.store import write_folder
from model.bundles.training_artifacts import (
    LARGEST_BYTES,
    MOST_HELD_OUT,
    MOST_STEPS,
    MOST_TRAIN,
    ReplaySample,
    Sample,
    load_replay_sample,
    replay_sample_of,
)
from model.errors import BundleError
from model.midi import write_midi
from model.representation import Performance, representation_of
from tests.model.conftest import Run
from tests.model.made_pieces import scales, steps_of

PERFORMANCE = Performance()


def sample(pieces: list[np.ndarray], style: str = "") -> Sample:
    return Sample(pieces, [style] * len(pieces))


def arrays(replay_sample: ReplaySample) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(replay_sample.save())) as stored:
        return dict(stored)


def stored(**changed: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{**arrays(ReplaySample(sample(scales(2, 40)), sample(scales(1, 30)))), **changed})
    return buffer.getvalue()


def test_it_comes_back_as_it_was_with_its_styles():
    replay_sample = ReplaySample(sample(scales(3, 40), "chopin"), sample(scales(1, 30), "bach"))
    again = load_replay_sample(replay_sample.save(), PERFORMANCE)
    for one, other in zip((again.train, again.held_out), (replay_sample.train, replay_sample.held_out), strict=True):
        assert one.styles == other.styles
        for piece, original in zip(one.pieces, other.pieces, strict=True):
            np.testing.assert_array_equal(piece, original)
            assert piece.dtype == np.int32
    assert load_replay_sample(ReplaySample.nothing().save(), PERFORMANCE).train.pieces == []


def test_a_large_training_set_becomes_a_small_sample_with_beginnings_and_ends():
    # Given more and longer pieces than a bundle can carry
    rng = np.random.default_rng(0)
    pieces = [steps_of(rng, 1500) for _ in range(120)]
    # When they are sampled
    replay_sample = replay_sample_of(PERFORMANCE, sample(pieces), sample(pieces[:40]))
    # Then it is small, holds a part of them, and the same for the same seed alone
    assert len(replay_sample.train.pieces) == MOST_TRAIN
    assert len(replay_sample.held_out.pieces) == MOST_HELD_OUT
    data = replay_sample.save()
    assert len(data) <= LARGEST_BYTES
    assert replay_sample_of(PERFORMANCE, sample(pieces), sample(pieces[:40])).save() == data
    assert replay_sample_of(PERFORMANCE, sample(pieces), sample(pieces[:40]), random_seed=1).save() != data
    # And each excerpt begins and ends as its piece does
    endings = {piece[-5:].tobytes() for piece in pieces}
    beginnings = {piece[:5].tobytes() for piece in pieces}
    for piece in load_replay_sample(data, PERFORMANCE).train.pieces:
        assert len(piece) <= MOST_STEPS
        assert piece[-5:].astype(pieces[0].dtype).tobytes() in endings
        assert piece[:5].astype(pieces[0].dtype).tobytes() in beginnings


@pytest.mark.parametrize("name", ["voices", "score", "events"])
def test_every_representation_can_have_one(name: str):
    representation = representation_of(name)
    steps = representation.encode(PERFORMANCE.decode(scales(1, 60)[0]))
    replay_sample = replay_sample_of(representation, sample([steps]), sample([steps]))
    np.testing.assert_array_equal(load_replay_sample(replay_sample.save(), representation).train.pieces[0], steps)


HOSTILE = {
    "no archive": b"PK\x03\x04 but no more",
    "empty": b"",
    "another representation": stored(steps=np.zeros((2, 110), dtype=np.int16)),
    "a pitch that no key has": stored(steps=np.full((4, 110), 500, dtype=np.int16)),
    "negative values": stored(steps=np.full((4, 110), -1, dtype=np.int16)),
    "fractions": stored(steps=np.zeros((4, 110))),
    "lengths that do not add up": stored(lengths=np.array([40, 40, 1], dtype=np.int32)),
    "lengths below one": stored(lengths=np.array([111, 0, -1], dtype=np.int32)),
    "lengths that overflow": stored(lengths=np.array([2**31 - 1, 2**31 - 1, 112], dtype=np.int32)),
    "more held out than there are": stored(held_out=np.array(9, dtype=np.int32)),
    "fewer than none held out": stored(held_out=np.array(-1, dtype=np.int32)),
    "styles that are no words": stored(styles=np.frombuffer(b"[1, 2, 3]", dtype=np.uint8)),
    "styles that are no list": stored(styles=np.frombuffer(b'"abc"', dtype=np.uint8)),
    "too few styles": stored(styles=np.frombuffer(b'["a"]', dtype=np.uint8)),
    "styles that are no JSON": stored(styles=np.frombuffer(b"\xff\xfe", dtype=np.uint8)),
    "more than can be": stored(steps=np.zeros((4, 3_000_000), dtype=np.int16)),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_replay_sample_is_refused_in_a_sentence(data: bytes):
    with pytest.raises(BundleError, match="replay sample in the bundle cannot be used"):
        load_replay_sample(data, PERFORMANCE)


def test_a_pickle_is_never_opened():
    with pytest.raises(BundleError):
        load_replay_sample(stored(steps=np.array([{"a": 1}], dtype=object)), PERFORMANCE)


def test_a_bundle_that_is_given_one_is_another_version_of_the_same_network(run: Run):
    replay_sample = ReplaySample(sample(scales(2, 40)), sample(scales(1, 30)))
    bundle, before = unpack(with_artifacts(run.files, replay_sample=replay_sample), "tiny"), unpack(run.files, "tiny")
    assert before.replay_sample() is None
    assert len(bundle.replay_sample().train.pieces) == 2
    assert bundle.version != before.version


def songs(folder: Path) -> Path:
    """Four pieces, no two nearly the same."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number in range(4):
        (folder / f"{number}.mid").write_bytes(write_midi(PERFORMANCE.decode(steps_of(rng, 60))))
    return folder


def test_publish_samples_for_a_bundle_that_has_none(run: Run, tmp_path: Path):
    write_folder(tmp_path / "trained", run.files)
    arguments = ["publish", str(tmp_path / "trained"), "--name", "mine", "--store", str(tmp_path / "store")]
    arguments += ["--learnt-from", str(songs(tmp_path / "songs")), "--cache", str(tmp_path / "cache")]
    assert main(arguments) == 0
    replay_sample = BundleStore(str(tmp_path / "store")).load("mine").replay_sample()
    assert len(replay_sample.train.pieces) + len(replay_sample.held_out.pieces) == 4
    assert replay_sample.held_out.pieces
