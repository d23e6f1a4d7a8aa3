"""The workflow of the classic Keras tutorial and the projects made after it, without what made them slow and alike.

parsing     one MIDI file to names of notes and chords, by music21, in a process of its own
corpus      a folder of MIDI files read so: cached, in parallel, damaged files left out
windows     the notes before each note, never from another piece
settings    what a run can be told
likelihood  what notes cost under a network, and by their frequency alone
training    the loop: a checkpoint after every epoch
sampling    the compiled pass over a window, and the notes drawn from it
starts      what a piece can start from: names, a file, a random place
composing   from a request to a piece of so many notes
evaluating  a bundle on a data set

The network is `model.network.classic`, the notes are `model.representation.notes`.
"""
