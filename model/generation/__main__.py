"""`python -m model.generation`: compile what draws notes now, so that the first start of a worker need not.

What is compiled depends on this processor, the code and a model's representation; it is kept in the cache.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

# presets with the representations of the bundles that come with it, those of one process together: what they share is
# compiled once in each
SHIPPED = (("tiny", "chorale"), ("ensemble",))


def main() -> int:
    """Compile for every representation that comes with it, in two processes; says how long it took."""
    started = time.monotonic()
    if len(sys.argv) > 1:
        return compile_for(sys.argv[1:])
    children = [subprocess.Popen([sys.executable, "-m", "model.generation", *names]) for names in SHIPPED]
    failed = [child.returncode for child in children if child.wait()]
    sys.stderr.write(f"what draws notes is compiled ({time.monotonic() - started:.0f} s)\n")
    return failed[0] if failed else 0


def compile_for(names: Sequence[str]) -> int:
    """Make engines for untrained networks, which compile what their first requests need."""
    from model.generation import Engine
    from model.network import PRESETS, NoteNetwork

    for name in names:
        config = PRESETS[name].model_copy(update={"units": 32, "embedding": 16, "head_units": 16})
        Engine(NoteNetwork(config), slots=1).close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
