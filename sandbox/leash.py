"""Holds one child process so that it never outlives the supervisor; run as a script, once for each child.

    python leash.py FD COMMAND...

FD is the reading end of a pipe whose other end only the supervisor holds: when the supervisor is gone, however it
went, the pipe ends, and the child is asked to end, then killed. Uses nothing but the standard library.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable

GRACE_S = 4.0
_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel kills the child even when this process is killed first."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main(watched: int, command: list[str]) -> int:
    """Run `command` until it ends or `watched` does; its exit code, 128 + n when signal n ended it.

    SIGTERM is handed on; a second one kills. Whatever the command started goes with it.
    """
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(command, preexec_fn=_die_with_parent(), process_group=0)
    asked = 0

    def end(*_: object) -> None:
        nonlocal asked
        asked += 1
        child.terminate() if asked == 1 else child.kill()

    signal.signal(signal.SIGTERM, end)
    while child.poll() is None:
        readable, _, _ = select.select([watched, wake_reader], [], [])
        if wake_reader in readable:
            os.read(wake_reader, 4096)
        if watched in readable:
            _end(child)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    code = child.returncode
    return code if code >= 0 else 128 - code


def _end(child: subprocess.Popen[bytes]) -> None:
    """The supervisor is gone: end the child, by force if need be."""
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
