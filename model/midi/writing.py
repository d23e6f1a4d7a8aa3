"""Writes a piece as a standard MIDI file of format 1; the same piece gives the same bytes.

One track with the title and the maps, then one for each instrument.
"""

from __future__ import annotations

from numpy.typing import NDArray

from model.midi import events as midi
from model.midi.channels import BEND_CENTRE, DRUM_CHANNEL, USUAL_BEND_SEMITONES
from model.midi.repairs import cut_overlaps, joined_pedals
from model.piece import Instrument, Piece

PITCHED_CHANNELS = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)

# What happens first within one tick: a pedal pressed as a key is released still holds that note.
MAPS, PEDAL_UP, PEDAL_DOWN, NOTE_OFF, CHANGE, NOTE_ON = range(6)
NO_PARAMETER = 127  # ends the setting of a registered parameter

Placed = tuple[int, int, int, bytes]  # tick, place within the tick, status, what follows the status


def write_midi(piece: Piece, comment: str = "") -> bytes:
    """The bytes of `piece`; `comment` is kept in a text event at the start (`ReadMidi.comment`).

    Overlapping notes of one pitch and instrument are cut at the next onset. Raises MidiError (`cannot_write`) when
    a silence is longer than a MIDI file can hold, ValueError for a division outside 1..32767.
    """
    if not 1 <= piece.ticks_per_quarter <= 0x7FFF:
        raise ValueError(f"ticks_per_quarter is {piece.ticks_per_quarter}, not within 1..32767")
    channels, switching = assign_channels(piece.instruments)
    notes, pedals = cut_overlaps(piece.notes)[0], joined_pedals(piece.pedals)
    tracks = [_conductor(piece, comment)]
    for index, instrument in enumerate(piece.instruments):
        mine, held = notes[notes["instrument"] == index], pedals[pedals["instrument"] == index]
        voice = _voice(instrument, mine, held, channels[index], channels[index] in switching)
        tracks.append(voice + _changes(piece, index, channels[index]))
    return midi.write_file(piece.ticks_per_quarter, [_in_order(track) for track in tracks])


def assign_channels(instruments: tuple[Instrument, ...]) -> tuple[list[int], frozenset[int]]:
    """A channel (0..15) for each instrument, and the channels that instruments of different programs share.

    Up to 15 pitched instruments have a channel each; beyond, instruments of one program share a channel first.
    """
    pitched = [index for index, instrument in enumerate(instruments) if not instrument.is_drum]
    programs = list(dict.fromkeys(instruments[index].program for index in pitched))
    alone = len(pitched) <= len(PITCHED_CHANNELS)
    channels = [DRUM_CHANNEL] * len(instruments)
    for place, index in enumerate(pitched):
        slot = place if alone else programs.index(instruments[index].program)
        channels[index] = PITCHED_CHANNELS[slot % len(PITCHED_CHANNELS)]
    heard: dict[int, set[int]] = {}
    for channel, instrument in zip(channels, instruments, strict=True):
        heard.setdefault(channel, set()).add(instrument.program)
    return channels, frozenset(channel for channel, kinds in heard.items() if len(kinds) > 1)


def _conductor(piece: Piece, comment: str) -> list[Placed]:
    events: list[Placed] = []
    for kind, text in ((midi.NAME, piece.title), (midi.TEXT, comment)):
        if text:
            events.append((0, MAPS, *midi.meta(kind, text.encode(errors="replace"))))
    for tick, quarter_us in piece.tempos.tolist():
        tempo = min(max(quarter_us, 1), midi.LARGEST_TEMPO).to_bytes(3, "big")
        events.append((tick, MAPS, *midi.meta(midi.TEMPO, tempo)))
    for tick, numerator, denominator in piece.meters.tolist():
        power = max(denominator, 1).bit_length() - 1
        events.append((tick, MAPS, *midi.meta(midi.METER, bytes([numerator, power, 24, 8]))))
    for tick, sharps, is_minor in piece.key_signatures.tolist():
        events.append((tick, MAPS, *midi.meta(midi.KEY, bytes([sharps & 0xFF, is_minor]))))
    return events


def _voice(instrument: Instrument, notes: NDArray, pedals: NDArray, channel: int, switching: bool) -> list[Placed]:
    """One instrument's events; on a shared (`switching`) channel every note is preceded by its program."""
    program = (midi.PROGRAM | channel, bytes([instrument.program]))
    events: list[Placed] = []
    if instrument.name:
        events.append((0, MAPS, *midi.meta(midi.NAME, instrument.name.encode(errors="replace"))))
    events.append((0, MAPS, *program))
    on, off, control = midi.NOTE_ON | channel, midi.NOTE_OFF | channel, midi.CONTROL | channel
    for onset, duration, pitch, velocity, _ in notes.tolist():
        if switching:
            events.append((onset, NOTE_ON, *program))
        events.append((onset, NOTE_ON, on, bytes([pitch, velocity])))
        events.append((onset + duration, NOTE_OFF, off, bytes([pitch, 0])))
    for onset, duration, _ in pedals.tolist():
        events.append((onset, PEDAL_DOWN, control, bytes([midi.SUSTAIN, 127])))
        events.append((onset + duration, PEDAL_UP, control, bytes([midi.SUSTAIN, 0])))
    return events


def _changes(piece: Piece, index: int, channel: int) -> list[Placed]:
    """The controllers and pitch bends of the instrument at `index`."""
    control = midi.CONTROL | channel
    events: list[Placed] = []
    for tick, number, value, _ in piece.controls[piece.controls["instrument"] == index].tolist():
        events.append((tick, CHANGE, control, bytes([number, value])))
    reach = USUAL_BEND_SEMITONES
    for tick, value, semitones, _ in piece.bends[piece.bends["instrument"] == index].tolist():
        if semitones != reach:
            reach = semitones
            for number, setting in ((midi.RPN_MSB, 0), (midi.RPN_LSB, 0), (midi.DATA_ENTRY, semitones)):
                events.append((tick, CHANGE, control, bytes([number, setting])))
            for number in (midi.RPN_MSB, midi.RPN_LSB):
                events.append((tick, CHANGE, control, bytes([number, NO_PARAMETER])))
        bend = value + BEND_CENTRE
        events.append((tick, CHANGE, midi.BEND | channel, bytes([bend & 0x7F, bend >> 7])))
    return events


def _in_order(placed: list[Placed]) -> list[midi.Event]:
    return [(tick, status, body) for tick, _, status, body in sorted(placed, key=lambda event: event[:2])]
