"""The mix: how loud each instrument is and where it sits between left and right, the same for every synthesizer.

SoundFonts differ by many decibels from program to program. Each program is therefore played once, measured, and brought
to the loudness of the others; the velocities keep their meaning. A piano alone spans from left to right, as its strings
do. What a file says itself about volume and pan is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from model.instruments import HIGHEST_PITCH, LOWEST_PITCH
from model.piece import NOTE, PAN, VOLUME, Instrument, Piece, table
from worker.render.schedule import Seat

CENTRE = 64  # of 0 (left) to 127
PIANOS, BASSES = range(8), range(32, 40)
ZONE_TOPS = (40, 52, 64, 76)  # highest pitch of each zone of a piano but the last
ZONE_PANS = (40, 52, 64, 76, 88)
PANS = (44, 84, 30, 98)  # of the instruments of a band that are neither its melody, its bass nor its drums
MOST_GAIN_DB = 8.0  # above or below the middle of the band
MOST_CHANNELS = 16
TEST_VELOCITY, TEST_NOTE_MS = 80, 400
TEST_STROKES = (36, 42, 38, 42)  # bass drum, hi-hat, snare, hi-hat


def as_played(piece: Piece) -> Piece:
    """`piece` with each zone of its piano as an instrument of its own, where a piano plays alone; else as it is."""
    used = np.unique(piece.notes["instrument"])
    if len(used) != 1 or len(piece.instruments) + len(ZONE_PANS) > MOST_CHANNELS:
        return piece
    mine, one = int(used[0]), piece.instruments[int(used[0])]
    if one.is_drum or one.program not in PIANOS or _says(piece, PAN, mine):
        return piece
    notes, first = piece.notes.copy(), len(piece.instruments)
    notes["instrument"] = first + np.searchsorted(ZONE_TOPS, notes["pitch"])
    zones = [first + zone for zone in range(len(ZONE_PANS))]
    return replace(
        piece,
        notes=notes,
        instruments=(*piece.instruments, *(one for _ in zones)),
        pedals=_for_each(piece.pedals, mine, zones, "onset"),
        controls=_for_each(piece.controls, mine, zones, "tick"),
        bends=_for_each(piece.bends, mine, zones, "tick"),
    )


def _for_each(rows: np.ndarray, mine: int, zones: list[int], tick: str) -> np.ndarray:
    """`rows` of the instrument `mine` once for each of `zones`, sorted by `tick`."""
    rows = np.concatenate([rows[rows["instrument"] == mine]] * len(zones))
    rows["instrument"] = np.repeat(zones, len(rows) // len(zones))
    return rows[np.argsort(rows[tick], kind="stable")]


def seats_of(piece: Piece, loudness: Callable[[Instrument], float]) -> tuple[Seat, ...]:
    """The seat of each instrument of `piece`, as `as_played` made it.

    Args:
        piece: what is played.
        loudness: LUFS of an instrument's test notes; minus infinity where it has no sound.
    """
    used = [int(index) for index in np.unique(piece.notes["instrument"])]
    levels = {index: loudness(piece.instruments[index]) for index in used if not _says(piece, VOLUME, index)}
    levels = {index: level for index, level in levels.items() if np.isfinite(level)}
    middle = float(np.median(list(levels.values()))) if levels else 0.0
    gains = {index: float(np.clip(middle - level, -MOST_GAIN_DB, MOST_GAIN_DB)) for index, level in levels.items()}
    highest = max(gains.values(), default=0.0)
    pans = _pans(piece, used)
    return tuple(
        Seat(min(gains.get(index, 0.0) - highest, 0.0), pans.get(index, CENTRE))
        for index in range(len(piece.instruments))
    )


def _pans(piece: Piece, used: list[int]) -> dict[int, int]:
    """Where each instrument sits: a piano's zones from left to right; a band's melody, bass and drums in the middle."""
    is_zoned = len({piece.instruments[index] for index in used}) == 1 and piece.instruments[used[0]].program in PIANOS
    if is_zoned and len(piece.instruments) >= len(ZONE_PANS):
        first = len(piece.instruments) - len(ZONE_PANS)
        return {first + zone: pan for zone, pan in enumerate(ZONE_PANS)}
    pitched = [index for index in used if not piece.instruments[index].is_drum]
    notes = piece.notes
    heights = {index: float(notes["pitch"][notes["instrument"] == index].mean()) for index in pitched}
    melody = max(heights, key=lambda index: heights[index]) if len(heights) > 1 else -1
    others = [one for one in pitched if one != melody and piece.instruments[one].program not in BASSES]
    if len(pitched) == 1:
        return {}
    return {index: PANS[place % len(PANS)] for place, index in enumerate(others)}


def _says(piece: Piece, number: int, instrument: int) -> bool:
    """Whether the file itself has a controller for an instrument."""
    rows = piece.controls
    return bool(np.any((rows["number"] == number) & (rows["instrument"] == instrument)))


def calibration_notes(instrument: Instrument) -> Piece:
    """A few notes of one loudness in the middle of the range of `instrument`."""
    low, high = int(LOWEST_PITCH[instrument.program]), int(HIGHEST_PITCH[instrument.program])
    middle = (low + high) // 2
    pitches = TEST_STROKES if instrument.is_drum else (middle - 5, middle, middle + 4, middle + 7)
    rows = [(TEST_NOTE_MS * place, TEST_NOTE_MS, pitch, TEST_VELOCITY, 0) for place, pitch in enumerate(pitches)]
    return Piece(notes=table(NOTE, rows), instruments=(replace(instrument, name=""),))
