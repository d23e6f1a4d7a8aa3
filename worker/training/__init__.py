"""Trainings, each in a process of its own.

run_folder  the folder of a training: order, data set, checkpoints
process     the process that trains
results     its verdict and examples in terms of the contract
"""
