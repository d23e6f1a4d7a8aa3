"""Repairs note, pedal, tempo, meter and key tables so that they fit a Piece.

Used by `reading`, which lists the repairs, and by code that makes notes which may overlap.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.piece import DEFAULT_QUARTER_US, KEY_SIGNATURE, METER, PEDAL, TEMPO, table

SHORTEST_QUARTER_US = 10_000  # 6,000 bpm: a faster tempo is damage, not music
PEDAL_DOWN_FROM = 64  # MIDI 1.0: values 0..63 mean up


def lengthen_empty(notes: NDArray, ticks_per_quarter: int) -> tuple[NDArray, int]:
    """`notes` with a 32nd note for each of zero length, as drum machines write them, and the number of those."""
    empty = notes["duration"] < 1
    mended = notes.copy()
    mended["duration"][empty] = max(1, ticks_per_quarter // 8)
    return mended, int(empty.sum())


def cut_overlaps(notes: NDArray) -> tuple[NDArray, int]:
    """`notes` with each cut where its key is struck again, and the number of cuts; of a double strike the longer stays.

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


def key_signatures(ticks: NDArray, sharps: NDArray, modes: NDArray) -> NDArray:
    """A KEY_SIGNATURE table without impossible or repeated entries; it may be empty."""
    rows = np.zeros(len(ticks), dtype=KEY_SIGNATURE)
    rows["tick"], rows["sharps"], rows["is_minor"] = ticks, sharps, modes == 1
    return _changes(rows[(np.abs(sharps) <= 7) & (modes <= 1)])


def _from_start(rows: NDArray, default: NDArray) -> NDArray:
    """Rows by tick without those that change nothing, beginning with `default` if there is none at tick 0."""
    if not len(rows) or rows["tick"].min() > 0:
        rows = np.concatenate([default, rows])
    return _changes(rows)


def _changes(rows: NDArray) -> NDArray:
    """Rows by tick, the last of each tick, without those that change nothing."""
    if not len(rows):
        return rows
    rows = rows[np.argsort(rows["tick"], kind="stable")]
    rows = rows[np.append(rows["tick"][1:] != rows["tick"][:-1], True)]
    values = [name for name in rows.dtype.names or () if name != "tick"]
    changed = np.any([rows[name][1:] != rows[name][:-1] for name in values], axis=0)
    return rows[np.append(True, changed)]
