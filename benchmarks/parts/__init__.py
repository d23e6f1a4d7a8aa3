"""The parts of the benchmark, one module for each, named after it.

decode1         one piece at a time, against the classic loop
decode1_limit   the same, against what reading the weights allows
decode32        32 pieces side by side, against one of ours
decode32_limit  the same, against what multiplying the matrices takes
peers           one piece at a time, against a small Transformer
load            64 requests at once, against one after another
compose         from a command in Discord to the reply, against the classic loop
render          audio, against real time
prepare         MIDI files to training shards, against music21
train           notes that are learnt from, against the classic fit

A new part is one module with a `PART` and one line in `ALL`.
"""

from __future__ import annotations

from benchmarks.figures import Part
from benchmarks.parts import (
    compose,
    decode1,
    decode1_limit,
    decode32,
    decode32_limit,
    load,
    peers,
    prepare,
    render,
    train,
)

ALL: tuple[Part, ...] = (
    decode1.PART,
    decode1_limit.PART,
    decode32.PART,
    decode32_limit.PART,
    peers.PART,
    load.PART,
    compose.PART,
    render.PART,
    prepare.PART,
    train.PART,
)
PARTS: dict[str, Part] = {part.name: part for part in ALL}
