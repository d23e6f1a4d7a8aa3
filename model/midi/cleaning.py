"""A stranger's file re-written before it is parsed: only whole, known events, every note ended, pedals where they act.

Used by `reading`, which hands the result to symusic; so the parser in C++ never meets bytes that were not made here.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

from model.midi import events as midi
from model.midi.container import Container
from model.midi.events import Event, Track
from model.midi.limits import MidiLimits
from model.midi.refusals import refusal
from model.midi.repairs import PEDAL_DOWN_FROM, counted

LONGEST_NAME, LONGEST_COMMENT = 200, 4000
NEVER_ENDED_QUARTERS = 4  # a whole note: long enough to be heard as held, short enough not to drone to the end


@dataclass(frozen=True)
class CleanFile:
    """The re-written bytes, and what symusic does not give: the piece's title and its first text."""

    data: bytes
    title: str
    comment: str
    repairs: tuple[str, ...]


def clean_file(container: Container, limits: MidiLimits) -> CleanFile:
    """`container` re-written as format 1; raises MidiError when it is damaged or breaks a limit."""
    repairs: list[str] = []
    tracks = _scanned(container, limits, repairs)
    _check_notes(tracks, limits)
    title, comment = _title(container.format, tracks), _comment(tracks)
    _share_pedals(tracks, limits, repairs)
    written = [_written(track, container.division) for track in tracks]
    lost = sum(never_ended for _, never_ended, _ in written)
    if lost:
        length = f"{NEVER_ENDED_QUARTERS} quarter notes at most"
        repairs.append(f"{counted(lost, 'note was', 'notes were')} never ended; given {length}.")
    if any(foreign for _, _, foreign in written):
        repairs.append("Text that was not UTF-8 was read as Western European.")
    data = midi.write_file(container.division, [track for track, _, _ in written])
    return CleanFile(data, title, comment, tuple(repairs))


def _scanned(container: Container, limits: MidiLimits, repairs: list[str]) -> list[Track]:
    tracks = [midi.scan_track(data, limits.duration_s / 60) for data in container.tracks]
    for number, track in enumerate(tracks, start=1):
        if track.complete:
            continue
        if number < len(tracks) or not container.cut_short:
            raise refusal("damaged", where=f"track {number} of {len(tracks)} cannot be read to its end")
        if not any(_is_strike(event) for one in tracks for event in one.events):
            raise refusal("damaged", where="it ends before its first note")
    if container.cut_short:
        repairs.append("The file ends within its last track; what came before was kept.")
    return tracks


def _is_strike(event: Event) -> bool:
    return event[1] & 0xF0 == midi.NOTE_ON and event[2][1] > 0


def _check_notes(tracks: list[Track], limits: MidiLimits) -> None:
    strikes = sum(_is_strike(event) for track in tracks for event in track.events)
    if not strikes:
        raise refusal("no_notes")
    if strikes > limits.notes:
        raise refusal("too_many_notes", limit=limits.notes)


def _texts(track: Track, kind: int) -> list[bytes]:
    return [body[1:] for _, status, body in track.events if status == midi.META and body[0] == kind]


def decoded(text: bytes, longest: int) -> tuple[str, bool]:
    """`text` without control characters, at most `longest` long, and whether it was no UTF-8."""
    try:
        string, foreign = text.decode(), False
    except UnicodeDecodeError:
        string, foreign = text.decode("cp1252", errors="replace"), True
    return "".join(letter for letter in string if letter.isprintable() or letter == "\n")[:longest].strip(), foreign


def _title(kind: int, tracks: list[Track]) -> str:
    """The name of a track that speaks for the whole: the only one of format 0, or a first one without notes."""
    names = _texts(tracks[0], midi.NAME)
    if not names or (kind != 0 and any(_is_strike(event) for event in tracks[0].events)):
        return ""
    return decoded(names[0], LONGEST_NAME)[0]


def _comment(tracks: list[Track]) -> str:
    texts = _texts(tracks[0], midi.TEXT)
    return decoded(texts[0], LONGEST_COMMENT)[0] if texts else ""


def _share_pedals(tracks: list[Track], limits: MidiLimits, repairs: list[str]) -> None:
    """Gives each track the pedal of its channels, whichever track it was written in.

    A pedal acts on a channel, and files with a track for each hand often write it in one of them, or in a third.
    """
    players: dict[int, set[int]] = defaultdict(set)
    pedals: dict[int, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for index, track in enumerate(tracks):
        for event in track.events:
            if event[1] & 0xF0 == midi.NOTE_ON:
                players[event[1] & 0x0F].add(index)
            elif event[1] & 0xF0 == midi.CONTROL:
                pedals[event[1] & 0x0F][index].append(event)
    shared = False
    for channel, by_track in pedals.items():
        if len(players[channel] | by_track.keys()) < 2 or not players[channel]:
            continue
        moves = _moves(sorted((event for moved in by_track.values() for event in moved), key=lambda event: event[0]))
        if len(moves) > limits.map_changes:
            raise refusal("too_many_changes", map="pedal", limit=limits.map_changes)
        for index in players[channel]:
            _replace_pedal(tracks[index], midi.CONTROL | channel, moves)
        shared = True
    if shared:
        repairs.append("The sustain pedal was given to every track of its channel.")


def _moves(pedal: list[Event]) -> list[Event]:
    """Those of `pedal`'s events that press or lift it."""
    moves, down = [], False
    for event in pedal:
        if (event[2][1] >= PEDAL_DOWN_FROM) != down:
            moves.append(event)
            down = not down
    return moves


def _replace_pedal(track: Track, status: int, pedal: list[Event]) -> None:
    others = [event for event in track.events if event[1] != status]
    track.events = sorted([*pedal, *others], key=lambda event: event[0])


def _written(track: Track, division: int) -> tuple[list[Event], int, bool]:
    """`track` as it is handed on, how many of its notes were never ended, and whether its name was not UTF-8."""
    kept: list[Event] = []
    names = _texts(track, midi.NAME)
    name, foreign = decoded(names[0], LONGEST_NAME) if names else ("", False)
    if name:
        kept.append((0, *midi.meta(midi.NAME, name.encode())))
    whole = {midi.TEMPO: 3, midi.METER: 4}
    struck: dict[tuple[int, int], deque[int]] = defaultdict(deque)
    released: dict[tuple[int, int], int] = {}
    for event in track.events:
        tick, status, body = event
        if status == midi.META:
            if whole.get(body[0]) == len(body) - 1:
                kept.append(event)
            continue
        key = (status & 0x0F, body[0])
        if _is_strike(event):
            struck[key].append(tick)
        elif status < midi.NOTE_ON + 0x10:
            if not struck[key]:
                continue
            struck[key].popleft()
            released[key] = tick
        kept.append(event)
    ends, lost = _missing_ends(struck, released, NEVER_ENDED_QUARTERS * division)
    return sorted(kept + ends, key=lambda event: event[0]), lost, foreign


def _missing_ends(
    struck: dict[tuple[int, int], deque[int]], released: dict[tuple[int, int], int], longest: int
) -> tuple[list[Event], int]:
    """Note-offs for keys struck more often than released, and how many of them had none at all after the strike."""
    ends, lost = [], 0
    for (channel, pitch), onsets in struck.items():
        for onset in onsets:
            end = released.get((channel, pitch), -1)
            if end <= onset:  # else one release was meant for two strikes of the key
                end, lost = onset + longest, lost + 1
            ends.append((end, midi.NOTE_OFF | channel, bytes([pitch, 0])))
    return ends, lost
