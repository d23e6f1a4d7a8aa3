"""What is written means the same to another library."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pretty_midi

from model.midi import read_midi, write_midi
from model.piece import METER, NOTE, PEDAL, TEMPO, Instrument, Piece, table

PIECE = Piece(
    notes=table(
        NOTE,
        [(0, 480, 60, 40, 0), (480, 240, 64, 90, 0), (1440, 960, 67, 127, 0), (0, 960, 36, 70, 1), (960, 60, 38, 1, 2)],
    ),
    instruments=(Instrument(0, name="Piano"), Instrument(32, name="Bass"), Instrument(0, True, "Kit")),
    ticks_per_quarter=480,
    tempos=table(TEMPO, [(0, 500_000), (960, 750_000)]),
    meters=table(METER, [(0, 3, 4), (1440, 6, 8)]),
    pedals=table(PEDAL, [(0, 700, 0), (960, 500, 0)]),
    title="Three voices",
)


def opened(piece: Piece) -> pretty_midi.PrettyMIDI:
    return pretty_midi.PrettyMIDI(io.BytesIO(write_midi(piece)))


def test_notes_agree_in_seconds_pitch_velocity_and_program() -> None:
    other = opened(PIECE)

    assert [(voice.program, voice.is_drum, voice.name) for voice in other.instruments] == [
        (0, False, "Piano"),
        (32, False, "Bass"),
        (0, True, "Kit"),
    ]
    for index, voice in enumerate(other.instruments):
        mine = PIECE.notes["instrument"] == index
        heard = sorted((note.start, note.end, note.pitch, note.velocity) for note in voice.notes)
        columns = (PIECE.onsets_s, PIECE.offsets_s, PIECE.notes["pitch"], PIECE.notes["velocity"])
        np.testing.assert_allclose(heard, sorted(zip(*(column[mine] for column in columns), strict=True)), atol=1e-6)


def test_tempos_and_meters_agree() -> None:
    other = opened(PIECE)
    times, bpm = other.get_tempo_changes()

    np.testing.assert_allclose(times, [0.0, 1.0])
    np.testing.assert_allclose(bpm, [120.0, 80.0])
    assert [(meter.numerator, meter.denominator) for meter in other.time_signature_changes] == [(3, 4), (6, 8)]


def test_the_pedal_agrees() -> None:
    piano = opened(PIECE).instruments[0]
    moves = [(change.number, change.value, change.time) for change in piano.control_changes]

    ups = PIECE.seconds_at([700, 1460])
    assert [(number, value) for number, value, _ in moves] == [(64, 127), (64, 0), (64, 127), (64, 0)]
    np.testing.assert_allclose([time for _, _, time in moves], [0.0, ups[0], 1.0, ups[1]], atol=1e-6)


def test_what_pretty_midi_writes_is_read_as_it_was_meant() -> None:
    target = io.BytesIO()
    opened(PIECE).write(target)

    read = read_midi(target.getvalue())

    assert read.repairs == ()
    np.testing.assert_allclose(np.sort(read.piece.onsets_s), np.sort(PIECE.onsets_s), atol=2e-3)
    assert len(read.piece.pedals) == 2


def test_the_bundled_seed_is_a_tidy_expressive_piece() -> None:
    seed = Path(__file__).parents[3] / "sandbox" / "seeds" / "prelude_in_c.mid"

    read = read_midi(seed.read_bytes())

    assert read.repairs == ()
    assert len(read.piece) == 48
    assert 8 <= read.piece.end_s <= 11
    assert len(np.unique(read.piece.notes["velocity"])) > 15
    assert len(read.piece.pedals) == 3
