"""The errors of starting the system and of the one-shot client; the terminal shows their sentence."""

from __future__ import annotations


class SandboxError(Exception):
    """Base class. The sentence is shown without a traceback."""


class StartError(SandboxError):
    """A part of the system did not start."""


class SupervisionError(SandboxError):
    """A child process cannot be kept running."""


class ComposeRefusedError(SandboxError):
    """`/compose` was refused; the sentence is the one the member was shown."""


class SaveError(SandboxError):
    """The files of the reply cannot be written."""
