"""Composing: the seed as it was, new music of the length asked for, the same piece for the same numbers."""

from __future__ import annotations

import threading
from itertools import count

import numpy as np
import pytest

from model.errors import RequestError
from model.generation import ComposeOptions, Composer, Composition, SamplingParameters, engine
from model.generation.engine import CHUNK
from model.generation.options import MAX_LENGTH_S
from model.generation.seed_encoding import LONGEST_PRIMING
from model.piece import NOTE, TEMPO, Instrument, Piece, table
from model.representation import Performance
from tests.model.made_pieces import scales

LENGTH_S = 6.0
PATIENCE_S = 60.0  # far above what a busy machine needs
PIANO_SEED = Performance().decode(scales(1, 24)[0])  # 24 notes, one every 250 ms


def same_notes(one: Piece, other: Piece) -> bool:
    return np.array_equal(one.notes, other.notes)


def new_notes(composition: Composition) -> np.ndarray:
    """The composed part: what starts at `seed_s` or later."""
    piece = composition.piece
    return piece.notes[piece.onsets_s >= composition.seed_s - 1e-6]


def asking(length_s: float = LENGTH_S, random_seed: int = 7, **options) -> ComposeOptions:
    return ComposeOptions(length_s=length_s, random_seed=random_seed, **options)


@pytest.fixture(scope="module")
def continued(composer: Composer) -> Composition:
    return composer.compose(PIANO_SEED, asking())


def test_from_nothing_it_composes_as_long_as_it_was_asked_to(composer: Composer):
    composition = composer.compose(None, asking(random_seed=1))
    onsets = composition.piece.onsets_s
    assert onsets.min() == 0
    assert onsets.max() == pytest.approx(LENGTH_S * 0.952, abs=0.006)
    assert composition.seed_s == 0
    assert composition.notes == composition.composed_notes == len(composition.piece) > 0
    assert composition.ended
    assert not composition.stopped
    assert composition.remarks == ()


@pytest.mark.parametrize("length_s", [5.0, 11.5, 40.0])
@pytest.mark.parametrize("random_seed", [1, 2])
def test_the_length_is_what_was_asked_for_and_the_piece_ends_by_itself(
    composer: Composer, length_s: float, random_seed: int
):
    taste = SamplingParameters(temperature=1.5)
    composition = composer.compose(PIANO_SEED, asking(length_s, random_seed, sampling=taste))
    last_onset_s = PIANO_SEED.onsets_s.max()
    assert composition.ended
    assert composition.piece.end_s - last_onset_s == pytest.approx(length_s, rel=0.05)


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
    alone = composer.compose(PIANO_SEED, asking(include_seed=False))
    new = new_notes(continued)
    assert alone.seed_s == 0
    assert alone.piece.notes["pitch"].tolist() == new["pitch"].tolist()
    assert alone.piece.notes["onset"].tolist() == (new["onset"] - new["onset"].min()).tolist()


def test_the_same_numbers_give_the_same_piece_and_others_another(composer: Composer, continued: Composition):
    assert same_notes(composer.compose(PIANO_SEED, asking()).piece, continued.piece)
    assert not same_notes(composer.compose(PIANO_SEED, asking(random_seed=8)).piece, continued.piece)
    wilder = asking(sampling=SamplingParameters(temperature=1.9))
    assert not same_notes(composer.compose(PIANO_SEED, wilder).piece, continued.piece)


def test_what_it_learnt_shows_in_what_it_composes(composer: Composer):
    # Given a network that has seen even notes, four a second, all equally loud
    composition = composer.compose(PIANO_SEED, asking(20.0, 3, sampling=SamplingParameters(temperature=0.3)))
    # Then nearly all notes it composes are of that loudness
    velocities = new_notes(composition)["velocity"] // 4
    assert np.mean(velocities == 16) > 0.9


def test_a_stop_keeps_the_piece_so_far(composer: Composer, monkeypatch: pytest.MonkeyPatch):
    # Given someone who stops after the second chunk, and an engine that is no further than the third by then
    fractions: list[float] = []
    drawn, is_asked, draw = count(1), threading.Event(), engine.run

    def should_stop() -> bool:
        if len(fractions) >= 2:
            is_asked.set()
        return is_asked.is_set()

    def drawn_in_time(*arguments: object) -> object:
        if next(drawn) > 2:
            is_asked.wait(PATIENCE_S)
        return draw(*arguments)

    monkeypatch.setattr(engine, "run", drawn_in_time)
    composition = composer.compose(
        None,
        asking(MAX_LENGTH_S, 1),
        on_progress=lambda stage, fraction: fractions.append(fraction) if stage == "composing" else None,
        should_stop=should_stop,
    )
    # Then what was composed until then is the piece
    assert composition.stopped
    assert not composition.ended
    assert composition.composed_notes >= 2 * CHUNK
    assert composition.composed_notes % CHUNK == 0
    assert composition.piece.end_s < MAX_LENGTH_S


@pytest.mark.parametrize(("seed", "first"), [(PIANO_SEED, "priming"), (None, "composing")])
def test_progress_begins_with_the_seed_where_there_is_one_and_rises_to_the_whole(
    composer: Composer, seed: Piece | None, first: str
):
    seen: list[tuple[str, float]] = []
    composer.compose(seed, asking(), on_progress=lambda *update: seen.append(update))
    assert seen[0][0] == first
    composing = [fraction for stage, fraction in seen if stage == "composing"]
    assert composing == sorted(composing)
    assert composing[-1] == 1.0


def test_a_seed_of_drums_alone_is_refused(composer: Composer):
    drums = Piece(notes=table(NOTE, [(0, 100, 36, 90, 0)]), instruments=(Instrument(is_drum=True),))
    with pytest.raises(RequestError, match="only drums"):
        composer.compose(drums, asking())


def test_a_temperature_for_what_the_model_does_not_draw_is_refused(composer: Composer):
    with pytest.raises(RequestError, match=r"draws no 'position'.*shift, pitch, velocity, duration"):
        composer.compose(None, asking(sampling=SamplingParameters(temperatures={"position": 1.0})))


@pytest.mark.parametrize(
    "options", [asking(4.9), ComposeOptions(bars=8), asking(mode="vary"), asking(mode="accompany")]
)
def test_what_cannot_be_composed_is_refused_before_anything_is_drawn(composer: Composer, options: ComposeOptions):
    with pytest.raises(RequestError):
        composer.compose(None, options)


def test_a_long_seed_is_heard_and_kept_at_its_end_and_a_remark_says_so(composer: Composer):
    # Given a seed of seven and a half minutes, more notes than the network hears
    seed = Performance().decode(scales(1, 1_800)[0])
    assert len(seed) > LONGEST_PRIMING
    # When a minute is to follow it
    composition = composer.compose(seed, asking(60.0, 1))
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
    one = composer.compose(PIANO_SEED, asking())
    other = composer.compose(seed, asking())
    # Then the seconds are the same, and the tempo map is there
    assert other.piece.notes["pitch"].tolist() == one.piece.notes["pitch"].tolist()
    np.testing.assert_allclose(other.piece.onsets_s, one.piece.onsets_s, atol=0.005)
    quarters = other.piece.tempos["tick"] / other.piece.ticks_per_quarter
    assert list(zip(quarters, other.piece.tempos["quarter_us"], strict=True)) == [(0, 500_000), (2, 1_500_000)]


def test_one_instrument_is_continued_by_itself_and_several_by_a_piano_of_its_own(composer: Composer):
    flute = Piece(notes=PIANO_SEED.notes, instruments=(Instrument(73, name="flute"),))
    composition = composer.compose(flute, asking())
    assert composition.piece.instruments == flute.instruments
    notes = PIANO_SEED.notes.copy()
    notes["instrument"][::2] = 1
    duet = Piece(notes=notes, instruments=(Instrument(73), Instrument(40)))
    composition = composer.compose(duet, asking())
    assert composition.piece.instruments[:2] == duet.instruments
    assert set(new_notes(composition)["instrument"]) == {2}
    assert composition.piece.instruments[2].program == 0


def test_drums_of_a_seed_stay_in_the_file_and_the_melody_goes_on(composer: Composer):
    notes = PIANO_SEED.notes.copy()
    notes["instrument"][::3] = 1
    seed = Piece(notes=notes, instruments=(Instrument(73), Instrument(is_drum=True)))
    composition = composer.compose(seed, asking())
    assert set(new_notes(composition)["instrument"]) == {0}
    assert (composition.piece.notes["instrument"] == 1).sum() == (notes["instrument"] == 1).sum()
