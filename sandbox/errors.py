"""What can go wrong: sentences for the person at the terminal, or (`RefusedError`) at the page."""

from __future__ import annotations


class SandboxError(Exception):
    """Base of the errors that are shown as their sentence, without a traceback."""


class StartError(SandboxError):
    """A part of the system did not start."""


class GuestRefusedError(SandboxError):
    """The guest was refused; the sentence is what was shown to them."""


class SaveError(SandboxError):
    """The reply's files cannot be written where they were to go."""


class RefusedError(Exception):
    """What a person at the page wants is not sent to the bot; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence
