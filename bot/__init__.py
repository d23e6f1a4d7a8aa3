"""The Discord side of Cadenza: commands, buttons, cards, and the delivery of results.

client       `Cadenza`, the discord.py client that ties everything below together
commands/    one file per command, named after it
buttons/     one file per button under a message; they survive a restart
submission   from an interaction to a job in the queue
wishes       judges the options of `/compose`, and makes a request's fields of them
suggestions  what Discord suggests while an option is typed
errands      from an admin's interaction to an errand in the queue: data sets and models
trainings    from an admin's wishes to a training in the queue
names        names, versions and listings as admins type them
licences     the licences of data sets, in words
uploads      the cheap checks of files for data sets and models, and their download
seeds        the cheap checks of an attached MIDI file, and its download
delivery/    follows a job, edits its one message, delivers late, exactly once
cards/       what the messages look like
errors       one tree, one handler with its decision table
permissions  what the bot must be allowed to do in a channel, and who may manage a server
sync         tells Discord the commands, only when they changed
settings     everything that can be set, with a sentence for each mistake
logs         logging without secrets

No TensorFlow and no music theory here: the bot knows files and jobs, nothing of notes.
"""
