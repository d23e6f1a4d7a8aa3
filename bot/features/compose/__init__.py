"""`/compose`, and the buttons under a piece.

options       the options, each declared once, and their checks
command       the command, built from the options
autocomplete  what Discord suggests for them
requests      defaults, another piece like one that is there, a piece as the next seed
buttons       Again, Continue, Vary, Star, Delete, Stop
cards         the embeds of a piece that is composed, and of a finished one
messages      the embed with its files and buttons
wording       what was requested and what is known of a piece, in words
"""
