"""The bytes of a MIDI file to a piece: limits first, symusic underneath, sloppy files mended and that said.

Used for a member's seed as for a data set. Nothing of the bytes goes on but what the Piece holds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import symusic
from numpy.typing import NDArray

from model.errors import MidiError
from model.midi.limits import MidiLimits
from model.midi.repairs import cut_overlaps, meter_map, pedal_spans, tempo_map
from model.midi.writing import SUSTAIN
from model.piece import NOTE, PEDAL, Instrument, Piece, table


@dataclass(frozen=True)
class ReadMidi:
    """A piece and what had to be mended to get it, one sentence each."""

    piece: Piece
    repairs: tuple[str, ...] = ()


def read_midi(data: bytes, limits: MidiLimits | None = None) -> ReadMidi:
    """The piece in `data`; raises MidiError with a sentence and a code for what may not or cannot be read."""
    limits = limits or MidiLimits()
    try:
        score = symusic.Score.from_midi(data)
    except (RuntimeError, ValueError) as error:
        raise MidiError("The MIDI file is damaged; export it again and send the new file.", "damaged") from error
    tracks = [track for track in score.tracks if len(track.notes)]
    if not tracks:
        raise MidiError("The MIDI file has no notes; send one that plays something.", "no_notes")
    notes, overlaps = cut_overlaps(np.concatenate([_notes(track, index) for index, track in enumerate(tracks)]))
    notes["duration"] = np.maximum(notes["duration"], 1)
    tempos = score.tempos.numpy()
    meters = score.time_signatures.numpy()
    piece = Piece(
        notes=notes,
        instruments=tuple(Instrument(int(track.program), bool(track.is_drum), str(track.name)) for track in tracks),
        ticks_per_quarter=int(score.ticks_per_quarter),
        tempos=tempo_map(tempos["time"], tempos["mspq"])[0],
        meters=meter_map(meters["time"], meters["numerator"], meters["denominator"])[0],
        pedals=np.concatenate([table(PEDAL), *(_pedals(track, index) for index, track in enumerate(tracks))]),
    )
    return ReadMidi(piece)


def _notes(track: symusic.core.TrackTick, instrument: int) -> NDArray:
    columns = track.notes.numpy()
    notes = np.zeros(len(columns["time"]), dtype=NOTE)
    notes["onset"], notes["duration"] = columns["time"], columns["duration"]
    notes["pitch"], notes["velocity"], notes["instrument"] = columns["pitch"], columns["velocity"], instrument
    return notes


def _pedals(track: symusic.core.TrackTick, instrument: int) -> NDArray:
    columns = track.controls.numpy()
    mine = columns["number"] == SUSTAIN
    return pedal_spans(columns["time"][mine], columns["value"][mine], instrument, int(track.end()))
