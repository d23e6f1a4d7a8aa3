"""MIDI files in and out of a `Piece`.

limits    how much a file may hold
reading   bytes to a piece, and the sentences on what was mended
repairs   mending of note, pedal, tempo and meter tables
writing   a piece to bytes
"""

from model.midi.limits import MidiLimits
from model.midi.reading import ReadMidi, read_midi
from model.midi.writing import write_midi

__all__ = ["MidiLimits", "ReadMidi", "read_midi", "write_midi"]
