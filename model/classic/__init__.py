"""The workflow of the classic Keras tutorial and the projects made after it, whole: parse, train, compose.

parsing     one MIDI file to its notes and chords, by music21, in a process of its own
corpus      a folder of MIDI files read so: cached, in parallel, damaged files left out; notes.json
windows     the notes before each note, never from another piece, and what notes cost under a network
settings    what a training can be told
training    the loop: weights after every epoch
starts      what a piece can start from: words, a file, a random place
composing   from a request to a piece of so many notes
run         the folder of a run, step by step
tuning      a training as members ask for it, with curve and verdict
evaluating  a bundle on a data set

The network is `model.network.classic`, the words are `model.representation.spelling`.
"""
