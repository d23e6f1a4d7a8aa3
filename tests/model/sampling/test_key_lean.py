"""The lean towards a key: what the key lacks gets likelier, what it has enough of is left alone, it ends at home."""

from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from model.analysis.key_detection import keys_of
from model.controls import KEYS
from model.representation import Performance, representation_of
from model.representation.arrays import NUMPY
from model.representation.voices import REST_CLASS, WIDEST
from model.sampling.key_lean import AT_END, AT_FIRST, KeyLean, Lean
from model.tonality import closes, profile

PERFORMANCE = Performance()


@pytest.fixture(scope="module")
def key_lean() -> KeyLean:
    return KeyLean(PERFORMANCE)


def towards(key_lean: KeyLean, lean: Lean, left: int = -1) -> np.ndarray:
    """Logits for each pitch, (batch, 128), `left` steps before the end."""
    batch = len(lean["heard"])
    return ops.convert_to_numpy(key_lean.towards(1, lean, {"left": np.full(batch, left, dtype=np.int32)}))


def after(key_lean: KeyLean, key: str | None, pitches: list[int]) -> Lean:
    """What is remembered after notes of these pitches."""
    lean = key_lean.start(1, key)
    for pitch in pitches:
        lean = key_lean.heard(lean, np.array([[20, pitch, 16, 10]], dtype=np.int32))
    return lean


@pytest.mark.parametrize("key", KEYS)
def test_the_profile_of_a_key_is_music_in_that_key(key: str):
    assert profile(key).sum() == pytest.approx(1)
    assert KEYS[int(keys_of(profile(key)))] == key


def test_where_no_key_is_asked_nothing_leans(key_lean: KeyLean):
    assert not towards(key_lean, after(key_lean, None, [61, 63, 66] * 20), left=0).any()


def test_at_first_every_octave_leans_towards_the_scale(key_lean: KeyLean):
    logits = towards(key_lean, key_lean.start(1, "F# minor"))[0]
    scale = [6, 8, 9, 11, 1, 2, 4]  # F# G# A B C# D E
    others = [pitch_class for pitch_class in range(12) if pitch_class not in (*scale, 3, 5)]  # but D# and E#
    assert min(logits[48 + one] for one in scale) > max(logits[48 + one] for one in others)
    # In minor the leading note is nearer than what is foreign
    assert logits[48 + 5] > max(logits[48 + one] for one in others)
    np.testing.assert_array_equal(logits[:12], logits[108:120])


def test_what_the_key_lacks_gets_likelier_and_what_was_heard_too_often_less(key_lean: KeyLean):
    before, then = (towards(key_lean, after(key_lean, "C major", [64, 67] * repeats))[0] for repeats in (0, 40))
    assert then[60] - then[64] > before[60] - before[64] + 0.5  # the tonic is missing, its third is not


def test_a_piece_that_has_the_notes_of_its_key_is_left_alone(key_lean: KeyLean):
    # Given a long piece with every pitch class as often as music in the key has it
    rng = np.random.default_rng(0)
    pitches = 48 + rng.choice(12, size=1500, p=profile("Eb major") / profile("Eb major").sum())
    logits = towards(key_lean, after(key_lean, "Eb major", pitches.tolist()))[0]
    # Then the push for any is small beside that at the beginning
    assert np.ptp(logits) < 0.5 * np.ptp(towards(key_lean, key_lean.start(1, "Eb major"))[0])


def test_the_nearer_the_end_the_more_only_the_tonic_chord_is_left(key_lean: KeyLean):
    lean = key_lean.start(1, "A minor")
    away = [float(towards(key_lean, lean, left)[0, 62]) for left in (-1, 1000, 100, 0)]
    assert away == sorted(away, reverse=True)
    assert away[0] - away[-1] == pytest.approx(AT_END, rel=1e-3)
    # And in the bass its root alone
    assert [pitch for pitch in range(40, 70) if closes("A minor")[pitch]] == [45, 52, 57, 60, 64, 69]


def test_every_piece_has_a_key_of_its_own(key_lean: KeyLean):
    rows = [key_lean.start(1, key) for key in ("C major", None, "B minor")]
    together = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    logits = towards(key_lean, together, left=0)
    np.testing.assert_allclose(logits, np.concatenate([towards(key_lean, row, left=0) for row in rows]))
    assert not logits[1].any()


def test_drums_and_changes_of_tempo_are_not_heard_as_pitches():
    score = KeyLean(representation_of("score"))
    lean = score.start(1, "C major")
    for instrument in (0, 1, 130):
        heard = score.heard(lean, np.array([[12, instrument, 42, 10, 16]], dtype=np.int32))
        np.testing.assert_array_equal(heard["heard"], lean["heard"])
    heard = score.heard(lean, np.array([[12, 2, 42, 10, 16]], dtype=np.int32))
    assert float(heard["heard"][0, 6]) > float(lean["heard"][0, 6])


def test_a_voice_leans_by_the_pitch_that_a_move_leads_to():
    # Given a soprano on D5 and a bass on E3
    voices = representation_of("voices")
    lean, situation = KeyLean(voices), voices.situation(1, NUMPY)
    situation["reference"] = np.array([[74, 69, 60, 52]], dtype=np.int32)
    # When D major is asked
    began = lean.start(1, "D major")
    soprano, bass = (ops.convert_to_numpy(lean.towards(voice, began, situation))[0] for voice in (0, 3))
    # Then staying is as good for the one as a step down by a tone for the other, and a semitone up is worse
    assert soprano[WIDEST] == pytest.approx(bass[WIDEST - 2])
    assert soprano[WIDEST + 1] < soprano[WIDEST] - 0.3
    assert bass[WIDEST + 1] < bass[WIDEST] - 0.1  # F is foreign, E is not
    # And neither a rest nor the end gets likelier or less likely
    assert not soprano[REST_CLASS:].any()
    assert not bass[REST_CLASS:].any()


def test_what_four_voices_hold_is_heard_for_as_long_as_they_hold_it():
    voices = KeyLean(representation_of("voices"))
    lean = voices.start(1, "C major")
    for _ in range(4):  # a quarter of C, silence, E and C
        lean = voices.heard(lean, np.array([[72, -1, 64, 48]], dtype=np.int32))
    gained = ops.convert_to_numpy(lean["heard"])[0] - AT_FIRST
    assert gained[0] == pytest.approx(2, abs=0.1)
    assert gained[4] == pytest.approx(1, abs=0.1)


def test_a_rest_stays_as_likely_as_it_was_however_much_was_sung():
    voices, rng = representation_of("voices"), np.random.default_rng(0)
    key_lean = KeyLean(voices)
    lean = key_lean.start(1, "G major")
    for _ in range(300):  # music that has every pitch class as often as the key wants it
        pitches = 60 + rng.choice(12, size=(1, 4), p=profile("G major") / profile("G major").sum())
        lean = key_lean.heard(lean, pitches.astype(np.int32))
    pushes = ops.convert_to_numpy(key_lean.towards(0, lean, voices.situation(1, NUMPY)))[0, :REST_CLASS]
    assert abs(pushes[WIDEST - 6 : WIDEST + 6].mean()) < 0.1


@pytest.mark.parametrize("name", ["events", "notes"])
def test_it_does_nothing_where_steps_are_no_notes(name: str):
    key_lean = KeyLean(representation_of(name, vocabulary=("C4",)))
    assert key_lean.fields == ()
    assert not key_lean.start(1, "C major")["wanted"].any()
