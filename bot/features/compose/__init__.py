"""`/compose`, `/continue`, `/vary`, `/accompany`, and the buttons under a piece.

options   the options, each declared once, with their checks and autocomplete
command   the commands, built from the options
requests  from a command, form or button to a request; the piece under a button
buttons   what the buttons under a piece do
forms     Edit, Key and tempo, and the command to copy
cards     the message of a piece: a bar while it is composed, then its card, files and buttons
"""
