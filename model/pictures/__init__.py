"""Pictures of pieces and data sets.

piano_roll   the piano roll: title, keyboard, time axis, legend
roll_layout  its notes, and where everything lies
data_set     a data set at a glance: totals, keys, instruments, lengths
sheet        notes in bars and staves: MusicXML and PNG, with the names of notes in a key
canvas       colours, fonts, PNG files
"""
