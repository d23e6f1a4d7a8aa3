"""Reads MIDI files into a `Piece`, and writes them.

limits     how much a file may hold; the code and sentence of every refusal
container  header, timing and track chunks
events     one track's bytes to events and back
channels   from channel messages to notes, programs, drum kits, pedals, controllers and bends
texts      decodes names and texts in any encoding
repairs    mends note, pedal, tempo, meter and key tables
reading    from bytes to a piece, with a sentence on each repair
isolated_reading  the same in a child process with limits on time and memory
writing    from a piece to bytes
recasting  another key or tempo without new notes
"""

from model.midi.container import is_midi
from model.midi.limits import MidiLimits
from model.midi.reading import ReadMidi, read_midi
from model.midi.writing import write_midi

__all__ = ["MidiLimits", "ReadMidi", "is_midi", "read_midi", "write_midi"]
