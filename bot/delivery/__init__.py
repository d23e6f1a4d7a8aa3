"""From a job in the queue to its reply: one message, edited until it holds the result, exactly once.

courier   `Courier` follows every open job, also those that a bot before this one had begun
progress  shows the latest state, but no oftener than Discord likes
outcome   what the finished message holds: the card, the files, the buttons
message   a message's parts before they are sent
reply     where the message lives: the interaction's reply, or a new message when its token has expired
"""
