"""Synthetic piano music to measure with: as dense, uneven and pedalled as a recorded performance, always the same.

MAESTRO's performances have about ten notes a second (Hawthorne et al. 2019, "Enabling Factorized Piano Music Modeling
and Generation with the MAESTRO Dataset", table 1), seldom two of them at the same moment, and so have
these. They are not meant for listening.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.midi import write_midi
from model.piece import NOTE, PEDAL, Instrument, Piece

SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
PROGRESSION = (0, 5, 3, 4, 1, 4, 0, 2)  # degrees of the scale, a bar each
BEAT_S, BEATS = 0.55, 4
LEFT_PER_BEAT, RIGHT_PER_BEAT = 2, 3
CHORD_SHARE = 0.2  # of the right hand's notes: those with a third below
ONSET_JITTER_S = 0.012  # standard deviation
RUBATO_S, PHRASE_S = 0.12, 9.0  # amplitude and period of the tempo's deviation
PEDAL_LATE_S, PEDAL_EARLY_S = 0.08, 0.05  # it goes down after a chord and up before the next


def performance(length_s: float, random_seed: int) -> Piece:
    """A piece of about `length_s` seconds for one piano, with pedal; ticks are milliseconds."""
    rng = np.random.default_rng(random_seed)
    beats = np.arange(max(1, int(length_s / BEAT_S / BEATS)) * BEATS)  # whole bars
    roots = np.resize(PROGRESSION, len(beats) // BEATS + 1)[beats // BEATS]
    key = int(rng.integers(-5, 7))
    hands = [_left(beats, roots, rng), _right(beats, roots, rng)]
    at, degree, held, loud = (np.concatenate(part) for part in zip(*hands, strict=True))
    onset = _seconds(at, rng.uniform(0, 2 * np.pi)) + rng.normal(0, ONSET_JITTER_S, len(at))
    notes = np.zeros(len(at), NOTE)
    notes["onset"] = np.maximum(0, np.rint(1000 * onset))
    notes["duration"] = np.maximum(30, np.rint(1000 * BEAT_S * held * rng.uniform(0.7, 1.1, len(at))))
    notes["pitch"] = np.clip(60 + key + 12 * (degree // 7) + SCALE[degree % 7], 21, 108)
    arch = 12 * np.sin(np.pi * (at * BEAT_S % PHRASE_S) / PHRASE_S)
    notes["velocity"] = np.clip(np.rint(loud + arch + rng.normal(0, 6, len(at))), 1, 127)
    name = Instrument(name="Piano")
    return Piece(notes=notes, instruments=(name,), pedals=_pedals(int(beats[-1]) // BEATS + 1), title="made to measure")


def write_folder(folder: Path, count: int, length_s: float) -> list[Path]:
    """Write `count` MIDI files of `length_s` seconds each to `folder`, which is created.

    Returns:
        Their paths.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:04}.mid" for number in range(count)]
    for number, path in enumerate(paths):
        path.write_bytes(write_midi(performance(length_s, number)))
    return paths


def _seconds(at: NDArray, phase: float) -> NDArray:
    """Onsets in seconds from onsets in beats, with rubato."""
    even = at * BEAT_S
    return even + RUBATO_S * np.sin(2 * np.pi * even / PHRASE_S + phase)


def _left(beats: NDArray, roots: NDArray, rng: np.random.Generator) -> tuple[NDArray, ...]:
    """Broken chords: onset in beats, degree of the scale (0 = middle C), duration in beats, velocity."""
    at = np.repeat(beats, LEFT_PER_BEAT) + np.tile(np.arange(LEFT_PER_BEAT) / LEFT_PER_BEAT, len(beats))
    figure = np.resize([0, 4, 7, 9, 7, 4, 9, 7], len(at))
    degree = np.repeat(roots, LEFT_PER_BEAT) - 14 + figure
    return at, degree, np.where(figure == 0, 2.0, 0.8), np.full(len(at), 52) + 8 * (figure == 0)


def _right(beats: NDArray, roots: NDArray, rng: np.random.Generator) -> tuple[NDArray, ...]:
    """A melody in steps and small leaps, sometimes with a third below it."""
    at = np.repeat(beats, RIGHT_PER_BEAT) + np.tile(np.arange(RIGHT_PER_BEAT) / RIGHT_PER_BEAT, len(beats))
    walk = np.cumsum(rng.choice([-3, -1, -1, 0, 1, 1, 3], len(at)))
    degree = 7 + np.abs((walk + 10) % 20 - 10) + np.repeat(roots % 2, RIGHT_PER_BEAT)
    doubled = np.flatnonzero(rng.random(len(at)) < CHORD_SHARE)
    at, degree = np.append(at, at[doubled]), np.append(degree, degree[doubled] - 2)
    return at, degree, rng.choice([0.3, 0.4, 1.0], len(at)), np.full(len(at), 66)


def _pedals(bars: int) -> NDArray:
    """The pedal is down during every bar."""
    pedals = np.zeros(bars, PEDAL)
    bar_s = BEATS * BEAT_S
    pedals["onset"] = np.rint(1000 * (np.arange(bars) * bar_s + PEDAL_LATE_S))
    pedals["duration"] = round(1000 * (bar_s - PEDAL_LATE_S - PEDAL_EARLY_S))
    return pedals
