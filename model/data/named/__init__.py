"""What is special about each published data set: how it becomes MIDI files with styles.

music21_pieces  a score as music21 parses it, as a piece
repeats         bars in the order in which they are played
"""
