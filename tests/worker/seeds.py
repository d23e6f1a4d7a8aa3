"""Made-up seeds of every kind that a choice of model tells apart."""

from __future__ import annotations

import numpy as np

from model.piece import NOTE, Instrument, Piece, table

PIANO, FLUTE, BASS, DRUMS = Instrument(0), Instrument(73), Instrument(33), Instrument(is_drum=True)


def performance(instrument: Instrument = PIANO, notes: int = 120) -> Piece:
    """Played in free time and recorded: onsets anywhere, on the clock of a file that names no tempo."""
    rng = np.random.default_rng(3)
    onsets = np.cumsum(rng.integers(40, 400, notes))
    columns = (onsets, rng.integers(80, 900, notes), rng.integers(40, 80, notes), rng.integers(30, 100, notes))
    return Piece(notes=table(NOTE, [(*row, 0) for row in zip(*columns, strict=True)]), instruments=(instrument,))


def written(instrument: Instrument = PIANO, late: int = 0) -> Piece:
    """Two voices in sixteenths and quarters, each note up to `late` ticks of 480 off the beat."""
    rng = np.random.default_rng(4)
    rows = [(120 * step, 110, 60 + (step * 5) % 12, 80, 0) for step in range(64)]
    rows += [(480 * step, 470, 43 + step % 5, 80, 0) for step in range(16)]
    rows = [(max(0, row[0] + int(rng.integers(-late, late + 1))), *row[1:]) for row in rows]
    return Piece(notes=table(NOTE, rows), instruments=(instrument,), ticks_per_quarter=480)


def chorale(players: int = 4) -> Piece:
    """Four voices in quarters and eighths, each its own player, or all of them on one keyboard."""
    rows = []
    for voice, pitch in enumerate((72, 65, 60, 48)):
        for step in range(32):
            halves = 2 if (step + voice) % 4 == 0 else 1
            for half in range(halves):
                onset = 480 * step + half * 240
                rows.append((onset, 480 // halves, pitch + (step * 2 + half) % 5, 80, voice % players))
    instruments = tuple(Instrument(52) for _ in range(players))
    return Piece(notes=table(NOTE, rows), instruments=instruments, ticks_per_quarter=480)


def band() -> Piece:
    """Piano, bass and drums, on the beat."""
    rows = [(240 * step, 200, 60 + step % 7, 80, 0) for step in range(32)]
    rows += [(480 * step, 400, 36 + step % 5, 80, 1) for step in range(16)]
    rows += [(240 * step, 100, 42, 80, 2) for step in range(32)]
    return Piece(notes=table(NOTE, rows), instruments=(PIANO, BASS, DRUMS), ticks_per_quarter=480)
