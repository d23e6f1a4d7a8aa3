"""What the bot's messages look like: classic embeds, because only a classic message plays audio inline.

colours      the few colours in use
progress     a job on its way: its place in the queue, then a bar
result       a finished piece: parameters, random seed, remarks, files
wording      what was asked and what came of it, in words that cards share
information  `/help`, `/models`, `/ping`
"""
