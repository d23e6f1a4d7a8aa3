"""What makes sloppy note, pedal, tempo and meter tables fit to be a Piece, in numpy alone.

Each function gives the mended table and how many rows it touched; `model.midi.reading` says so to the member.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.piece import DEFAULT_QUARTER_US, METER, PEDAL, TEMPO, table

SHORTEST_QUARTER_US = 10_000  # 6,000 bpm: a faster tempo is damage, not music
PEDAL_DOWN_FROM = 64  # MIDI 1.0: values 0..63 mean up


def counted(number: int, one: str, many: str) -> str:
    """`number` and the words that go with it, as '1 note was' or '3 notes were'."""
    return f"{number:,} {one if number == 1 else many}"


def lengthen_empty(notes: NDArray, ticks_per_quarter: int) -> tuple[NDArray, int]:
    """`notes` with a 32nd for each that has no length (as drum machines write their strokes), and how many had none."""
    empty = notes["duration"] < 1
    mended = notes.copy()
    mended["duration"][empty] = max(1, ticks_per_quarter // 8)
    return mended, int(empty.sum())


def cut_overlaps(notes: NDArray) -> tuple[NDArray, int]:
    """`notes` with each cut where its key is struck again, and how many were; of a double strike the longer stays.

    Order within the result: instrument, pitch, onset.
    """
    order = np.lexsort((notes["duration"], notes["onset"], notes["pitch"], notes["instrument"]))
    ordered = notes.take(order)
    same_key = (ordered["pitch"][1:] == ordered["pitch"][:-1]) & (
        ordered["instrument"][1:] == ordered["instrument"][:-1]
    )
    gaps = ordered["onset"][1:] - ordered["onset"][:-1]
    cut = same_key & (ordered["duration"][:-1] > gaps)
    doubled = np.append(same_key & (gaps == 0), False)
    ordered["duration"][:-1][cut] = gaps[cut]
    return ordered.compress(~doubled), int((cut | doubled[:-1]).sum())


def pedal_spans(ticks: NDArray, values: NDArray, instrument: int, end: int) -> NDArray:
    """Sustain spans (PEDAL) from the values of controller 64 in time order; one still down at the end ends at `end`."""
    down = values >= PEDAL_DOWN_FROM
    changes = np.flatnonzero(np.diff(down.astype(np.int8), prepend=0))
    edges = ticks[changes].astype(np.int64)
    if len(edges) % 2:
        edges = np.append(edges, max(end, int(edges[-1])))
    spans = np.zeros(len(edges) // 2, dtype=PEDAL)
    spans["onset"], spans["duration"], spans["instrument"] = edges[::2], edges[1::2] - edges[::2], instrument
    return spans[spans["duration"] > 0]


def joined_pedals(pedals: NDArray) -> NDArray:
    """`pedals` sorted by instrument and onset, those that overlap joined into one."""
    ordered = np.sort(pedals, order=("instrument", "onset"))
    joined: list[list[int]] = []
    for onset, duration, instrument in ordered.tolist():
        last = joined[-1] if joined else None
        if last and last[2] == instrument and onset < last[0] + last[1]:
            last[1] = max(last[1], onset + duration - last[0])
        elif duration > 0:
            joined.append([onset, duration, instrument])
    return table(PEDAL, joined)


def tempo_map(ticks: NDArray, quarter_us: NDArray) -> tuple[NDArray, int]:
    """A TEMPO table from tick 0 on without impossible or repeated entries, and how many were impossible."""
    rows = np.zeros(len(ticks), dtype=TEMPO)
    rows["tick"], rows["quarter_us"] = ticks, quarter_us
    possible = rows[(rows["quarter_us"] >= SHORTEST_QUARTER_US) & (rows["tick"] >= 0)]
    return _from_start(possible, table(TEMPO, [(0, DEFAULT_QUARTER_US)])), len(rows) - len(possible)


def meter_map(ticks: NDArray, numerators: NDArray, denominators: NDArray) -> tuple[NDArray, int]:
    """A METER table from tick 0 on without impossible or repeated entries, and how many were impossible."""
    rows = np.zeros(len(ticks), dtype=METER)
    rows["tick"], rows["numerator"], rows["denominator"] = ticks, numerators, denominators
    powers = np.isin(rows["denominator"], (1, 2, 4, 8, 16, 32, 64))
    possible = rows[powers & (rows["numerator"] > 0) & (rows["tick"] >= 0)]
    return _from_start(possible, table(METER, [(0, 4, 4)])), len(rows) - len(possible)


def _from_start(rows: NDArray, default: NDArray) -> NDArray:
    """Rows by tick, the last of each tick, without those that change nothing, beginning with `default` if need be."""
    rows = rows[np.argsort(rows["tick"], kind="stable")]
    rows = rows[np.append(rows["tick"][1:] != rows["tick"][:-1], True)] if len(rows) else rows
    if not len(rows) or rows["tick"][0] > 0:
        rows = np.concatenate([default, rows])
    values = [name for name in rows.dtype.names or () if name != "tick"]
    changed = np.any([rows[name][1:] != rows[name][:-1] for name in values], axis=0)
    return rows[np.append(True, changed)]
