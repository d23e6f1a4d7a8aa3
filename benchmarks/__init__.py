"""Benchmarks: how fast Cadenza is, each figure beside a baseline that is measured in the same run.

__main__     `python -m benchmarks` (what `make bench` runs)
parts        the list of parts
results      what a part is, its result, the table and the JSON
rounds       measures two things in turn, in one process or in two
curves       plots of speed against slots, width and waiting requests
compose_path which files a `/compose` runs through

drawing      parts: drawing notes, one piece and 32
system       parts: the whole system under load, and one `/compose`
render       part: audio
prepare      part: MIDI files to training shards
train        part: training

classic      baseline: the Keras tutorial's network, its loop and its fit
transformer  baseline: a small Transformer with a key/value cache
machine      baseline: the limits of memory and processor
music        synthetic pieces to measure with

Figures depend on the machine and its load; the ratio of two figures of one run depends on them less.
"""
