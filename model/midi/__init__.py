"""MIDI files in and out of a `Piece`.

limits     how much a file may hold
refusals   the codes and sentences of every refusal
container  header, timing and track chunks
events     one track's bytes to events and back
channels   programs, drum kits, pedals, controllers and bends, which act on their channel
notes      strikes and releases paired to notes
texts      names in whatever encoding a file has
repairs    mending of note, pedal, tempo, meter and key tables
general_midi      names of programs and drum kits
reading    the way from bytes to a piece, and the sentences on what was mended
isolated_reading  the same in a child process with limits on time and memory
writing    a piece to bytes
"""

from model.midi.container import is_midi
from model.midi.limits import MidiLimits
from model.midi.reading import ReadMidi, read_midi
from model.midi.writing import write_midi

__all__ = ["MidiLimits", "ReadMidi", "is_midi", "read_midi", "write_midi"]
