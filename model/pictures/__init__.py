"""What a piece looks like: a piano roll, and a sheet as MusicXML or PNG.

asked        which pictures a command was asked for, written beside the piece
piano_roll   the picture of all notes over time, as PNG
roll_layout  where everything of it lies
roll_notes   the notes themselves
roll_axes    keyboard, grid, labels
roll_legend  what the colours mean
data_set     a data set at a glance: totals, keys, instruments, lengths
palette      the colours
png          pixels as a file
sheet        notes in bars and staves: MusicXML, by music21
engraving    a sheet as PNG, by verovio and resvg
spelling     a key for a piece, and the names of its notes in that key
"""
