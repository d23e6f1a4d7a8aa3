"""Reads a MIDI file: checks limits, then reads events, channels and notes, and lists the repairs.

Members' seeds and data sets are read with the same code; `isolated_reading` runs it in a child process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from model.midi import channels
from model.midi import events as midi
from model.midi.channels import Messages, note_ends
from model.midi.container import Container, Timing, open_container
from model.midi.events import Track
from model.midi.limits import MidiLimits, counted, refusal
from model.midi.repairs import cut_overlaps, key_signatures, lengthen_empty, meter_map, pedal_spans, tempo_map
from model.midi.texts import TextDecoder
from model.piece import BEND, CONTROL, NOTE, PEDAL, TEMPO, Instrument, Piece, table

LONGEST_NAME, LONGEST_COMMENT = 200, 4000
NEVER_ENDED_QUARTERS = 4  # a whole note: long enough to be heard as held, short enough not to drone to the end
TEXT_KINDS = (midi.TEXT, midi.COPYRIGHT, midi.NAME, midi.INSTRUMENT_NAME, midi.LYRIC, midi.MARKER)


@dataclass(frozen=True)
class ReadMidi:
    """A piece, the repairs that were needed (one sentence each), and the comment that `write_midi` stores."""

    piece: Piece
    repairs: tuple[str, ...] = ()
    comment: str = ""


def read_midi(data: bytes, limits: MidiLimits | None = None) -> ReadMidi:
    """The piece in `data`, within `limits` (by default those of a seed).

    Raises MidiError, whose `code` is one of `model.midi.limits.SENTENCES`, for bytes that are refused.
    """
    limits = limits or MidiLimits()
    container = open_container(data, limits)
    repairs = container.repairs
    tracks, timing = container.tracks, container.timing
    messages = Messages.of(tracks, timing.factor)
    is_strike = (messages.kind == midi.NOTE_ON) & (messages.second > 0)
    _check_strikes(messages, is_strike, container, limits)
    instruments, player = channels.players(messages, tracks, limits)
    repairs += _byte_repairs(tracks)
    maps = _maps(tracks, timing, limits, repairs)
    notes = _notes(messages, is_strike, player, timing.division, repairs)
    decoder = TextDecoder(body for track in tracks for _, kind, body in track.metas if kind in TEXT_KINDS)
    names = [_name(track, decoder) for track in tracks]
    piece = Piece(
        notes=notes,
        instruments=tuple(Instrument(row[2], bool(row[3]), names[row[0]]) for row in instruments.tolist()),
        ticks_per_quarter=timing.division,
        tempos=maps[0],
        meters=maps[1],
        title=_title(container, names),
        key_signatures=maps[2],
    )
    if piece.end_s > limits.duration_s:
        raise refusal("too_long", limit_min=limits.duration_s / 60)
    piece = _trimmed(_with_controls(piece, messages, instruments[:, 1], limits, repairs))
    return ReadMidi(piece, tuple(repairs), _comment(tracks[0], decoder))


def _check_strikes(messages: Messages, is_strike: NDArray[np.bool_], container: Container, limits: MidiLimits) -> None:
    """Refuse too many notes, none at all, or several sequences in one file, before notes are made."""
    strikes = int(is_strike.sum())
    if not strikes and container.cut_short:
        raise refusal("damaged", where="it ends before its first note")
    if not strikes:
        raise refusal("no_notes")
    if strikes > limits.notes:
        raise refusal("too_many_notes", limit=limits.notes)
    sequences = len(np.unique(messages.track[is_strike]))
    if container.format == 2 and sequences > 1:
        raise refusal("unsupported_format", sequences=sequences)
    if container.cut_short:
        container.repairs.append("The file ends within its last track; what came before was kept.")


def _byte_repairs(tracks: list[Track]) -> list[str]:
    clipped, left_out = sum(track.clipped for track in tracks), sum(track.left_out for track in tracks)
    repairs = []
    if clipped:
        repairs.append(f"{counted(clipped, 'value')} above 127 {'was' if clipped == 1 else 'were'} read as 127.")
    if left_out:
        repairs.append(f"Left out {counted(left_out, 'event')} with a pitch, program or controller above 127.")
    if any(track.realtime for track in tracks):
        repairs.append("Left out messages of a live recording that do not belong in a file.")
    return repairs


def _maps(
    tracks: list[Track], timing: Timing, limits: MidiLimits, repairs: list[str]
) -> tuple[NDArray, NDArray, NDArray]:
    """Tempos, meters and key signatures of all tracks together."""
    tempos = _values(tracks, midi.TEMPO, 3, timing)
    tempo_rows, bad_tempos = tempo_map(tempos[:, 0], tempos[:, 1] << 16 | tempos[:, 2] << 8 | tempos[:, 3])
    meters = _values(tracks, midi.METER, 4, timing)
    meter_rows, bad_meters = meter_map(meters[:, 0], meters[:, 1], 1 << np.minimum(meters[:, 2], 10))
    signatures = _values(tracks, midi.KEY, 2, timing)
    key_rows = key_signatures(signatures[:, 0], signatures[:, 1].astype(np.int8).astype(np.int64), signatures[:, 2])
    for rows, name in ((tempo_rows, "tempo"), (meter_rows, "meter"), (key_rows, "key signature")):
        if len(rows) > limits.map_changes:
            raise refusal("too_many_changes", map=name, limit=limits.map_changes)
    if bad_tempos:
        repairs.append(f"Ignored {counted(bad_tempos, 'impossible tempo')}.")
    if bad_meters:
        repairs.append(f"Ignored {counted(bad_meters, 'impossible meter')}.")
    if timing.quarter_us is not None:
        tempo_rows = table(TEMPO, [(0, timing.quarter_us)])
    return tempo_rows, meter_rows, key_rows


def _values(tracks: list[Track], kind: int, length: int, timing: Timing) -> NDArray[np.int64]:
    """Rows (tick, bytes of the body) of the meta events of a kind in the order of time, int64 (events, 1 + length).

    Longer bodies are cut; shorter ones are left out.
    """
    rows = [
        (tick * timing.factor, *body[:length])
        for track in tracks
        for tick, one, body in track.metas
        if one == kind and len(body) >= length
    ]
    found = np.array(rows, dtype=np.int64).reshape(-1, 1 + length)
    return found[np.argsort(found[:, 0], kind="stable")]


def _notes(
    messages: Messages, is_strike: NDArray[np.bool_], player: NDArray[np.int64], division: int, repairs: list[str]
) -> NDArray:
    ends, lost = note_ends(messages, NEVER_ENDED_QUARTERS * division)
    strikes = messages.where(is_strike)
    notes = np.zeros(len(ends), dtype=NOTE)
    notes["onset"], notes["duration"] = strikes.tick, ends - strikes.tick
    notes["pitch"], notes["velocity"], notes["instrument"] = strikes.first, strikes.second, player
    notes, empty = lengthen_empty(notes, division)
    notes, overlaps = cut_overlaps(notes)
    if lost:
        length = f"{NEVER_ENDED_QUARTERS} quarter notes at most"
        repairs.append(f"Ended {counted(lost, 'note')} that had no end, after {length}.")
    if empty:
        repairs.append(f"Gave {counted(empty, 'note')} without length that of a 32nd note.")
    if overlaps:
        repairs.append(f"Shortened {counted(overlaps, 'overlapping repeated note')}.")
    return notes


def _name(track: Track, decoder: TextDecoder) -> str:
    for kind in (midi.NAME, midi.INSTRUMENT_NAME):
        for _, one, body in track.metas:
            if one == kind and (name := decoder(body, LONGEST_NAME)):
                return name
    return ""


def _title(container: Container, names: list[str]) -> str:
    """The title: the name of the only track of format 0, or of a first track without notes."""
    first = container.tracks[0]
    has_name = any(kind == midi.NAME for _, kind, _ in first.metas)
    _, status, _, velocity = first.columns
    has_notes = bool(((status & 0xF0 == midi.NOTE_ON) & (velocity > 0)).any())
    is_alone = container.format == 0 or len(container.tracks) == 1
    return names[0] if has_name and (is_alone or not has_notes) else ""


def _comment(track: Track, decoder: TextDecoder) -> str:
    texts = [body for _, kind, body in track.metas if kind == midi.TEXT]
    return decoder(texts[0], LONGEST_COMMENT) if texts else ""


def _with_controls(
    piece: Piece, messages: Messages, channel_of: NDArray[np.int64], limits: MidiLimits, repairs: list[str]
) -> Piece:
    """`piece` with the pedals, controllers and bends of each channel assigned to every instrument on it."""
    last = int(piece.ticks_at(limits.duration_s))
    ends = np.zeros(len(channel_of), dtype=np.int64)
    np.maximum.at(ends, piece.notes["instrument"], piece.notes["onset"] + piece.notes["duration"])
    pedals, controls, bends = [table(PEDAL)], [table(CONTROL)], [table(BEND)]
    has_too_many = False
    for channel in np.unique(channel_of).tolist():
        instruments = np.flatnonzero(channel_of == channel).tolist()
        ticks, values = channels.pedal_moves(messages, channel, limits)
        for instrument in instruments:
            pedals.append(pedal_spans(np.minimum(ticks, last), values, instrument, int(ends.max())))
        for found, dtype, into in (
            (channels.control_changes(messages, channel), CONTROL, controls),
            (channels.bend_changes(messages, channel), BEND, bends),
        ):
            if len(found) > limits.map_changes:
                has_too_many = True
                continue
            into += [_given(found, dtype, instrument, int(ends[instrument])) for instrument in instruments]
    if has_too_many:
        repairs.append(f"Left out volume or pitch bends that change more than {limits.map_changes:,} times.")
    spans = np.concatenate(pedals)
    spans = spans[np.lexsort((spans["onset"], spans["instrument"]))]
    return replace(piece, pedals=spans, controls=_by_tick(controls), bends=_by_tick(bends))


def _given(changes: NDArray[np.int64], dtype: np.dtype, instrument: int, end: int) -> NDArray:
    """The changes before tick `end` as rows of `dtype`, those of `instrument`."""
    changes = changes[changes[:, 0] < end]
    rows = np.zeros(len(changes), dtype=dtype)
    for column, name in enumerate((dtype.names or ())[:-1]):
        rows[name] = changes[:, column]
    rows["instrument"] = instrument
    return rows


def _by_tick(parts: list[NDArray]) -> NDArray:
    rows = np.concatenate(parts)
    return rows[np.lexsort((rows["instrument"], rows["tick"]))]


def _trimmed(piece: Piece) -> Piece:
    """`piece` without changes of tempo, meter and key after its last note."""
    end = int((piece.notes["onset"] + piece.notes["duration"]).max())
    maps = {name: getattr(piece, name) for name in ("tempos", "meters", "key_signatures")}
    return replace(piece, **{name: rows[rows["tick"] <= end] for name, rows in maps.items()})
