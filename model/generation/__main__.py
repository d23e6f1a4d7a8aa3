"""`python -m model.generation`: compile what draws notes now, so that the first start of a worker need not.

What is compiled depends on this processor, the code and a model's representation; it is kept in the cache.
"""

from __future__ import annotations

import subprocess
import sys
import time

SHIPPED = ("tiny", "chorale", "ensemble")  # presets with the representations of the bundles that come with it


def main() -> int:
    """Compile side by side for every representation that comes with it; says how long it took."""
    started = time.monotonic()
    if len(sys.argv) > 1:
        return compile_for(sys.argv[1])
    children = [subprocess.Popen([sys.executable, "-m", "model.generation", name]) for name in SHIPPED]
    failed = [child.returncode for child in children if child.wait()]
    sys.stderr.write(f"what draws notes is compiled ({time.monotonic() - started:.0f} s)\n")
    return failed[0] if failed else 0


def compile_for(name: str) -> int:
    """Make an engine for an untaught network, which compiles what its first request needs."""
    from model.generation import Engine
    from model.network import PRESETS, NoteNetwork

    config = PRESETS[name].model_copy(update={"units": 32, "embedding": 16, "head_units": 16})
    Engine(NoteNetwork(config), slots=1).close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
