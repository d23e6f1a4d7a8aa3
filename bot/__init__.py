"""The Discord side of Cadenza: commands, buttons, embeds, and the delivery of results.

client        `Cadenza`, the discord.py client that ties everything below together
context       what features may use of the client; the forms it can still take
features/     what members see: one folder for each feature
delivery/     follows jobs and brings their results to members, exactly once
buttons       buttons that work after a restart; features say what they do
submission    from an interaction to a job in the queue; the cheap checks of an attached MIDI file
replies       acknowledges, answers and refuses an interaction
message       the parts of a message before it is sent
limits        Discord's limits, and everything cut to fit them
wording       words and figures; makes harmless what strangers wrote
errors        one tree, one handler with its decision table
permissions   what the bot must be allowed to do in a channel, and who may manage a server
command_sync  tells Discord the commands, only when they changed
settings      everything that can be set, with a sentence for each mistake
health        answers the health check, and Prometheus
metrics       what the bot counts and measures for Prometheus
doctor        `python -m bot doctor`: checks the set-up and says how to mend it

No TensorFlow and no music theory here: the bot knows files and jobs, nothing about notes.
"""
