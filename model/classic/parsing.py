"""One MIDI file to its notes and chords, by music21; runs in processes of its own.

music21 never sees the file: it hangs on far notes, on long numbers and on hundreds of thousands of tempo changes. It
gets the score that `model.midi` read, reduced to what the words come from, and written anew.
"""

from __future__ import annotations

import math
import signal
from typing import NamedTuple

from model.errors import DataError, ModelError
from model.isolated import Message
from model.midi import MidiLimits, read_midi, write_midi
from model.piece import Piece
from model.representation.notes import TICKS_PER_QUARTER, first_instrument, in_seconds
from model.representation.spelling import GRID, QUARTERS_PER_SECOND, Sound

MOST_NOTES = 30_000  # music21 needs about 5 ms for each
LONGEST_QUARTERS = 40_000  # of silence and sound: it makes a measure for every four
LIMIT_S = 120  # of processor time, after which a signal ends the process whatever it does
LARGEST_MEMORY = 4 << 30  # bytes of address space that the process may take


class ParsingTask(NamedTuple):
    """One file to parse: which instrument of it ('' = the first), and the time shift in seconds (0 = beats)."""

    data: bytes
    instrument: str = ""
    time_shift: float = 0.0


def parse(head: dict, data: bytes) -> Message:
    """The sounds in a file, or the sentence that says why there are none; ends its process after `LIMIT_S`.

    The function of a child process (`model.isolated`); `head` has the `instrument` and `time_shift` of `ParsingTask`.
    """
    _limit(LIMIT_S)
    found: list[Sound] | str
    try:
        found = sounds_by_music21(reduced(data, head["instrument"], head["time_shift"]), head["time_shift"])
    except ModelError as error:
        found = error.sentence
    finally:
        _limit(0)
    return {"found": found}, b""


def _limit(seconds: int) -> None:
    """Let the process end after so much processor time more (0: no limit); where signals can do that."""
    if not hasattr(signal, "setitimer"):  # Windows; there only the time that the parent waits is limited
        return
    import resource

    signal.setitimer(signal.ITIMER_PROF, seconds)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, most))


def reduced(data: bytes, instrument: str = "", time_shift: float = 0.0) -> bytes:
    """The file `data` as music21 may see it: one instrument's notes, one tempo, one meter.

    Args:
        data: a MIDI file.
        instrument: which one, by its name; '' for the first.
        time_shift: seconds; where it is not 0, notes lie at the second at which they sound, else on the file's beats.

    Raises:
        MidiError: when it is refused.
        DataError: when it holds too much for music21, or nothing that has a pitch.
    """
    piece = read_midi(data, MidiLimits.for_data()).piece
    notes = first_instrument(in_seconds(piece) if time_shift else piece, instrument)
    if not len(notes):
        raise DataError(f"It has no {instrument}." if instrument else "It has no notes with a pitch.")
    last = int((notes["onset"] + notes["duration"]).max())
    if len(notes) > MOST_NOTES or last > LONGEST_QUARTERS * TICKS_PER_QUARTER:
        raise DataError(f"It has more than {MOST_NOTES:,} notes or {LONGEST_QUARTERS:,} beats: too much for music21.")
    return write_midi(Piece(notes=notes, ticks_per_quarter=TICKS_PER_QUARTER))


def sounds_by_music21(data: bytes, time_shift: float = 0.0) -> list[Sound]:
    """The notes and chords in the reduced file `data`, as music21 reads them; chords in its normal order.

    Notes that music21 ties over a bar line count once, with the length of all their parts.
    """
    from music21 import chord, note
    from music21.midi.translate import midiStringToStream

    if time_shift:  # a grid at least as fine as the time shift, in the place of sixteenths and triplets
        divisors = (max(GRID, math.ceil(1 / (QUARTERS_PER_SECOND * time_shift))),)
        stream = midiStringToStream(data, quarterLengthDivisors=divisors)
    else:
        stream = midiStringToStream(data)
    found: list[Sound] = []
    tied: dict[tuple[int, ...], int] = {}  # pitches to the place in `found` where they began
    for element in stream.flatten().notes:
        if not isinstance(element, note.Note | chord.Chord):
            continue
        pitches = tuple(sorted(pitch.midi for pitch in element.pitches))
        if element.tie is not None and element.tie.type != "start":
            if (place := tied.get(pitches)) is not None:
                begun = found[place]
                end = float(element.offset) + float(element.quarterLength)
                found[place] = begun._replace(length=max(begun.length, end - begun.onset))
            continue
        tied[pitches] = len(found)
        found.append(Sound(float(element.offset), float(element.quarterLength), pitches))
    return found
