"""From the messages of MIDI channels to notes and their instruments, pedals, controllers and pitch bends.

Used by `reading`. Programs, banks, drum kits, pedals, controllers and bends act on their channel, whichever track
holds them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.midi import events as midi
from model.midi.events import Track
from model.midi.limits import MidiLimits, refusal
from model.midi.repairs import PEDAL_DOWN_FROM
from model.piece import EXPRESSION, PAN, VOLUME

DRUM_CHANNEL = 9
CHANNELS = 16
GM2_DRUMS, GM2_MELODY, XG_EFFECTS, XG_DRUMS = 120, 121, 126, 127  # bank select MSB
GS_RESET = bytes.fromhex("42 12 40 00 7f 00")
GS_RHYTHM_PART = bytes.fromhex("42 12 40")  # then 1p 15 v: part p plays drums where v is not 0
XG_RESET = bytes.fromhex("4c 00 00 7e 00")
XG_PART_MODE = bytes.fromhex("4c 08")  # then p 07 v: part p plays drums where v is not 0
ROLAND, YAMAHA = 0x41, 0x43
BEND_CENTRE, USUAL_BEND_SEMITONES = 0x2000, 2
FULL_EXPRESSION = 127
_MELODY, _DRUMS, _UNSAID = 0, 1, 2
_FIRST_NOTES_OFF = midi.NOTES_OFF  # all notes off, and the changes of mode after it


@dataclass(frozen=True)
class Messages:
    """The channel messages of all tracks, ordered by tick, then by track, then as in the file."""

    tick: NDArray[np.int64]
    track: NDArray[np.int32]
    place: NDArray[np.int64]  # in the order of the file
    kind: NDArray[np.int32]  # status without the channel
    channel: NDArray[np.int32]
    first: NDArray[np.int32]  # data bytes
    second: NDArray[np.int32]

    @classmethod
    def of(cls, tracks: list[Track], factor: int) -> Messages:
        """The messages of `tracks`, with their ticks multiplied by `factor`."""
        columns = [np.concatenate(parts) for parts in zip(*(track.columns for track in tracks), strict=True)]
        number = np.repeat(np.arange(len(tracks), dtype=np.int32), [len(track.ticks) for track in tracks])
        order = np.argsort(columns[0], kind="stable")
        tick, status, first, second = (column[order] for column in columns)
        return cls(tick * factor, number[order], order, status & 0xF0, status & 0x0F, first, second)

    def where(self, mask: NDArray[np.bool_]) -> Messages:
        """The messages at which `mask` is true."""
        return Messages(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))

    def controls(self, *numbers: int) -> NDArray[np.bool_]:
        """Which messages are one of these controllers."""
        return (self.kind == midi.CONTROL) & np.isin(self.first, numbers)


def drum_parts(tracks: Iterable[Track]) -> tuple[NDArray[np.bool_], bool, bool]:
    """Which of the 16 channels play drums, by default or by system exclusive, and whether GS and XG are switched on."""
    is_drum = np.arange(CHANNELS) == DRUM_CHANNEL
    is_gs = is_xg = False
    for track in tracks:
        for _, kind, body in track.metas:
            if kind != midi.SYSEX or len(body) < 7:
                continue
            maker, rest = body[0], body[2:]
            if maker == ROLAND:
                is_gs |= rest.startswith(GS_RESET)
                if rest.startswith(GS_RHYTHM_PART) and len(rest) >= 6 and rest[3] >> 4 == 1 and rest[4] == 0x15:
                    part = rest[3] & 0x0F  # part 0 is channel 10, parts 1 to 9 are channels 1 to 9
                    is_drum[DRUM_CHANNEL if part == 0 else part - 1 if part <= DRUM_CHANNEL else part] = rest[5] > 0
            elif maker == YAMAHA:
                is_xg |= rest.startswith(XG_RESET)
                if rest.startswith(XG_PART_MODE) and len(rest) >= 5 and rest[2] < CHANNELS and rest[3] == 0x07:
                    is_drum[rest[2]] = rest[4] > 0
    return is_drum, is_gs, is_xg


def players(messages: Messages, tracks: list[Track], limits: MidiLimits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The instruments as rows (track, channel, program, is drum), and the index of one for each strike.

    A program applies to its channel from its tick on. If two tracks set one at the same tick, each keeps its own.

    Raises MidiError (`too_many_tracks`) before anything is copied for each instrument.
    """
    strikes = messages.where((messages.kind == midi.NOTE_ON) & (messages.second > 0))
    groups, which = np.unique(strikes.track.astype(np.int64) * CHANNELS + strikes.channel, return_inverse=True)
    if len(groups) > limits.tracks:
        raise refusal("too_many_tracks", limit=limits.tracks)
    drums, is_gs, is_xg = drum_parts(tracks)
    changes = messages.where((messages.kind == midi.PROGRAM) | messages.controls(midi.BANK))
    kits = _kits(changes, is_gs, is_xg)
    is_program = changes.kind == midi.PROGRAM
    changes, kits = changes.where(is_program), kits[is_program]
    rows = np.zeros((len(strikes.tick), 4), dtype=np.int64)
    rows[:, 0], rows[:, 1], rows[:, 3] = strikes.track, strikes.channel, drums[strikes.channel]
    for group, number in enumerate(groups.tolist()):
        track, channel = divmod(number, CHANNELS)
        mine = which == group
        here = np.flatnonzero(changes.channel == channel)
        own, others = here[changes.track[here] == track], here[changes.track[here] != track]
        last_own = np.searchsorted(changes.place[own], strikes.place[mine]) - 1
        last_other = np.searchsorted(changes.tick[others], strikes.tick[mine], side="right") - 1
        own_row, other_row = _row(own, last_own), _row(others, last_other)
        own_tick = np.where(own_row >= 0, _at(changes.tick, own_row), -1)
        other_tick = np.where(other_row >= 0, _at(changes.tick, other_row), -2)
        row = np.where(own_tick >= other_tick, own_row, other_row)
        kit = np.where(row >= 0, _at(kits, row), _UNSAID)
        rows[mine, 2] = np.where(row >= 0, _at(changes.first, row), 0)
        rows[mine, 3] = np.where(kit == _UNSAID, rows[mine, 3], kit)
    instruments, index = np.unique(rows, axis=0, return_inverse=True)
    if len(instruments) > limits.tracks:
        raise refusal("too_many_tracks", limit=limits.tracks)
    return instruments, index.reshape(-1)


def _row(rows: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    """The entries of `rows` at `places`, -1 where a place is negative."""
    return np.where(places >= 0, _at(rows, places), -1)


def _at(values: NDArray, places: NDArray[np.int64]) -> NDArray:
    """`values` at `places`; anything where a place is negative or there are no values."""
    return values[np.maximum(places, 0)] if len(values) else np.zeros(len(places), dtype=np.int64)


def _kits(changes: Messages, is_gs: bool, is_xg: bool) -> NDArray[np.int64]:
    """Whether each program change selects drums or a melodic sound by the bank selected before it."""
    banks = {GM2_DRUMS: _DRUMS, GM2_MELODY: _MELODY}
    if not is_gs:  # in GS, bank 127 holds the sounds of an older synthesizer
        banks[XG_DRUMS] = _DRUMS
    if is_xg:
        banks[XG_EFFECTS] = _DRUMS
    bank = [0] * CHANNELS
    kits = []
    columns = (changes.kind.tolist(), changes.channel.tolist(), changes.second.tolist())
    for kind, channel, value in zip(*columns, strict=True):
        if kind == midi.CONTROL:
            bank[channel] = value
        kits.append(banks.get(bank[channel], _UNSAID))
    return np.array(kits, dtype=np.int64)


def pedal_moves(messages: Messages, channel: int, limits: MidiLimits) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ticks and values at which the sustain pedal of `channel` is pressed or lifted.

    Raises MidiError (`too_many_changes`) for an implausible number of them.
    """
    held = messages.where(messages.controls(midi.SUSTAIN, midi.RESET_CONTROLLERS) & (messages.channel == channel))
    is_down = (held.first == midi.SUSTAIN) & (held.second >= PEDAL_DOWN_FROM)
    moves = np.flatnonzero(np.diff(is_down.astype(np.int8), prepend=0))
    if len(moves) > limits.map_changes:
        raise refusal("too_many_changes", map="pedal", limit=limits.map_changes)
    return held.tick[moves], np.where(is_down[moves], 127, 0)


def control_changes(messages: Messages, channel: int) -> NDArray[np.int64]:
    """Rows (tick, number, value) of volume, pan and expression on `channel`, without those that change nothing."""
    mine = messages.where(
        messages.controls(VOLUME, PAN, EXPRESSION, midi.RESET_CONTROLLERS) & (messages.channel == channel)
    )
    found = []
    for number in (VOLUME, PAN, EXPRESSION):
        numbers = (number, midi.RESET_CONTROLLERS) if number == EXPRESSION else (number,)
        some = mine.where(np.isin(mine.first, numbers))
        values = np.where(some.first == midi.RESET_CONTROLLERS, FULL_EXPRESSION, some.second)
        rows = np.stack([some.tick, np.full(len(values), number), values], axis=1).astype(np.int64)
        rows = _last_of_each_tick(rows)
        usual = FULL_EXPRESSION if number == EXPRESSION else -1
        found.append(rows[np.diff(rows[:, 2], prepend=usual) != 0])
    rows = np.concatenate(found)
    return rows[np.argsort(rows[:, 0], kind="stable")]


def bend_changes(messages: Messages, channel: int) -> NDArray[np.int64]:
    """Rows (tick, value, semitones) of the pitch bends on `channel`, without those that change nothing."""
    numbers = (midi.DATA_ENTRY, midi.RPN_LSB, midi.RPN_MSB, midi.RESET_CONTROLLERS)
    mine = messages.where(((messages.kind == midi.BEND) | messages.controls(*numbers)) & (messages.channel == channel))
    semitones, value, parameter = USUAL_BEND_SEMITONES, 0, [127, 127]
    rows = []
    columns = (mine.tick.tolist(), mine.kind.tolist(), mine.first.tolist(), mine.second.tolist())
    for tick, kind, first, second in zip(*columns, strict=True):
        if kind == midi.BEND:
            value = (second << 7 | first) - BEND_CENTRE
        elif first == midi.RESET_CONTROLLERS:
            value, parameter = 0, [127, 127]
        elif first != midi.DATA_ENTRY:
            parameter[first == midi.RPN_MSB] = second
        elif parameter == [0, 0]:  # registered parameter 0: how far a full bend reaches
            semitones = second
        rows.append((tick, value, semitones))
    table = _last_of_each_tick(np.array(rows, dtype=np.int64).reshape(-1, 3))
    before = np.concatenate([[[0, 0, USUAL_BEND_SEMITONES]], table[:-1]]) if len(table) else table
    table = table[(table[:, 1:] != before[:, 1:]).any(axis=1)]
    return table if (table[:, 1] != 0).any() else table[:0]


def _last_of_each_tick(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """`rows`, sorted by tick in column 0, with only the last of each tick."""
    return rows[np.append(rows[1:, 0] != rows[:-1, 0], True)] if len(rows) else rows


def note_ends(messages: Messages, longest: int) -> tuple[NDArray[np.int64], int]:
    """The tick at which each strike of `messages` ends, in their order, and the number of strikes without a release.

    A release ends the oldest open note of its key in its track, or else a note of the same channel in another track
    that has no release of its own. "All notes off" ends all notes of its channel. A note without a release gets
    `longest` ticks, or less if a release of its key follows that belongs to an earlier strike.
    """
    pairing = _Pairing()
    is_note = messages.kind <= midi.NOTE_ON
    is_off = (messages.kind == midi.CONTROL) & (
        (messages.first == midi.SOUND_OFF) | (messages.first >= _FIRST_NOTES_OFF)
    )
    some = messages.where(is_note | is_off)
    columns = (some.tick, some.track, some.kind, some.channel, some.first, some.second)
    for tick, track, kind, channel, pitch, velocity in zip(*(column.tolist() for column in columns), strict=True):
        if kind == midi.CONTROL:
            pairing.end_all(channel, tick)
        elif kind == midi.NOTE_ON and velocity:
            pairing.strike(channel, (track, channel << 7 | pitch), tick)
        else:
            pairing.release(channel, (track, channel << 7 | pitch), tick)
    lost = pairing.finish(longest)
    return np.array(pairing.ends, dtype=np.int64), lost


class _Pairing:
    """Open notes by track and key (channel << 7 | pitch); `ends` has one entry for each strike so far, -1 if open."""

    def __init__(self) -> None:
        self.ends: list[int] = []
        self._onsets: list[int] = []
        self._open: list[dict[tuple[int, int], deque[int]]] = [{} for _ in range(16)]  # by channel
        self._last_release: dict[tuple[int, int], int] = {}
        self._stray: dict[int, list[int]] = defaultdict(list)  # ticks of releases without a note in their track
        self._all_ended: dict[int, int] = {}

    def strike(self, channel: int, key: tuple[int, int], tick: int) -> None:
        notes = self._open[channel].get(key)
        if notes is None:
            notes = self._open[channel][key] = deque()
        notes.append(len(self.ends))
        self._onsets.append(tick)
        self.ends.append(-1)

    def release(self, channel: int, key: tuple[int, int], tick: int) -> None:
        notes = self._open[channel].get(key)
        if notes is None:
            self._stray[key[1]].append(tick)
            return
        self.ends[notes.popleft()] = tick
        self._last_release[key] = tick
        if not notes:
            del self._open[channel][key]

    def end_all(self, channel: int, tick: int) -> None:
        if self._all_ended.get(channel) == tick:
            return
        self._all_ended[channel] = tick
        still_open = {}
        for key, notes in self._open[channel].items():
            while notes and self._onsets[notes[0]] < tick:
                self.ends[notes.popleft()] = tick
            if notes:
                still_open[key] = notes
        self._open[channel] = still_open

    def finish(self, longest: int) -> int:
        """End the notes that are still open, and return how many of them had no release at all."""
        lost = 0
        by_pitch: dict[int, list[tuple[int, tuple[int, int]]]] = defaultdict(list)
        for keys in self._open:
            for key, open_notes in keys.items():
                by_pitch[key[1]].extend((note, key) for note in open_notes)
        for pitch, notes in by_pitch.items():
            stray = iter(self._stray.get(pitch, ()))
            end = next(stray, None)
            for note, key in sorted(notes):
                onset = self._onsets[note]
                while end is not None and end <= onset:
                    end = next(stray, None)
                if end is not None:
                    self.ends[note], end = end, next(stray, None)
                elif self._last_release.get(key, -1) > onset:
                    self.ends[note] = self._last_release[key]
                else:
                    self.ends[note], lost = onset + longest, lost + 1
        return lost
