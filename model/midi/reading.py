"""The bytes of a MIDI file to a piece: limits first, symusic underneath, sloppy files mended and that said.

Used for a member's seed as for a data set. Nothing of the bytes goes on but what the Piece holds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import symusic
from numpy.typing import NDArray

from model.midi.cleaning import CleanFile, clean_file
from model.midi.container import Container, open_container
from model.midi.events import SUSTAIN
from model.midi.limits import MidiLimits
from model.midi.refusals import refusal
from model.midi.repairs import counted, cut_overlaps, lengthen_empty, meter_map, pedal_spans, tempo_map
from model.piece import NOTE, PEDAL, Instrument, Piece, table

Score = symusic.core.ScoreTick
VoiceTrack = symusic.core.TrackTick


@dataclass(frozen=True)
class ReadMidi:
    """A piece, what had to be mended to get it (one sentence each), and the text `write_midi` keeps as its comment."""

    piece: Piece
    repairs: tuple[str, ...] = ()
    comment: str = ""


def read_midi(data: bytes, limits: MidiLimits | None = None) -> ReadMidi:
    """The piece in `data`, within `limits` (by default those of a seed).

    Raises MidiError, whose `code` is one of `model.midi.refusals.SENTENCES`, for bytes that may not or cannot be read.
    """
    limits = limits or MidiLimits()
    container = open_container(data, limits)
    clean, score = _parsed(data, container, limits)
    piece, repairs = _piece(score, limits)
    piece = replace(piece, title=clean.title)
    return ReadMidi(piece, (*container.repairs, *clean.repairs, *repairs), clean.comment)


def _parsed(data: bytes, container: Container, limits: MidiLimits) -> tuple[CleanFile, Score]:
    single_voice = len(container.tracks) <= 2  # a conductor's track and one with notes: no pedal to be shared
    if limits.trusted and single_voice and not container.repairs and not container.cut_short:
        try:
            return CleanFile(data, "", "", ()), _symusic(data)
        except RuntimeError:
            pass  # a sloppy file: the slower way below mends it, or refuses it with a reason
    clean = clean_file(container, limits)
    try:
        return clean, _symusic(clean.data)
    except RuntimeError as error:
        raise refusal("damaged", where="its events cannot be parsed") from error


def _symusic(data: bytes) -> Score:
    return cast(Score, symusic.Score.from_midi(data))  # its stubs leave the unit of time open


def _piece(score: Score, limits: MidiLimits) -> tuple[Piece, list[str]]:
    tracks = [track for track in score.tracks if len(track.notes)]
    if not tracks:
        raise refusal("no_notes")
    if len(tracks) > limits.tracks:
        raise refusal("too_many_tracks", limit=limits.tracks, things="instruments")
    if sum(len(track.notes) for track in tracks) > limits.notes:
        raise refusal("too_many_notes", limit=limits.notes)
    maps, repairs = _maps(score, limits)
    notes, note_repairs = _mended_notes(tracks, int(score.ticks_per_quarter))
    piece = Piece(
        notes=notes,
        instruments=tuple(Instrument(int(track.program), bool(track.is_drum), str(track.name)) for track in tracks),
        ticks_per_quarter=int(score.ticks_per_quarter),
        tempos=maps[0],
        meters=maps[1],
    )
    if notes["onset"].min() < 0 or piece.end_s > limits.duration_s:  # the parser's 32 bits run over into the negative
        raise refusal("too_long", limit_min=limits.duration_s / 60)
    last = int(piece.ticks_at(limits.duration_s))
    pedals = np.concatenate([table(PEDAL), *(_pedals(track, index, last) for index, track in enumerate(tracks))])
    return replace(piece, pedals=pedals), note_repairs + repairs


def _mended_notes(tracks: list[VoiceTrack], ticks_per_quarter: int) -> tuple[NDArray, list[str]]:
    notes = np.concatenate([_notes(track, index) for index, track in enumerate(tracks)])
    notes, empty = lengthen_empty(notes, ticks_per_quarter)
    notes, overlaps = cut_overlaps(notes)
    repairs = []
    if empty:
        repairs.append(f"{counted(empty, 'note', 'notes')} without length got that of a 32nd note.")
    if overlaps:
        repairs.append(f"{counted(overlaps, 'note was', 'notes were')} cut where the same key was struck again.")
    return notes, repairs


def _maps(score: Score, limits: MidiLimits) -> tuple[tuple[NDArray, NDArray], list[str]]:
    tempos, meters = score.tempos.numpy(), score.time_signatures.numpy()
    tempo_rows, bad_tempos = tempo_map(tempos["time"], tempos["mspq"])
    meter_rows, bad_meters = meter_map(meters["time"], meters["numerator"], meters["denominator"])
    for rows, name in ((tempo_rows, "tempo"), (meter_rows, "meter")):
        if len(rows) > limits.map_changes:
            raise refusal("too_many_changes", map=name, limit=limits.map_changes)
    repairs = []
    if bad_tempos:
        repairs.append(f"{counted(bad_tempos, 'impossible tempo was', 'impossible tempos were')} ignored.")
    if bad_meters:
        repairs.append(f"{counted(bad_meters, 'impossible meter was', 'impossible meters were')} ignored.")
    return (tempo_rows, meter_rows), repairs


def _notes(track: VoiceTrack, instrument: int) -> NDArray:
    columns = track.notes.numpy()
    notes = np.zeros(len(columns["time"]), dtype=NOTE)
    notes["onset"], notes["duration"] = columns["time"], columns["duration"]
    notes["pitch"], notes["velocity"], notes["instrument"] = columns["pitch"], columns["velocity"], instrument
    return notes


def _pedals(track: VoiceTrack, instrument: int, last_tick: int) -> NDArray:
    columns = track.controls.numpy()
    mine = (columns["number"] == SUSTAIN) & (columns["time"] >= 0)
    ticks = np.minimum(columns["time"][mine].astype(np.int64), last_tick)
    return pedal_spans(ticks, columns["value"][mine], instrument, int(track.end()))
