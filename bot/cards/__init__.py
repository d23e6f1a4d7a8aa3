"""What the bot's messages look like: classic embeds, because only a classic message plays audio inline.

colours      the few colours in use
progress     a piece or an errand on its way: its place in the queue, then a bar
result       a finished piece: parameters, random seed, remarks, files
data_sets    data sets, and what became of files that were added
models       a server's models in their versions
training     a training on its way, the open ones, all that are known
verdict      what came of a training: before and after, copying, what to listen to
fields       many rows on one card, as many as Discord takes
wording      what was asked and what came of it, in words that cards share
information  `/help`, `/models`, `/ping`
"""
