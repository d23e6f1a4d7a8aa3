"""How each published corpus becomes MIDI files with styles.

folders              folders of converted files; a folder is used only once it is complete
jsb                  the JSB chorales
pop909               POP909 on its beats, with an instrument for each track
groove               drummers, on the grid and the keys of General MIDI
bands                the music of Freedoom and of Tanner Helland, without sound effects
openscore            OpenScore's quartets and songs
musicxml             MusicXML scores as pieces, movement by movement
music21_collections  which collections of music21's corpus may be used, and who plays them
music21_corpus       music21's corpus, converted in parallel and resumed after a stop
music21_scores       a score parsed by music21, as a piece
"""
