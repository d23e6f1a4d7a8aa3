"""Runs one command and ends it when the supervisor is gone. A script of its own, one process for each child.

    python parent_death_guard.py FD COMMAND...

FD is the read end of a pipe whose write end only the supervisor holds. When the supervisor ends, for whatever reason,
the pipe closes; the guard then terminates the command and kills it if need be. Uses only the standard library.
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


def main(pipe: int, command: list[str]) -> int:
    """Run `command` until it ends or `pipe` closes.

    SIGTERM is passed on to the command; a second SIGTERM kills it. Its whole process group ends with it.

    Returns:
        The exit code of the command, or 128 + n if signal n ended it.
    """
    wake_reader, wake_writer = os.pipe()
    os.set_blocking(wake_writer, False)
    signal.set_wakeup_fd(wake_writer)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(command, preexec_fn=_die_with_parent(), process_group=0)
    requests = 0

    def end(*_: object) -> None:
        nonlocal requests
        requests += 1
        child.terminate() if requests == 1 else child.kill()

    signal.signal(signal.SIGTERM, end)
    while child.poll() is None:
        readable, _, _ = select.select([pipe, wake_reader], [], [])
        if wake_reader in readable:
            os.read(wake_reader, 4096)
        if pipe in readable:
            _end(child)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    code = child.returncode
    return code if code >= 0 else 128 - code


def _die_with_parent() -> Callable[[], None] | None:
    """On Linux the kernel kills the command even if this guard is killed first."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
