"""How fast Cadenza composes, measured side by side with the classic way in one run.

__main__  `python -m benchmarks` (what `make bench` runs)
decode1   one piece at a time: notes a second of the compiled loop, and of one `model.predict` per note

Figures depend on the machine and on what else it does; the ratio of two figures of one run depends on it less.
"""
