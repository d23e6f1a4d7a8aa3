"""`python -m model.engine`: compile the machine now, so that the first start of a worker need not.

What is compiled depends on this processor and on the code, not on a model; it is kept in the cache.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from model.engine import Engine, Request
from model.network import PRESETS, NoteNetwork


def main() -> int:
    """Draw a few notes with an untaught network, which compiles all there is; says how long it took."""
    started = time.monotonic()
    engine = Engine(NoteNetwork(PRESETS["tiny"]), slots=1)
    engine.submit(Request(engine.primer.start(), np.random.default_rng(0), most_steps=1)).result()
    engine.close()
    sys.stderr.write(f"the sampling engine is compiled ({time.monotonic() - started:.0f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
