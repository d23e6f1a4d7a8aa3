"""`/train`, and the message of a training.

command       the command
autocomplete  what Discord suggests for trainings
requests      from options to a training in the queue, and which training is meant
buttons       Stop and Train on
cards         the embeds of trainings that run, and of all that are known
result_card   the embed of a result
messages      the embeds with their files and buttons
"""
