"""What can go wrong in `model`, as one tree; nothing else is raised on purpose.

ModelError
├── MidiError            the bytes are no MIDI file that may be read (the sentence names the reason)
├── BundleError          a bundle is missing, damaged, or made for another network
├── RequestError         a value asked for lies outside its range, or names nothing
├── DataError            a data set holds nothing to learn from, or cannot be changed as asked
├── ArchiveError         an archive, or a file in it, may not or cannot be read
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
    """Raised when bytes are refused as MIDI: wrong format, over a limit, damaged, or without notes.

    `code` names the reason for programs and stays the same when the sentence is reworded; `model.midi` lists them.
    """

    def __init__(self, sentence: str, code: str = "damaged") -> None:
        super().__init__(sentence)
        self.code = code


class BundleError(ModelError):
    """Raised when a bundle is missing, fails its hashes, or does not fit the code that loads it."""


class RequestError(ModelError):
    """Raised when something is asked for with a value out of range, unknown, or unlike that of the run before."""


class DataError(ModelError):
    """Raised when a folder or archive holds no music that can be used, or a data set cannot be changed as asked."""


class ArchiveError(ModelError):
    """Raised when an archive, or one file in it, is damaged, larger than may be, or made to do harm."""


class EngineError(ModelError):
    """Raised when the sampling engine was closed, or drawing failed, before a piece was done."""


def listing(words: Sequence[str]) -> str:
    """'drums', 'bass and drums', 'piano, bass and drums'."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
