"""The buttons under a message, one file each; they know all they need from their own id and so survive a restart.

piece_button  the button itself, its id, and the table of all there are
rows          which buttons a message carries
again         the same once more, with another random seed
continuation  goes on from the end of a piece
variation     the rhythm of a piece with other notes
made_piece    a finished piece as the seed of the next
deletion      for whoever asked for the piece
stop          ends a running job; the piece so far is delivered
"""
