"""Near-duplicates: copies are found whatever was done to them, different pieces are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.analysis.near_duplicates import SKETCH, near_duplicates, share, sketch
from model.corpora.corpus import EncodedFile, duplicates_of_held_out, encode_corpus, split_by_hash
from model.midi import write_midi
from model.piece import NOTE, Instrument, Piece, table


def tune(seed: int, notes: int = 120) -> Piece:
    """A random walk over a scale, with a bass of its own."""
    rng = np.random.default_rng(seed)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    melody = np.clip(np.cumsum(rng.integers(-3, 4, notes)) + 14, 0, 27)
    bass = rng.integers(0, 14, notes // 4)
    rows = [(250 * at, 240, 48 + 12 * (step // 7) + scale[step % 7], 80, 0) for at, step in enumerate(melody)]
    rows += [(1000 * at, 900, 36 + 12 * (step // 7) + scale[step % 7], 70, 1) for at, step in enumerate(bass)]
    return Piece(table(NOTE, rows), (Instrument(40), Instrument(42)))


def changed(piece: Piece, **columns: np.ndarray) -> Piece:
    notes = piece.notes.copy()
    for name, values in columns.items():
        notes[name] = values
    return piece.with_notes(notes)


def edited(piece: Piece, edits: int, seed: int = 0) -> Piece:
    """A few notes a step higher, as another editor reads them."""
    pitches = piece.notes["pitch"].copy()
    pitches[np.random.default_rng(seed).choice(len(pitches), edits, replace=False)] += 1
    return changed(piece, pitch=pitches)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "copy",
    [
        lambda piece: changed(piece, pitch=piece.notes["pitch"] + 5),
        lambda piece: changed(piece, velocity=1 + np.arange(len(piece)) % 127, duration=1),
        lambda piece: changed(piece, onset=piece.notes["onset"] * 3 // 2),
        lambda piece: edited(piece, 3),
        lambda piece: piece.with_notes(piece.notes[: len(piece) * 2 // 3]),
        lambda piece: replace(piece, instruments=(Instrument(0), Instrument(0))),
    ],
    ids=["transposed", "played otherwise", "slower", "edited", "cut off", "on another instrument"],
)
def test_a_copy_is_found(copy, seed):
    assert near_duplicates([sketch(tune(seed)), sketch(tune(99)), sketch(copy(tune(seed)))]) == [(0, 2)]


def test_different_pieces_of_one_kind_are_kept():
    assert near_duplicates([sketch(tune(seed)) for seed in range(60)]) == []


def test_a_commonplace_does_not_make_two_pieces_one():
    scales = table(NOTE, [(250 * at, 240, 48 + at % 24, 80, 0) for at in range(100)])
    pieces = [tune(seed) for seed in range(5)]
    with_scales = []
    for piece in pieces:
        later = piece.notes.copy()
        later["onset"] += 250 * len(scales)
        with_scales.append(piece.with_notes(np.concatenate([scales, later])))
    assert near_duplicates([sketch(piece) for piece in with_scales]) == []


def test_a_note_that_one_collection_ties_and_another_repeats_counts_once():
    piece = tune(3)
    repeated = np.sort(np.concatenate([piece.notes, piece.notes]), order=["onset"])
    repeated["onset"][1::2] += 125
    repeated["duration"] = 120
    assert share(sketch(piece), sketch(piece.with_notes(repeated))) > 0.9


def test_a_sketch_is_short_rising_and_empty_for_drums_and_fragments():
    long = sketch(tune(1, 4000))
    assert len(long) == SKETCH
    assert (np.diff(long.astype(object)) > 0).all()
    assert not len(sketch(replace(tune(1), instruments=(Instrument(is_drum=True), Instrument(is_drum=True)))))
    assert not len(sketch(tune(1).with_notes(tune(1).notes[:3])))


def test_a_long_piece_is_known_again_in_part_of_it():
    assert share(sketch(tune(1, 3000)), sketch(edited(tune(1, 3000), 20))) > 0.7


def held_out_and_trained_on(folder: Path) -> tuple[Path, str]:
    """A folder with eight tunes and a transposed copy of one of them that the hash puts on the other side."""
    files = {f"{seed}.mid": write_midi(tune(seed)) for seed in range(8)}
    held_out = write_midi(tune(100))
    title = 0
    while split_by_hash(held_out) != "validation":
        title += 1
        held_out = write_midi(replace(tune(100), title=str(title)))
    files["held-out.mid"] = held_out
    copy = changed(tune(100), pitch=tune(100).notes["pitch"] - 3)
    title = 0
    while split_by_hash(write_midi(replace(copy, title=str(title)))) != "train":
        title += 1
    files["copy.mid"] = write_midi(replace(copy, title=str(title)))
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder, "copy.mid"


def test_what_is_nearly_held_out_is_not_trained_on_and_what_is_held_out_stays(tmp_path):
    folder, copy = held_out_and_trained_on(tmp_path)
    data = encode_corpus(folder, "performance", 1, tmp_path / "cache")
    assert data.duplicates == {copy: "held-out.mid"}
    held_out = sum(split_by_hash(path.read_bytes()) == "validation" for path in folder.glob("*.mid"))
    assert len(data.validation) == held_out
    assert len(data.train) == 10 - held_out - 1


def test_a_published_split_is_kept_and_its_duplicates_are_told(tmp_path):
    folder, copy = held_out_and_trained_on(tmp_path)
    rows = [f"{path.name},{'validation' if path.name == 'held-out.mid' else 'train'}" for path in folder.glob("*.mid")]
    (folder / "table.csv").write_text("\n".join(["midi_filename,split", *rows]))
    data = encode_corpus(folder, "performance", 1, tmp_path / "cache")
    assert data.duplicates == {copy: "held-out.mid"}
    assert (len(data.train), len(data.validation)) == (9, 1)


def test_duplicates_on_the_same_side_are_nobody_s_trouble():
    one = sketch(tune(1))
    steps = np.ones((20, 4), dtype=np.int32)
    files = [EncodedFile(name, steps, None, "train", sketch=one) for name in "ab"]
    assert duplicates_of_held_out(files) == {}
