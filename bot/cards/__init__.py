"""What the bot's messages look like: classic embeds, because only a classic message plays audio inline.

colours      the few colours in use
progress     a job on its way: its place in the queue, then a bar
result       a finished piece: parameters, random seed, remarks, files
information  `/help`, `/models`, `/ping`
"""
