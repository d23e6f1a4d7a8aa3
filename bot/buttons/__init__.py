"""The buttons under a message; they know all they need from their own id and so survive a restart.

piece_button  the buttons that belong to a piece, and what each does
admin_button  the buttons about data sets, models and trainings, and what each does
stopping      ends a job and shows at once what is kept
rows          which buttons a message carries
made_piece    a finished piece as the seed of the next
repeats       notices a button that is pressed twice
"""
