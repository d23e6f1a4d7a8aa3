"""What is special about each published data set: how it becomes MIDI files with styles.

folders              folders that a preparation makes, sealed when they are whole
jsb_files            the JSB chorales as MIDI files
pop909               POP909 on its beats, orchestrated
groove               drummers on the grid and the keys of General MIDI
bands                Freedoom's and Tanner Helland's music, without sound effects
openscore            OpenScore's quartets and songs
musicxml             MusicXML scores as pieces, movement by movement
music21_collections  which collections of music21's corpus may be used, and how they are to sound
music21_corpus       the corpus converted in parallel, resumed where it was stopped
music21_pieces       a score as music21 parses it, as a piece
repeats              bars in the order in which they are played
"""
