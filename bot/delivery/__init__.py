"""From a job in the queue to its reply: one message, edited until it holds the result, delivered once.

tracker   `JobTracker` follows every open job, also those from before a restart, and keeps what nobody could be sent
progress  shows the latest state, no more often than Discord likes
reply     where the message is: the interaction's reply, else the channel, a thread's parent, a direct message

What a message holds is built by `bot.features.message_builder`, which the client hands to the tracker.
"""
