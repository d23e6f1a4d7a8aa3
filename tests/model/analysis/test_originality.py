"""Originality: copies are found in any key, other music is not, a small index tells nearly what a whole one does."""

from __future__ import annotations

import numpy as np
import pytest

from model.analysis import originality
from model.analysis.melody_hashes import CompressedHashSet, melodies, run_hashes
from model.analysis.originality import OriginalityIndex, originality_of
from model.errors import BundleError
from model.piece import NOTE, Instrument, Piece, table


def music(seed: int, notes: int = 400, first: int = 40) -> Piece:
    """Pitches at random: two such pieces share no run of sixteen notes."""
    rng = np.random.default_rng(seed)
    rows = zip(
        np.arange(notes) * 200,
        [150] * notes,
        rng.integers(first, first + 40, notes),
        [64] * notes,
        [0] * notes,
        strict=True,
    )
    return Piece(notes=table(NOTE, list(rows)))


def transposed(piece: Piece, semitones: int, stretch: int = 1) -> Piece:
    notes = piece.notes.copy()
    notes["pitch"] += semitones
    notes["onset"] *= stretch
    return piece.with_notes(notes)


LEARNT = [music(seed) for seed in range(40)]


@pytest.fixture(scope="module")
def exact() -> OriginalityIndex:
    return OriginalityIndex.of(LEARNT, exact=True)


@pytest.fixture(scope="module")
def thinned() -> OriginalityIndex:
    """An index that keeps one run in eight, as that of a large training set does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(originality, "BUDGET_BYTES", {8: 4_000, 16: 4_000})
        index = OriginalityIndex.of(LEARNT)
    assert index.every == {8: 8, 16: 8}
    return index


def test_a_run_is_known_by_its_intervals():
    line = np.array([60, 64, 62, 67, 60])
    assert run_hashes(line, 3).tolist() == run_hashes(line + 5, 3).tolist()
    assert len(set(run_hashes(line, 3).tolist())) == 3
    assert len(run_hashes(line, 6)) == 0


def test_every_instrument_has_a_line_of_its_own_and_drums_have_none():
    rows = [(0, 100, 60, 64, 0), (0, 100, 40, 64, 1), (500, 100, 62, 64, 0), (500, 100, 36, 64, 2)]
    piece = Piece(notes=table(NOTE, rows), instruments=(Instrument(), Instrument(32), Instrument(is_drum=True)))
    assert [line.tolist() for line in melodies(piece)] == [[60, 62], [40]]


def test_a_copy_is_found_wholly_in_any_key_and_at_any_speed(exact, thinned):
    for copy in (LEARNT[3], transposed(LEARNT[3], 7), transposed(LEARNT[3], -12, stretch=3)):
        for index in (exact, thinned):
            assert index.share(copy, 8).value == index.share(copy, 16).value == 1
            assert index.is_training_piece(copy)
        assert exact.longest_run(copy) == 400
        assert thinned.longest_run(copy) == pytest.approx(400, abs=60)


def test_other_music_is_not_found(exact, thinned):
    others = [music(seed) for seed in range(1_000, 1_040)]
    assert exact.pooled(others, 16).found == 0
    assert all(exact.longest_run(other) == 0 for other in others)
    assert thinned.pooled(others, 16).value < 0.005
    assert not thinned.is_training_piece(others[0])


def test_a_copied_passage_is_measured(exact):
    notes = music(999).notes.copy()
    notes["pitch"][100:160] = LEARNT[7].notes["pitch"][200:260] + 2
    piece = Piece(notes=notes)
    assert exact.longest_run(piece) == 60
    assert exact.share(piece, 16).found == 45  # runs of sixteen that lie in sixty notes
    assert exact.share(piece, 16).value == pytest.approx(45 / 385)
    judged = originality_of(piece, exact)
    assert judged is not None
    assert (judged.share_16, judged.longest_run, judged.human_share_16) == (pytest.approx(45 / 385), 60, None)


def test_a_run_too_short_for_sixteen_is_told_by_eights(exact):
    notes = music(998).notes.copy()
    notes["pitch"][50:62] = LEARNT[7].notes["pitch"][200:212]
    assert exact.longest_run(Piece(notes=notes)) == 12
    assert exact.share(Piece(notes=notes), 16).value == 0


def test_a_thinned_index_estimates_the_share_within_its_stated_error(exact, thinned):
    # Given pieces of which a third is copied
    rng = np.random.default_rng(5)
    pieces = []
    for seed in range(30):
        notes = music(2_000 + seed, 600).notes.copy()
        start = int(rng.integers(0, 200))
        notes["pitch"][100:300] = LEARNT[seed].notes["pitch"][start : start + 200]
        pieces.append(Piece(notes=notes))
    whole = np.array([exact.share(piece, 16).value for piece in pieces])
    part = np.array([thinned.share(piece, 16).value for piece in pieces])
    # Then the thinned index is right on average, and for a piece within three standard errors of a sample
    assert part.mean() == pytest.approx(whole.mean(), abs=0.03)
    error = np.sqrt(whole * (1 - whole) / [thinned.share(piece, 16).looked_up for piece in pieces])
    assert (np.abs(part - whole) < 3.5 * error).all()


def test_a_piece_too_short_has_no_share(exact):
    assert exact.share(music(1, notes=10), 16).value is None
    assert exact.measure(music(1, notes=10)).share_16 is None
    assert exact.measure(Piece()).longest_run == 0


def test_a_learnt_piece_is_judged_by_what_others_of_the_training_set_share_with_it():
    # Given two pieces of the training set with a passage in common
    notes = LEARNT[1].notes.copy()
    notes["pitch"][:100] = LEARNT[0].notes["pitch"][:100]
    index = OriginalityIndex.of([LEARNT[0], Piece(notes=notes), LEARNT[2]], exact=True)
    # Then that passage is found elsewhere, and nothing else
    assert index.share(LEARNT[0], 16).value == 1
    assert index.share(LEARNT[0], 16, leave_one_out=True).found == 85
    assert index.longest_run(LEARNT[0], leave_one_out=True) == 100
    assert index.share(LEARNT[2], 16, leave_one_out=True).found == 0


def test_an_index_comes_back_as_it_was_saved(thinned):
    index = thinned.with_control([music(seed) for seed in range(500, 510)])
    back = OriginalityIndex.load(index.save())
    assert (back.every, back.human) == (index.every, index.human)
    for piece in (LEARNT[0], music(700)):
        assert back.measure(piece) == index.measure(piece)
        assert back.share(piece, 8, leave_one_out=True) == index.share(piece, 8, leave_one_out=True)
    judged = back.measure(LEARNT[0])
    assert judged.human_share_16 is not None
    assert judged.human_share_16 < 0.01


def test_what_a_run_costs_in_a_bundle_is_what_is_planned_for():
    hashes = np.random.default_rng(0).integers(0, 2**64, 100_000, dtype=np.uint64)
    arrays = CompressedHashSet.of([hashes]).arrays("runs")
    assert sum(array.nbytes for array in arrays.values()) * 8 / len(hashes) < originality.BITS_PER_RUN + 2


def test_a_set_holds_its_members_and_takes_few_others_for_one():
    rng = np.random.default_rng(0)
    hashes, others = (rng.integers(0, 2**64, 50_000, dtype=np.uint64) for _ in range(2))
    members = CompressedHashSet.of([hashes])
    assert members.contains(hashes).all()
    assert members.contains(others).mean() == pytest.approx(1 / 1024, rel=0.5)
    assert not CompressedHashSet.of([]).contains(others).any()
    assert not CompressedHashSet.of([hashes], exact=True).contains(others).any()


@pytest.mark.parametrize("damage", [lambda data: data[:-30], lambda data: b"", lambda data: b"PK" + data[2:900]])
def test_a_damaged_index_is_refused(thinned, damage):
    with pytest.raises(BundleError, match="cannot be read"):
        OriginalityIndex.load(damage(thinned.save()))


def test_without_an_index_nothing_is_said():
    assert originality_of(LEARNT[0], None) is None
