"""Composing: the seed as it was, new music of the length asked for, the same piece for the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from model.composing.composer import FREED, LONGEST_PRIMING, MAX_LENGTH_S, Composer, Composition
from model.errors import RequestError
from model.joining import LAST_NOTES_RING_S
from model.piece import NOTE, TEMPO, Instrument, Piece, table
from model.representation import Performance
from model.sampling import Taste
from model.sampling.sampler import Position
from tests.model.made_pieces import scales

LENGTH_S = 6.0
PIANO_SEED = Performance().decode(scales(1, 24)[0])  # 24 notes, one every 250 ms


def same_notes(one: Piece, other: Piece) -> bool:
    return np.array_equal(one.notes, other.notes)


def new_notes(composition: Composition) -> np.ndarray:
    """The composed part: what starts at `seed_s` or later."""
    piece = composition.piece
    return piece.notes[piece.onsets_s >= composition.seed_s - 1e-6]


@pytest.fixture(scope="module")
def continued(composer: Composer) -> Composition:
    return composer.compose(PIANO_SEED, LENGTH_S, random_seed=7)


def test_from_nothing_it_composes_as_long_as_it_was_asked_to(composer: Composer):
    composition = composer.compose(None, LENGTH_S, random_seed=1)
    onsets = composition.piece.onsets_s
    assert onsets.min() == 0
    assert LENGTH_S - 4.1 < onsets.max() < LENGTH_S  # a drawn wait lasts four seconds at most
    assert composition.seed_s == 0
    assert composition.notes == composition.composed_notes == len(composition.piece) > 0
    assert not composition.stopped
    assert composition.remarks == ()


@pytest.mark.parametrize("length_s", [5.0, 11.5])
@pytest.mark.parametrize("random_seed", [1, 2])
def test_no_note_starts_after_the_length_or_rings_more_than_two_seconds_beyond(
    composer: Composer, length_s: float, random_seed: int
):
    composition = composer.compose(PIANO_SEED, length_s, 1.5, random_seed)
    last_onset_s = PIANO_SEED.onsets_s.max()
    assert composition.piece.onsets_s.max() < last_onset_s + length_s + 0.006
    assert composition.piece.end_s <= last_onset_s + length_s + LAST_NOTES_RING_S + 0.006


def test_the_seed_is_there_exactly_and_seed_s_says_where_it_ends(continued: Composition):
    piece = continued.piece
    before = piece.notes[piece.onsets_s < continued.seed_s]
    for name in ("onset", "pitch", "velocity"):
        np.testing.assert_array_equal(before[name], PIANO_SEED.notes[name])
    assert (before["duration"] <= PIANO_SEED.notes["duration"]).all()  # a key struck again ends the note before
    assert continued.seed_s >= PIANO_SEED.onsets_s.max()
    assert len(new_notes(continued)) == continued.composed_notes
    assert continued.notes == len(PIANO_SEED) + continued.composed_notes


def test_without_the_seed_the_new_music_is_the_same_and_starts_at_once(composer: Composer, continued: Composition):
    alone = composer.compose(PIANO_SEED, LENGTH_S, random_seed=7, include_seed=False)
    new = new_notes(continued)
    assert alone.seed_s == 0
    assert alone.piece.notes["pitch"].tolist() == new["pitch"].tolist()
    assert alone.piece.notes["onset"].tolist() == (new["onset"] - new["onset"].min()).tolist()


def test_the_same_numbers_give_the_same_piece_and_others_another(composer: Composer, continued: Composition):
    assert same_notes(composer.compose(PIANO_SEED, LENGTH_S, random_seed=7).piece, continued.piece)
    assert not same_notes(composer.compose(PIANO_SEED, LENGTH_S, random_seed=8).piece, continued.piece)
    assert not same_notes(composer.compose(PIANO_SEED, LENGTH_S, 1.9, random_seed=7).piece, continued.piece)


def test_a_longer_piece_begins_as_the_shorter_one(composer: Composer, continued: Composition):
    longer = composer.compose(PIANO_SEED, 2 * LENGTH_S, random_seed=7)
    together = len(continued.piece) - 5  # the last notes may have been cut
    np.testing.assert_array_equal(longer.piece.notes["onset"][:together], continued.piece.notes["onset"][:together])
    np.testing.assert_array_equal(longer.piece.notes["pitch"][:together], continued.piece.notes["pitch"][:together])


def test_what_it_learnt_shows_in_what_it_composes(composer: Composer):
    # Given a network that has seen even notes, four a second, all equally loud
    composition = composer.compose(PIANO_SEED, 20.0, temperature=0.3, random_seed=3)
    # Then nearly all notes it composes are of that loudness
    velocities = new_notes(composition)["velocity"] // 4
    assert np.mean(velocities == 16) > 0.9


def test_a_stop_keeps_the_piece_so_far(composer: Composer):
    # Given someone who stops after the second chunk
    fractions: list[float] = []
    composition = composer.compose(
        None,
        MAX_LENGTH_S,
        random_seed=1,
        on_progress=lambda stage, fraction: fractions.append(fraction) if stage == "composing" else None,
        should_stop=lambda: len(fractions) >= 2,
    )
    # Then what was composed until then is the piece
    assert composition.stopped
    assert len(fractions) == 2
    assert composition.composed_notes == 32
    assert composition.piece.end_s < MAX_LENGTH_S


@pytest.mark.parametrize(("seed", "first"), [(PIANO_SEED, "priming"), (None, "composing")])
def test_progress_begins_with_the_seed_where_there_is_one_and_rises_to_the_whole(
    composer: Composer, seed: Piece | None, first: str
):
    seen: list[tuple[str, float]] = []
    composer.compose(seed, LENGTH_S, on_progress=lambda *update: seen.append(update))
    assert seen[0][0] == first
    composing = [fraction for stage, fraction in seen if stage == "composing"]
    assert composing == sorted(composing)
    assert composing[-1] == 1.0


def test_a_network_that_got_stuck_repeating_draws_more_freely_until_it_moves_on(
    composer: Composer, monkeypatch: pytest.MonkeyPatch
):
    # Given a network that repeats one chord without end while it draws too safely
    temperatures: list[float] = []

    def chunk(position: Position, uniforms: np.ndarray, taste: Taste) -> tuple[np.ndarray, Position]:
        temperatures.append(taste.temperature)
        wait = 1 if taste.temperature < 1 else 20
        return np.tile(np.array([wait, 60, 16, 10], np.int32), (len(uniforms), 1, 1)), position

    monkeypatch.setattr(composer._sampler, "chunk", chunk)
    # When a piece is asked for at a low temperature
    composition = composer.compose(None, LENGTH_S, temperature=0.2)
    # Then it still becomes as long as it was asked to be
    assert composition.piece.onsets_s.max() > LENGTH_S - 0.5
    assert temperatures[:4] == [0.2, 1.0, 0.2, 1.0]
    # And the member is told
    assert composition.remarks == (FREED,)


def test_a_seed_of_drums_alone_is_refused(composer: Composer):
    drums = Piece(notes=table(NOTE, [(0, 100, 36, 90, 0)]), instruments=(Instrument(is_drum=True),))
    with pytest.raises(RequestError, match="only drums"):
        composer.compose(drums, LENGTH_S)


@pytest.mark.parametrize("length_s", [0, 4.9, 300.1, float("nan"), float("inf"), -5])
def test_a_length_out_of_range_is_refused(composer: Composer, length_s: float):
    with pytest.raises(RequestError, match="between 5 and 300 seconds"):
        composer.compose(None, length_s)


@pytest.mark.parametrize("temperature", [0, 0.09, 2.1, float("nan")])
def test_a_temperature_out_of_range_is_refused(composer: Composer, temperature: float):
    with pytest.raises(RequestError, match=r"between 0\.1 and 2"):
        composer.compose(None, LENGTH_S, temperature)


def test_a_random_seed_below_zero_is_refused(composer: Composer):
    with pytest.raises(RequestError, match="from 0 on"):
        composer.compose(None, LENGTH_S, random_seed=-1)


def test_a_long_seed_is_heard_and_kept_at_its_end_and_a_remark_says_so(composer: Composer):
    # Given a seed of seven and a half minutes, more notes than the network hears
    seed = Performance().decode(scales(1, 1_800)[0])
    assert len(seed) > LONGEST_PRIMING
    # When a minute is to follow it
    composition = composer.compose(seed, 60.0, random_seed=1)
    # Then the last four minutes are in the file, and a sentence tells
    assert composition.seed_s == pytest.approx(240, abs=5)
    assert composition.piece.onsets_s.max() < MAX_LENGTH_S + 0.01
    assert len(composition.remarks) == 1
    assert "seed is long" in composition.remarks[0]


def test_the_tempo_map_of_the_seed_keeps_its_place_and_the_new_music_its_speed(composer: Composer):
    # Given the same seed on two clocks: one tick a millisecond, and quarter notes of half and of one and a half seconds
    tempos = table(TEMPO, [(0, 500_000), (960, 1_500_000)])
    same = Piece(ticks_per_quarter=480, tempos=tempos)
    notes = PIANO_SEED.notes.copy()
    onsets, ends = same.ticks_at(PIANO_SEED.onsets_s), same.ticks_at(PIANO_SEED.offsets_s)
    notes["onset"], notes["duration"] = onsets, ends - onsets
    seed = Piece(notes=notes, ticks_per_quarter=480, tempos=tempos)
    # When both are continued
    one = composer.compose(PIANO_SEED, LENGTH_S, random_seed=7)
    other = composer.compose(seed, LENGTH_S, random_seed=7)
    # Then the seconds are the same, and the tempo map is there
    assert other.piece.notes["pitch"].tolist() == one.piece.notes["pitch"].tolist()
    np.testing.assert_allclose(other.piece.onsets_s, one.piece.onsets_s, atol=0.005)
    quarters = other.piece.tempos["tick"] / other.piece.ticks_per_quarter
    assert list(zip(quarters, other.piece.tempos["quarter_us"], strict=True)) == [(0, 500_000), (2, 1_500_000)]


def test_one_instrument_is_continued_by_itself_and_several_by_a_piano_of_its_own(composer: Composer):
    flute = Piece(notes=PIANO_SEED.notes, instruments=(Instrument(73, name="flute"),))
    composition = composer.compose(flute, LENGTH_S, random_seed=7)
    assert composition.piece.instruments == flute.instruments
    notes = PIANO_SEED.notes.copy()
    notes["instrument"][::2] = 1
    duet = Piece(notes=notes, instruments=(Instrument(73), Instrument(40)))
    composition = composer.compose(duet, LENGTH_S, random_seed=7)
    assert composition.piece.instruments[:2] == duet.instruments
    assert set(new_notes(composition)["instrument"]) == {2}
    assert composition.piece.instruments[2].program == 0


def test_drums_of_a_seed_stay_in_the_file_and_the_melody_goes_on(composer: Composer):
    notes = PIANO_SEED.notes.copy()
    notes["instrument"][::3] = 1
    seed = Piece(notes=notes, instruments=(Instrument(73), Instrument(is_drum=True)))
    composition = composer.compose(seed, LENGTH_S, random_seed=7)
    assert set(new_notes(composition)["instrument"]) == {0}
    assert (composition.piece.notes["instrument"] == 1).sum() == (notes["instrument"] == 1).sum()
