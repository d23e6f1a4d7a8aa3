"""`python -m model.generation`: compile what draws notes now, so that the first start of a worker need not.

What is compiled depends on this processor, the code and a model's representation; it is kept in the cache.
"""

from __future__ import annotations

import sys
import time

SHIPPED = ("tiny", "chorale", "ensemble")  # presets with the representations of the bundles that come with it


def main() -> int:
    """Make an engine for each representation, which compiles what its first request needs; says how long it took."""
    from model.generation import Engine
    from model.network import PRESETS, NoteNetwork

    started = time.monotonic()
    for name in sys.argv[1:] or SHIPPED:  # in one process: what representations share is compiled once
        config = PRESETS[name].model_copy(update={"units": 32, "embedding": 16, "head_units": 16})
        Engine(NoteNetwork(config), slots=1).close()
    sys.stderr.write(f"what draws notes is compiled ({time.monotonic() - started:.0f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
