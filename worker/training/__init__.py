"""Trainings: each in a process of its own, which can be killed at any time and goes on from its last checkpoint.

apprenticeship  one training from its record to its verdict
orders          what is asked as an order for `model.training.finetuning`, in the training's folder
child           the process: start, hear, stop, kill
hearing         the A/B pieces as audio
verdicts        a verdict in the contract's words
night           the thread that asks for nightly trainings
"""
