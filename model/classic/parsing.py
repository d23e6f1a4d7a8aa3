"""One MIDI file to the names of its notes and chords, by music21; runs in processes of its own.

music21 never sees the file: it hangs on far notes, on long numbers and on hundreds of thousands of tempo changes. It
gets the score that `model.midi` read, reduced to what the names come from, and written anew.
"""

from __future__ import annotations

import signal

from model.errors import DataError, ModelError
from model.midi import MidiLimits, read_midi, write_midi
from model.piece import Piece
from model.representation.notes import TICKS_PER_QUARTER, first_instrument

MOST_NOTES = 30_000  # music21 needs about 5 ms for each
LONGEST_QUARTERS = 40_000  # of silence and sound: it makes a measure for every four
LIMIT_S = 120  # of processor time, after which a signal ends the process whatever it does
LARGEST_MEMORY = 4 << 30  # bytes of address space that the process may take


def parsed(data: bytes) -> list[str] | str:
    """The names in the file `data`, or the sentence that says why there are none; ends its process after `LIMIT_S`."""
    _limit(LIMIT_S)
    try:
        return names_by_music21(reduced(data))
    except ModelError as error:
        return error.sentence
    finally:
        _limit(0)


def _limit(seconds: int) -> None:
    """Let the process end after so much processor time more (0: no limit); where signals can do that."""
    if not hasattr(signal, "setitimer"):  # Windows; there only the time that the parent waits is limited
        return
    import resource

    signal.setitimer(signal.ITIMER_PROF, seconds)
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, most))


def reduced(data: bytes) -> bytes:
    """The file `data` as music21 may see it: the first instrument's notes on a beat grid, one tempo, one meter.

    Raises:
        MidiError: when it is refused.
        DataError: when it holds too much for music21, or nothing that has a pitch.
    """
    notes = first_instrument(read_midi(data, MidiLimits.for_data()).piece)
    if not len(notes):
        raise DataError("It has no notes with a pitch.")
    last = int((notes["onset"] + notes["duration"]).max())
    if len(notes) > MOST_NOTES or last > LONGEST_QUARTERS * TICKS_PER_QUARTER:
        raise DataError(f"It has more than {MOST_NOTES:,} notes or {LONGEST_QUARTERS:,} beats: too much for music21.")
    return write_midi(Piece(notes=notes, ticks_per_quarter=TICKS_PER_QUARTER))


def names_by_music21(data: bytes) -> list[str]:
    """The names of the notes and chords in the reduced file `data`, as music21 reads them, in order of time.

    Notes that music21 ties over a bar line count once, as they did for the tutorial, whose music21 made no bars.
    """
    from music21 import chord, note
    from music21.midi.translate import midiStringToStream

    found: list[tuple[float, int, str]] = []
    for element in midiStringToStream(data).flatten().notes:
        if element.tie is not None and element.tie.type != "start":
            continue
        if isinstance(element, note.Note):
            found.append((float(element.offset), element.pitch.midi, str(element.pitch)))
        elif isinstance(element, chord.Chord):
            lowest = min(pitch.midi for pitch in element.pitches)
            found.append((float(element.offset), lowest, ".".join(map(str, element.normalOrder))))
    return [name for _, _, name in sorted(found, key=lambda entry: entry[:2])]
