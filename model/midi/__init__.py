"""MIDI files in and out of a `Piece`.

limits     how much a file may hold
refusals   the codes and sentences of every refusal
container  header and chunks, checked on the bytes
events     one track's bytes to events and back
cleaning   a stranger's file re-written before it is parsed
reading    the way from bytes to a piece, and the sentences on what was mended
repairs    mending of note, pedal, tempo and meter tables
writing    a piece to bytes
"""

from model.midi.limits import MidiLimits
from model.midi.reading import ReadMidi, read_midi
from model.midi.writing import write_midi

__all__ = ["MidiLimits", "ReadMidi", "read_midi", "write_midi"]
