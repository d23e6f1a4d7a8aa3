"""The tree of errors that `model` raises on purpose, each with a sentence for the member.

ModelError
├── MidiError            a file is refused as MIDI (the sentence names the reason)
├── BundleError          a bundle is missing, damaged, or made for another network
├── RequestError         a requested value is out of range or unknown
├── DataError            a data set holds nothing to learn from, or cannot be changed as asked
├── ArchiveError         an archive, or a file in it, is refused or unreadable
└── EngineError          the sampling engine could not go on

Each error carries `sentence`: what happened and what to do, fit to be shown to a member as it is.
"""

from __future__ import annotations

from collections.abc import Sequence


class ModelError(Exception):
    """Root of everything `model` raises on purpose; `sentence` may be shown to a person."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class MidiError(ModelError):
    """Raised when a file is refused as MIDI: wrong format, over a limit, damaged, or without notes.

    `code` names the reason and stays the same when the sentence is reworded; `model.midi.limits` lists all codes.
    """

    def __init__(self, sentence: str, code: str = "damaged") -> None:
        super().__init__(sentence)
        self.code = code


class BundleError(ModelError):
    """Raised when a bundle is missing, fails its hashes, or does not fit the code that loads it."""


class RequestError(ModelError):
    """Raised when a requested value is out of range, unknown, or differs from that of the run it resumes."""


class DataError(ModelError):
    """Raised when a folder or archive holds no usable music, or a data set cannot be changed as asked."""


class ArchiveError(ModelError):
    """Raised when an archive, or one file in it, is damaged, over a limit, or malicious."""


class EngineError(ModelError):
    """Raised when the sampling engine was closed, or failed, before a piece was done."""


def listing(words: Sequence[str]) -> str:
    """'drums', 'bass and drums', 'piano, bass and drums'."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
