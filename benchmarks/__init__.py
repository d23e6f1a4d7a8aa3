"""How fast Cadenza is, every figure held against a baseline that is measured in the same run.

__main__     `python -m benchmarks` (what `make bench` runs)
parts/       what is measured, one module for each part
figures      what a part is, and what comes of it
rounds       two things measured in turn
report       the table and the JSON
curves       how speed changes with slots, width and waiting requests, as plots
errors       what cannot be measured, in a sentence

drawing      ours at drawing notes; the one place that knows how
classic      the tutorial's network, its loop and its fit
transformer  a small Transformer with a key/value cache, the peer
machine      what memory and processor allow
music        pieces made up for measuring
system       queue, worker, bot and local Discord, for the parts that go through all of them
elsewhere    rounds in a process of their own

Figures depend on the machine and on what else it does; the ratio of two figures of one run depends on it less.
"""
