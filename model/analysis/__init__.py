"""What can be measured on one piece, and what it shares with others. Used by bundles, generation and evaluation.

description      what a listener would say of a piece: key, tempo, meter, instruments, chords
key_and_tempo    the key as music21 finds it; the tempo from the tempo map, or as a listener would tap it
summary          the little that a title says of a piece, and the title
metrics          metrics of the literature, and how simple models fail: one pitch, loops, silence, too few pitches
listening        what a listener notices: silence, bursts, returns, endings
melody_hashes    hashes of melodic runs, independent of key, tempo and loudness, and a compressed set of them
near_duplicates  pieces that are nearly the same, in any key
originality      the share of a piece's melodic runs that occur in a training set
"""
