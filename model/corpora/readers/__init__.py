"""How each published corpus becomes MIDI files with styles.

jsb             the JSB chorales
pop909          POP909 on its beats, with an instrument for each track
bands           music with drums: the Groove MIDI Dataset, Freedoom, Tanner Helland's
openscore       OpenScore's quartets and songs
musicxml        MusicXML scores as pieces, movement by movement
music21_corpus  music21's corpus: which collections, converted in parallel and resumed after a stop
music21_scores  a score parsed by music21, as a piece
"""
