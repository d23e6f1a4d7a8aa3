"""Fitting a network.

settings     everything a run can be told
loop         fit with validation, early stop, a checkpoint after every epoch, resume, and Ctrl-C
likelihood   what training minimises, and the exact likelihood of whole pieces
checkpoint   what a run needs to go on after it was stopped
distributed  several devices and machines at once
finetuning   fits a bundle to a small data set
"""
