"""Strikes and releases paired to notes. Used by `reading`."""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np
from numpy.typing import NDArray

from model.midi import events as midi
from model.midi.channels import Messages

_FIRST_NOTES_OFF = midi.NOTES_OFF  # all notes off, and the changes of mode after it


def note_ends(messages: Messages, longest: int) -> tuple[NDArray[np.int64], int]:
    """The tick at which each strike of `messages` ends, in their order, and how many strikes nobody ended.

    A release ends the oldest open note of its key in its track; if there is none, a note of the same channel in
    another track that has no release of its own. "All notes off" ends what sounds on its channel. A note that nobody
    ends gets `longest` ticks, or less where a release of its key follows that was meant for an earlier strike.
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
        """End the notes that are still open; how many of them had no release at all."""
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
