"""`/train`, and the message of a training.

command   the command, and what Discord suggests for trainings
requests  from options or a button to a training in the queue, and which training is meant
cards     the message of a training: progress, result; the lists of trainings
"""
