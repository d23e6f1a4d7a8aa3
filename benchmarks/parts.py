"""The parts of the benchmark, in the order of the table. A new part is a `Part` and a line here.

The modules that they are in import heavy libraries only when a part is measured.
"""

from __future__ import annotations

from benchmarks import drawing, prepare, render, system, train
from benchmarks.results import Part

ALL: tuple[Part, ...] = (
    drawing.DECODE1,
    drawing.DECODE1_LIMIT,
    drawing.DECODE32_LIMIT,
    drawing.PEERS,
    system.LOAD,
    system.COMPOSE,
    render.PART,
    prepare.PART,
    train.PART,
)
PARTS: dict[str, Part] = {part.name: part for part in ALL}
