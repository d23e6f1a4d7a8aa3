"""A piece as steps on the beat grid, and back: what `score` encodes and decodes.

A step is (shift, instrument, pitch, duration, velocity). Instruments are numbered in the order in which steps of one
onset stand: METER and TEMPO, whose pitch names the meter and the tempo, then the 128 programs, then the drums.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.piece import METER as METER_ROW
from model.piece import NOTE, Instrument, Piece, sustained, table
from model.piece import TEMPO as TEMPO_ROW
from model.representation import grid

METER, TEMPO, FIRST_PROGRAM = 0, 1, 2
DRUMS = FIRST_PROGRAM + 128
INSTRUMENTS = DRUMS + 1
VELOCITY_WIDTH = 4  # 32 classes of loudness
LONGEST_PEDAL = grid.EXACT  # two bars
DRUM_TICKS = 6  # how long a stroke lasts in a file: nobody hears it
FINENESS = 20  # ticks of a decoded piece for each of the grid: 480 to the quarter, as most programs have

SHIFT, INSTRUMENT, PITCH, DURATION, VELOCITY = range(5)
FIELDS = 5

Rows = NDArray[np.int64]  # (rows, 5): onset on the grid, then as in a step


def steps_of(piece: Piece) -> NDArray[np.int32]:
    """The steps of `piece`, int32 (steps, 5); none for a piece without notes.

    The first bar with a note is the first bar; METER and TEMPO stand at its beginning, and again wherever they change.
    """
    notes = _note_rows(piece)
    if not len(notes):
        return np.zeros((0, FIELDS), dtype=np.int32)
    meters = _meter_changes(piece, last=int(notes[:, 0].max()))
    start = _first_bar(meters, int(notes[:, 0].min()))
    changes = [_from(meters, start, METER), _from(_tempo_changes(piece, int(notes[:, 0].max())), start, TEMPO)]
    rows = np.concatenate([*changes, notes])
    rows = rows[np.lexsort((rows[:, PITCH], rows[:, INSTRUMENT], rows[:, 0]))]
    rows[:, SHIFT] = np.diff(rows[:, 0], prepend=start)
    rows[:, [SHIFT, DURATION]] = np.minimum(rows[:, [SHIFT, DURATION]], grid.LARGEST)
    return rows.astype(np.int32)


def piece_of(steps: NDArray[np.int32]) -> Piece:
    """The piece that `steps` (steps, 5) describe: one instrument for each program, and one for the drums."""
    values = np.asarray(steps, dtype=np.int64).reshape(-1, FIELDS)
    onsets = np.cumsum(values[:, SHIFT]) * FINENESS
    which = values[:, INSTRUMENT]
    is_meter, is_tempo = which == METER, which == TEMPO
    is_note = ~(is_meter | is_tempo)
    meters, tempos = {0: (4, 4)}, {0: 0.5}
    for at, value in zip(onsets[is_meter].tolist(), values[is_meter, PITCH].tolist(), strict=True):
        meters[at] = grid.METERS[min(value, len(grid.METERS) - 1)]
    for at, value in zip(onsets[is_tempo].tolist(), values[is_tempo, PITCH].tolist(), strict=True):
        tempos[at] = float(grid.QUARTER_S[value])
    used = np.unique(which[is_note])
    played, places = values[is_note], np.searchsorted(used, which[is_note])
    notes = table(NOTE, np.zeros((len(played), len(NOTE.names or ()))))
    notes["onset"] = onsets[is_note]
    notes["duration"] = np.where(which[is_note] == DRUMS, DRUM_TICKS, np.maximum(played[:, DURATION], 1)) * FINENESS
    notes["pitch"], notes["instrument"] = played[:, PITCH], places
    notes["velocity"] = played[:, VELOCITY] * VELOCITY_WIDTH + VELOCITY_WIDTH // 2
    return Piece(
        notes,
        tuple(_instrument(int(number)) for number in used) or (Instrument(),),
        grid.TICKS_PER_QUARTER * FINENESS,
        table(TEMPO_ROW, [(at, round(seconds * 1e6)) for at, seconds in sorted(tempos.items())]),
        table(METER_ROW, [(at, *meter) for at, meter in sorted(meters.items())]),
    )


def _instrument(number: int) -> Instrument:
    return Instrument(is_drum=True) if number == DRUMS else Instrument(number - FIRST_PROGRAM)


def _note_rows(piece: Piece) -> Rows:
    """Every note once per instrument, key and tick, ended before its key is struck again.

    The pedal holds a note for LONGEST_PEDAL at most: some files press it and never let it go.
    """
    notes = piece.notes.copy()
    held = sustained(piece).notes["duration"]
    longest = LONGEST_PEDAL * piece.ticks_per_quarter // grid.TICKS_PER_QUARTER
    notes["duration"] = np.maximum(notes["duration"], np.minimum(held, longest))
    numbers = [DRUMS if one.is_drum else FIRST_PROGRAM + min(max(one.program, 0), 127) for one in piece.instruments]
    instrument = np.array(numbers, dtype=np.int64)[notes["instrument"]]
    onset = grid.on_grid(notes["onset"], piece.ticks_per_quarter)
    end = np.maximum(grid.on_grid(notes["onset"] + notes["duration"], piece.ticks_per_quarter), onset + 1)
    velocity = notes["velocity"].astype(np.int64) // VELOCITY_WIDTH
    key = instrument * 128 + notes["pitch"]
    order = np.lexsort((velocity, onset, key))  # of notes struck in the same tick the loudest is last and stays
    onset, end, key, velocity = onset[order], end[order], key[order], velocity[order]
    follows = key[1:] == key[:-1]
    again = follows & (onset[1:] == onset[:-1])
    if len(onset):
        kept = np.append(~again, True)
        end = np.maximum.reduceat(end, np.flatnonzero(np.append(True, ~again)))
        onset, key, velocity = onset[kept], key[kept], velocity[kept]
    never = np.iinfo(np.int64).max
    end = np.minimum(end, np.append(np.where(key[1:] == key[:-1], onset[1:], never), never)[: len(end)])
    duration = np.where(key // 128 == DRUMS, 0, end - onset)
    return np.stack([onset, key // 128, key % 128, duration, velocity], axis=1)


def _meter_changes(piece: Piece, last: int) -> list[tuple[int, int]]:
    """Grid tick and class of every meter up to `last` that changes the bars."""
    found: list[tuple[int, int]] = []
    at_tick = {
        int(tick): grid.meter_class(int(beats), int(denominator))
        for tick, beats, denominator in zip(
            grid.on_grid(piece.meters["tick"], piece.ticks_per_quarter),
            piece.meters["numerator"],
            piece.meters["denominator"],
            strict=True,
        )
    }
    for tick, meter in sorted(at_tick.items()):
        goes_on = found and found[-1][1] == meter and (tick - found[-1][0]) % grid.BAR_TICKS[meter] == 0
        if tick <= last and not goes_on:
            found.append((tick, meter))
    return found


def _tempo_changes(piece: Piece, last: int) -> list[tuple[int, int]]:
    """Grid tick and class of every change of tempo up to `last`."""
    ticks = grid.on_grid(piece.tempos["tick"], piece.ticks_per_quarter)
    at_tick = dict(zip(ticks.tolist(), grid.tempo_class(piece.tempos["quarter_us"]).tolist(), strict=True))
    found: list[tuple[int, int]] = []
    for tick, tempo in sorted(at_tick.items()):
        if tick <= last and not (found and found[-1][1] == tempo):
            found.append((tick, tempo))
    return found


def _first_bar(meters: list[tuple[int, int]], first: int) -> int:
    """The bar line at or before the first note."""
    tick, meter = [change for change in meters if change[0] <= first][-1]
    return first - (first - tick) % int(grid.BAR_TICKS[meter])


def _from(changes: list[tuple[int, int]], start: int, instrument: int) -> Rows:
    """Rows of the changes from `start` on, the one in force there moved to it."""
    before = [change for change in changes if change[0] <= start][-1:]
    kept = [(start, before[0][1])] + [change for change in changes if change[0] > start]
    return np.array([(tick, instrument, value, 0, 0) for tick, value in kept], dtype=np.int64)


def excerpt(steps: NDArray[np.int32], first: int, last: int) -> NDArray[np.int32]:
    """The `first` and about the `last` of `steps`, the end moved so that it keeps its place in the bar.

    The end begins with an onset, and with its tempo where that is another. Where meters differ, `steps` as they are.
    """
    opens = np.flatnonzero((steps[:, SHIFT] > 0) & (steps[:, INSTRUMENT] >= FIRST_PROGRAM))
    opens = opens[opens >= max(len(steps) - last, first)]
    changes = [np.flatnonzero(steps[:, INSTRUMENT] == change) for change in (METER, TEMPO)]
    if not len(opens) or any(not len(places) or places[0] >= first for places in changes):
        return steps
    begin = int(opens[0])
    now = np.cumsum(steps[:, SHIFT], dtype=np.int64)
    before, after = ([places[np.searchsorted(places, at) - 1] for places in changes] for at in (first, begin))
    if steps[before[0], PITCH] != steps[after[0], PITCH]:
        return steps
    bar = int(grid.BAR_TICKS[steps[after[0], PITCH]])
    wait = int((now[begin] - now[after[0]]) - (now[first - 1] - now[before[0]])) % bar or bar
    beginning, rest = steps[:first].copy(), steps[begin:].copy()
    rest[0, SHIFT] = wait
    # what still sounds is released there: its key may be struck again
    beginning[:, DURATION] = np.minimum(beginning[:, DURATION], now[first - 1] + wait - now[:first])
    if steps[before[1], PITCH] == steps[after[1], PITCH]:
        return np.concatenate([beginning, rest])
    change = steps[after[1] : after[1] + 1].copy()
    change[0, SHIFT], rest[0, SHIFT] = wait, 0
    return np.concatenate([beginning, change, rest])
