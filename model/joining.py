"""Seed and new music as one piece.

The seed stays as it was sent: its instruments, tempo map and pedal. The new music follows on the seed's clock, played
by the seed's instrument where it has a single pitched one, else by a piano of its own. A seed's length is counted from
onset to onset: a last note may be held for minutes, and the new music does not wait for its end.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model.piece import NOTE, Instrument, Piece, table

LAST_NOTES_RING_S = 2.0  # how far notes may sound beyond the length asked for
SHORTEST_SEED_PART_S = 10.0  # this much of the seed is kept even where the output would grow too long
COARSEST_TICK_S = 0.005  # half a step of the representations: a coarser grid would be heard
FINEST_DIVISION, LAST_TICK = 0x7FFF, 0x0FFF_FFFF  # what a MIDI file holds: ticks per quarter note, ticks in one wait
OWN_INSTRUMENT = Instrument(name="Cadenza")


def heard_part(seed: Piece) -> Piece:
    """What a network hears of a seed: all of it but the drums."""
    pitched = np.array([not instrument.is_drum for instrument in seed.instruments], dtype=bool)
    return seed.with_notes(seed.notes[pitched[seed.notes["instrument"]]])


def continued(
    seed: Piece | None, composed: Piece, length_s: float, include_seed: bool, longest_s: float
) -> tuple[Piece, float, tuple[str, ...]]:
    """The piece to hand out, the seconds of its start that are the seed, and what is to be said about it.

    Args:
        seed: what was continued, or None.
        composed: the new notes; the time before the first is the wait after the seed's last onset.
        length_s: seconds of new music that were asked for.
        include_seed: whether the result starts with the seed.
        longest_s: how long seed and new music may be together; of a longer seed the end is kept.
    """
    if seed is None or not include_seed:
        return _ringing_out(_from_its_first_note(composed), length_s), 0.0, ()
    remarks = []
    room_s = max(longest_s - length_s, SHORTEST_SEED_PART_S)
    kept = _from_its_first_note(seed)
    if kept.onsets_s.max() > room_s:
        kept = _from_its_first_note(_last_part(kept, room_s))
        remarks.append(f"Your seed is long: only its last {room_s:.0f} seconds are in the file.")
    kept = _with_fine_ticks(kept)
    last_onset_s = float(kept.onsets_s.max())
    instrument, instruments = _player(kept)
    notes = _moved(composed, kept, last_onset_s, instrument)
    joined = replace(
        kept,
        notes=np.concatenate([_released(kept, notes, instrument), notes]),
        pedals=_lifted(kept, notes, instrument),
        instruments=instruments,
    )
    first_s = float(kept.seconds_at(notes["onset"].min()))
    return _ringing_out(joined, last_onset_s + length_s), first_s, tuple(remarks)


def _from_its_first_note(piece: Piece) -> Piece:
    """`piece` without the silence before it; tempo and meter maps move with the notes."""
    start = int(piece.notes["onset"].min()) if len(piece) else 0
    if start == 0:
        return piece
    notes, pedals = piece.notes.copy(), piece.pedals.copy()
    notes["onset"] -= start
    ends = pedals["onset"] + pedals["duration"] - start
    pedals["onset"] = np.maximum(pedals["onset"] - start, 0)
    pedals["duration"] = ends - pedals["onset"]
    return replace(
        piece,
        notes=notes,
        pedals=pedals[pedals["duration"] > 0],
        tempos=_map_from(piece.tempos, start),
        meters=_map_from(piece.meters, start),
    )


def _map_from(changes: np.ndarray, start: int) -> np.ndarray:
    """The part of a tempo or meter map from `start` on, which becomes tick 0."""
    moved = changes[max(0, np.searchsorted(changes["tick"], start, side="right") - 1) :].copy()
    moved["tick"] = np.maximum(moved["tick"] - start, 0)
    return moved


def _last_part(piece: Piece, length_s: float) -> Piece:
    """The notes struck in the last `length_s` seconds before the last onset, that one included."""
    return piece.with_notes(piece.notes[piece.onsets_s >= piece.onsets_s.max() - length_s])


def _with_fine_ticks(piece: Piece) -> Piece:
    """`piece` on ticks fine enough for new notes at its end, where its own are not; its times stay exactly the same."""
    at_end = np.searchsorted(piece.tempos["tick"], piece.notes["onset"].max(), side="right") - 1
    tick_s = piece.tempos["quarter_us"][at_end:].max() / 1e6 / piece.ticks_per_quarter
    last_tick = int((piece.notes["onset"] + piece.notes["duration"]).max())
    wanted = int(np.ceil(tick_s / COARSEST_TICK_S))
    factor = min(wanted, FINEST_DIVISION // piece.ticks_per_quarter, LAST_TICK // last_tick)
    if factor <= 1:
        return piece
    return replace(
        piece,
        ticks_per_quarter=piece.ticks_per_quarter * factor,
        notes=_multiplied(piece.notes, factor),
        pedals=_multiplied(piece.pedals, factor),
        tempos=_multiplied(piece.tempos, factor),
        meters=_multiplied(piece.meters, factor),
    )


def _multiplied(rows: np.ndarray, factor: int) -> np.ndarray:
    """A table with its ticks times `factor`."""
    rows = rows.copy()
    for name in {"onset", "duration", "tick"} & set(rows.dtype.names or ()):
        rows[name] *= factor
    return rows


def _player(seed: Piece) -> tuple[int, tuple[Instrument, ...]]:
    """Who plays the new notes: index into the instruments that are returned with it."""
    used = [index for index in np.unique(seed.notes["instrument"]) if not seed.instruments[index].is_drum]
    if len(used) == 1:
        return int(used[0]), seed.instruments
    if OWN_INSTRUMENT in seed.instruments:  # the seed is a piece of ours, continued once more
        return seed.instruments.index(OWN_INSTRUMENT), seed.instruments
    return len(seed.instruments), (*seed.instruments, OWN_INSTRUMENT)


def _moved(composed: Piece, seed: Piece, start_s: float, instrument: int) -> np.ndarray:
    """The new notes on the seed's ticks, beginning at `start_s`."""
    onsets = seed.ticks_at(composed.onsets_s + start_s)
    notes = table(NOTE, np.zeros((len(composed), len(NOTE.names or ()))))
    notes["onset"] = onsets
    notes["duration"] = np.maximum(seed.ticks_at(composed.offsets_s + start_s) - onsets, 1)
    notes["pitch"], notes["velocity"] = composed.notes["pitch"], composed.notes["velocity"]
    notes["instrument"] = instrument
    return notes


def _released(seed: Piece, new: np.ndarray, instrument: int) -> np.ndarray:
    """The seed's notes, those ended that the new music strikes again."""
    notes = seed.notes.copy()
    for index in np.flatnonzero(notes["instrument"] == instrument):
        again = new["onset"][new["pitch"] == notes["pitch"][index]]
        again = again[again > notes["onset"][index]]
        if len(again):
            notes["duration"][index] = min(notes["duration"][index], int(again.min()) - int(notes["onset"][index]))
    return notes


def _lifted(seed: Piece, new: np.ndarray, instrument: int) -> np.ndarray:
    """The seed's pedals; the player's is up when the new music begins, whose notes are as long as they are to sound."""
    pedals = seed.pedals.copy()
    mine = pedals["instrument"] == instrument
    pedals["duration"][mine] = np.minimum(pedals["duration"][mine], int(new["onset"].min()) - pedals["onset"][mine])
    return pedals[pedals["duration"] > 0]


def _ringing_out(piece: Piece, length_s: float) -> Piece:
    """`piece` with no note sounding for longer than a moment beyond `length_s`."""
    latest = int(piece.ticks_at(length_s + LAST_NOTES_RING_S))
    notes = piece.notes.copy()
    notes["duration"] = np.clip(notes["duration"], 1, np.maximum(1, latest - notes["onset"]))
    return piece.with_notes(notes)
