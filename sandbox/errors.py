"""What can go wrong when the system starts or a guest composes: sentences for the person at the terminal."""

from __future__ import annotations


class SandboxError(Exception):
    """Base of the errors that are shown as their sentence, without a traceback."""


class StartError(SandboxError):
    """A part of the system did not start."""


class GuestRefusedError(SandboxError):
    """The guest was refused; the sentence is what was shown to them."""


class SaveError(SandboxError):
    """The reply's files cannot be written where they were to go."""
