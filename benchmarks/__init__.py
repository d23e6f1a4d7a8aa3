"""Benchmarks: how fast Cadenza is, each figure beside a baseline that is measured in the same run.

__main__       `python -m benchmarks` (what `make bench` runs)
parts/         one module for each thing that is measured
figures        what a part is, its result, and the error of one that cannot be measured
rounds         measures two things in turn
report         the table and the JSON
curves         plots of speed against slots, width and waiting requests

drawing        Cadenza's drawing of notes
classic        the Keras tutorial's network, its loop and its fit
transformer    a small Transformer with a key/value cache, the peer
machine        the limits of memory and processor
music          synthetic pieces to measure with
system         queue, worker, bot and local Discord, for the parts that use all of them
round_process  runs rounds in a process of their own

Figures depend on the machine and its load; the ratio of two figures of one run depends on them less.
"""
