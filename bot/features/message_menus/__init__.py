"""*Continue*, *Vary* and *Accompany* in the menu of any message with a MIDI file.

command  the three entries: each asks for a piece with that file as its seed
"""
