"""From a job in the queue to its reply: one message, edited until it holds the result, exactly once.

courier   `Courier` follows every open job, also those that a bot before this one had begun
progress  shows the latest state, but no oftener than Discord likes
outcome   what a job's message holds, whatever its kind
pieces    of a piece: a bar, then the card, the files, the buttons
errands   of what is done with data sets and models: a card or a sentence
trainings of a training: the live card, then the verdict and its recordings
message   a message's parts before they are sent
reply     where the message lives: the interaction's reply, or a new message when its token has expired
lasting   the message of a training, which outlives the token and is edited on in its channel
"""
