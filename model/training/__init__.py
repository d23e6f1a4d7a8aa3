"""Fitting a network: the objective, the loop, checkpoints.

likelihood  the exact likelihood of whole pieces, for validation and evaluation
objective  a network with carried states and its likelihood, as Keras trains it
loop       fit with validation, early stop, a checkpoint after every epoch, resume, and Ctrl-C
team       several devices and machines at once
settings   everything a run can be told
widening room for more styles in trained weights
checkpoint what a run needs to go on after it was stopped
"""
