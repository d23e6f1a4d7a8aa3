"""The buttons under a message, one file each; they know all they need from their own id and so survive a restart.

piece_button  the buttons that belong to a piece: their id, and the table of all there are
admin_button  the same of those about data sets, models and trainings
rows          which buttons a message carries
again         the same once more, with another random seed
continuation  goes on from the end of a piece
variation     the rhythm of a piece with other notes
made_piece    a finished piece as the seed of the next
deletion      for whoever asked for the piece
star          into the server's data set of starred pieces
stop          ends a running job; the piece so far is delivered
training      Stop and Train on, of a training
promotion     Promote and Roll back, of a model
removal       deletes models and data sets for good
insistence    does what was held back because there is something to be said against it
"""
