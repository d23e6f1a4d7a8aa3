"""What can be measured on one piece: key, tempo, metrics, failures. Shared by generation and evaluation.

key_detection    the key, as music21 finds it
tempo_detection  the tempo, from the tempo map or as a listener would tap it
metrics          set metrics of the literature, each a figure of one piece
listening        what a listener notices: silence, bursts, returns, endings
failures         how simple models fail: one pitch, loops, silence, too few pitches
"""
